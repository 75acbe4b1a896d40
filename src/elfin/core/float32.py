"""Scalar f32 arithmetic on bit patterns (ADDSS, SUBSS, MULSS, DIVSS, SQRTSS).

As in `float64`: Wasm's own instruction where nothing but its result can come of it.  Whether a result
is exact is asked of f64, which holds the product of two f32 in full.
"""

from __future__ import annotations

from typing import Final

from elfin.core.mxcsr import CONTROL, MXCSR_AT, PE, PLAIN, begin, settle
from elfin.core.softfloat import F32, widened
from elfin.core.softfloat_arith import ADD, DIV, MUL, SQRT, SUB, soft_operation
from elfin.dialect import core_function, f32, f64, load_u64, store_u32, u32, u64
from elfin.dialect.lanes import f32_sqrt

MIN_NORMAL: Final = 1 << 23
DENORMALS: Final = 2 * MIN_NORMAL - 1
ABOVE_TINY: Final = 2 * MIN_NORMAL + 1
NORMALS: Final = (0xFF << 24) - ABOVE_TINY
INFINITE: Final = 0xFF << 24
QUIET: Final = 1 << 22
POSITIVE_NORMALS: Final = (0xFF << 23) - MIN_NORMAL
LARGE: Final = 0xFD << 24


@core_function()
def f32_are_usable(a: u32, b: u32) -> bool:
    """Is neither a denormal?"""
    return (a << 1) - 1 >= DENORMALS and (b << 1) - 1 >= DENORMALS


@core_function()
def f32_is_signaling(x: u32) -> bool:
    return (x << 1) > INFINITE and (x & QUIET) == 0


@core_function(reads="mxcsr", writes="mxcsr")
def f32_slow(operation: u32, a: u32, b: u32, result: u32) -> u32:
    """The operation in full, unless an infinity or a quiet NaN goes through it; `result`: Wasm's."""
    begin()
    if (
        ((a << 1) >= INFINITE or (b << 1) >= INFINITE)
        and f32_are_usable(a, b)
        and not f32_is_signaling(a)
        and not f32_is_signaling(b)
    ):
        if (a << 1) > INFINITE:
            return a
        if (b << 1) > INFINITE:
            return b
        if (result << 1) <= INFINITE:  # nothing invalid
            return result
    exact = soft_operation(operation, u32(F32), widened(a), widened(b))
    settle()
    return u32(exact)


@core_function(reads="mxcsr", writes="mxcsr")
def note_inexact(control: u64) -> None:
    """PE comes up."""
    store_u32(u32(MXCSR_AT), u32(control) | PE)


@core_function(reads="mxcsr", writes="mxcsr")
def f32_add(a: u32, b: u32) -> u32:
    control = load_u64(u32(MXCSR_AT))
    x = f32.from_bits(a)
    y = f32.from_bits(b)
    total = x + y
    result = total.to_bits()
    if (control & CONTROL) == PLAIN and (result << 1) < INFINITE and f32_are_usable(a, b):
        if (control & PE) != 0:
            return result
        if (a << 1) < LARGE and (b << 1) < LARGE:
            part = total - x
            if (x - (total - part)) + (y - part) != 0.0:
                note_inexact(control)
            return result
    return f32_slow(u32(ADD), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f32_sub(a: u32, b: u32) -> u32:
    control = load_u64(u32(MXCSR_AT))
    x = f32.from_bits(a)
    y = f32.from_bits(b)
    total = x - y
    result = total.to_bits()
    if (control & CONTROL) == PLAIN and (result << 1) < INFINITE and f32_are_usable(a, b):
        if (control & PE) != 0:
            return result
        if (a << 1) < LARGE and (b << 1) < LARGE:
            part = total - x
            if (x - (total - part)) - (y + part) != 0.0:
                note_inexact(control)
            return result
    return f32_slow(u32(SUB), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f32_mul(a: u32, b: u32) -> u32:
    control = load_u64(u32(MXCSR_AT))
    x = f32.from_bits(a)
    y = f32.from_bits(b)
    product = x * y
    result = product.to_bits()
    if (control & CONTROL) == PLAIN and f32_are_usable(a, b):
        if (result << 1) - ABOVE_TINY < NORMALS:
            if (control & PE) == 0 and f64(product) != f64(x) * f64(y):
                note_inexact(control)
            return result
        elif (result << 1) == 0 and ((a << 1) == 0 or (b << 1) == 0):
            return result
    return f32_slow(u32(MUL), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f32_div(a: u32, b: u32) -> u32:
    control = load_u64(u32(MXCSR_AT))
    x = f32.from_bits(a)
    y = f32.from_bits(b)
    quotient = x / y
    result = quotient.to_bits()
    if (control & CONTROL) == PLAIN and f32_are_usable(a, b):
        if (result << 1) - ABOVE_TINY < NORMALS:
            if (control & PE) == 0 and f64(quotient) * f64(y) != f64(x):
                note_inexact(control)
            return result
        elif (result << 1) == 0 and (a << 1) == 0:
            return result
    return f32_slow(u32(DIV), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f32_sqrt_of(a: u32) -> u32:
    control = load_u64(u32(MXCSR_AT))
    x = f32.from_bits(a)
    root = f32_sqrt(x)
    if (control & CONTROL) == PLAIN:
        if a - MIN_NORMAL < POSITIVE_NORMALS:
            if (control & PE) == 0 and f64(root) * f64(root) != f64(x):
                note_inexact(control)
            return root.to_bits()
        elif (a << 1) == 0:
            return a
    return f32_slow(u32(SQRT), a, a, root.to_bits())


@core_function(reads="mxcsr", writes="mxcsr")
def f32_operation(operation: u32, a: u32, b: u32) -> u32:
    """ADD ... SQRT by number."""
    if operation == ADD:
        return f32_add(a, b)
    if operation == SUB:
        return f32_sub(a, b)
    if operation == MUL:
        return f32_mul(a, b)
    if operation == DIV:
        return f32_div(a, b)
    return f32_sqrt_of(b)
