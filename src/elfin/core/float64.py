"""Scalar f64 arithmetic on bit patterns (ADDSD, SUBSD, MULSD, DIVSD, SQRTSD).

Each function runs Wasm's own instruction first and accepts the result only where it is bit for bit what
an x86 gives and MXCSR tells that no flag can change:
* to nearest, everything masked, no DAZ, no FTZ (`PLAIN`);
* no operand is a denormal (DE), the result is no NaN and no infinity, nor so small that it could have
  been rounded to there (UE);
* PE is up already, or the result is seen to be exact.
All else is done in `softfloat_arith`.
"""

from __future__ import annotations

from typing import Final

from elfin.core.mxcsr import CONTROL, MXCSR_AT, PE, PLAIN, begin, settle
from elfin.core.softfloat import F64, MIN_NORMAL, QUIET
from elfin.core.softfloat_arith import ADD, DIV, MUL, SQRT, SUB, soft_operation
from elfin.dialect import core_function, ctz64, f64, load_u64, store_u32, u32, u64
from elfin.dialect.lanes import f64_sqrt

# Twice a pattern is its magnitude without the sign; less one, zero becomes the greatest of all.
DENORMALS: Final = 2 * MIN_NORMAL - 1  # (2x - 1) below it: x is a denormal
ABOVE_TINY: Final = 2 * MIN_NORMAL + 1  # the least 2x that cannot have been rounded up from below
NORMALS: Final = (0x7FF << 53) - ABOVE_TINY  # (2x - ABOVE_TINY) below it: a normal number above
INFINITE: Final = 0x7FF << 53
POSITIVE_NORMALS: Final = (
    0x7FF << 52
) - MIN_NORMAL  # (x - MIN_NORMAL) below it: normal, sign clear
LARGE: Final = 0x7FD << 53  # below it no sum of a few terms overflows


@core_function()
def f64_are_usable(a: u64, b: u64) -> bool:
    """Is neither a denormal?"""
    return (a << 1) - 1 >= DENORMALS and (b << 1) - 1 >= DENORMALS


@core_function()
def f64_is_signaling(x: u64) -> bool:
    return (x << 1) > INFINITE and (x & QUIET) == 0


@core_function(reads="mxcsr", writes="mxcsr")
def f64_slow(operation: u32, a: u64, b: u64, result: u64) -> u64:
    """The operation in full, unless an infinity or a quiet NaN goes through it; `result`: Wasm's."""
    begin()
    if (
        ((a << 1) >= INFINITE or (b << 1) >= INFINITE)
        and f64_are_usable(a, b)
        and not f64_is_signaling(a)
        and not f64_is_signaling(b)
    ):
        if (a << 1) > INFINITE:
            return a
        if (b << 1) > INFINITE:
            return b
        if (result << 1) <= INFINITE:  # nothing invalid
            return result
    result = soft_operation(operation, u32(F64), a, b)
    settle()
    return result


@core_function()
def is_short_product(a: u64, b: u64) -> bool:
    """Have two normal numbers so few significant bits that their product is exact?"""
    return ctz64(a | MIN_NORMAL) + ctz64(b | MIN_NORMAL) >= 53


@core_function(reads="mxcsr", writes="mxcsr")
def f64_add(a: u64, b: u64) -> u64:
    control = load_u64(u32(MXCSR_AT))
    x = f64.from_bits(a)
    y = f64.from_bits(b)
    total = x + y
    result = total.to_bits()
    if (control & CONTROL) == PLAIN and (result << 1) < INFINITE and f64_are_usable(a, b):
        if (control & PE) != 0:
            return result
        if (a << 1) < LARGE and (b << 1) < LARGE:
            part = total - x  # Knuth's two-sum: what the sum lost
            if (x - (total - part)) + (y - part) != 0.0:
                store_u32(u32(MXCSR_AT), u32(control) | PE)
            return result
    return f64_slow(u32(ADD), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f64_sub(a: u64, b: u64) -> u64:
    control = load_u64(u32(MXCSR_AT))
    x = f64.from_bits(a)
    y = f64.from_bits(b)
    total = x - y
    result = total.to_bits()
    if (control & CONTROL) == PLAIN and (result << 1) < INFINITE and f64_are_usable(a, b):
        if (control & PE) != 0:
            return result
        if (a << 1) < LARGE and (b << 1) < LARGE:
            part = total - x
            if (x - (total - part)) - (y + part) != 0.0:
                store_u32(u32(MXCSR_AT), u32(control) | PE)
            return result
    return f64_slow(u32(SUB), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f64_mul(a: u64, b: u64) -> u64:
    control = load_u64(u32(MXCSR_AT))
    result = (f64.from_bits(a) * f64.from_bits(b)).to_bits()
    if (control & CONTROL) == PLAIN and f64_are_usable(a, b):
        if (result << 1) - ABOVE_TINY < NORMALS:
            if (control & PE) != 0 or is_short_product(a, b):
                return result
        elif (result << 1) == 0 and ((a << 1) == 0 or (b << 1) == 0):
            return result
    return f64_slow(u32(MUL), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f64_div(a: u64, b: u64) -> u64:
    control = load_u64(u32(MXCSR_AT))
    quotient = f64.from_bits(a) / f64.from_bits(b)
    result = quotient.to_bits()
    if (control & CONTROL) == PLAIN and f64_are_usable(a, b):
        if (result << 1) - ABOVE_TINY < NORMALS:
            if (control & PE) != 0:
                return result
            # Where the product can be told exactly, it tells whether the quotient is.
            if is_short_product(result, b) and quotient * f64.from_bits(b) == f64.from_bits(a):
                return result
        elif (result << 1) == 0 and (a << 1) == 0:
            return result
    return f64_slow(u32(DIV), a, b, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f64_sqrt_of(a: u64) -> u64:
    control = load_u64(u32(MXCSR_AT))
    root = f64_sqrt(f64.from_bits(a))
    result = root.to_bits()
    if (control & CONTROL) == PLAIN:
        if a - MIN_NORMAL < POSITIVE_NORMALS:
            if (control & PE) != 0:
                return result
            if is_short_product(result, result) and root * root == f64.from_bits(a):
                return result
        elif (a << 1) == 0:
            return a
    return f64_slow(u32(SQRT), a, a, result)


@core_function(reads="mxcsr", writes="mxcsr")
def f64_operation(operation: u32, a: u64, b: u64) -> u64:
    """ADD ... SQRT by number."""
    if operation == ADD:
        return f64_add(a, b)
    if operation == SUB:
        return f64_sub(a, b)
    if operation == MUL:
        return f64_mul(a, b)
    if operation == DIV:
        return f64_div(a, b)
    return f64_sqrt_of(b)
