"""Packed arithmetic (ADDPD, ADDPS ... SQRTPS): two f64 or four f32 lanes of a v128.

The fast path is that of `float64`, asked of all lanes at once, with PE up already.  Otherwise the lanes
go one by one: with every exception masked each is a scalar operation of its own; else all lanes must be
known before it is decided whether there is a trap.
"""

from __future__ import annotations

from typing import Final

from elfin.core.float32 import f32_operation
from elfin.core.float64 import f64_operation
from elfin.core.mxcsr import CONTROL_PE, MXCSR_AT, PLAIN_PE, all_masked, begin, settle
from elfin.core.softfloat import F32, F64, widened
from elfin.core.softfloat_arith import ADD, DIV, MUL, SQRT, SUB, soft_operation
from elfin.dialect import core_function, load_u64, u32, v128
from elfin.dialect.lanes import (
    f32x4_abs,
    f32x4_add,
    f32x4_div,
    f32x4_eq,
    f32x4_ge,
    f32x4_gt,
    f32x4_lt,
    f32x4_mul,
    f32x4_sqrt,
    f32x4_sub,
    f64x2_abs,
    f64x2_add,
    f64x2_div,
    f64x2_eq,
    f64x2_ge,
    f64x2_gt,
    f64x2_lt,
    f64x2_mul,
    f64x2_sqrt,
    f64x2_sub,
    i32x4_all_true,
    i32x4_extract_lane,
    i32x4_replace_lane,
    i32x4_splat,
    i64x2_all_true,
    i64x2_extract_lane,
    i64x2_replace_lane,
    i64x2_splat,
    v128_and,
    v128_or,
)

# The same number in each lane.
LEAST64: Final = (1 << 52) * (1 | 1 << 64)
INFINITY64: Final = (0x7FF << 52) * (1 | 1 << 64)
LEAST32: Final = (1 << 23) * (1 | 1 << 32 | 1 << 64 | 1 << 96)
INFINITY32: Final = (0xFF << 23) * (1 | 1 << 32 | 1 << 64 | 1 << 96)


@core_function(reads="mxcsr", writes="mxcsr")
def f64x2_lanes(operation: u32, a: v128, b: v128) -> v128:
    """Lane by lane."""
    a0 = i64x2_extract_lane(a, 0)
    b0 = i64x2_extract_lane(b, 0)
    a1 = i64x2_extract_lane(a, 1)
    b1 = i64x2_extract_lane(b, 1)
    if all_masked():
        result = i64x2_splat(f64_operation(operation, a0, b0))
        return i64x2_replace_lane(result, f64_operation(operation, a1, b1), 1)
    begin()
    result = i64x2_splat(soft_operation(operation, u32(F64), a0, b0))
    result = i64x2_replace_lane(result, soft_operation(operation, u32(F64), a1, b1), 1)
    settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def f32_lane(is_free: u32, operation: u32, a: u32, b: u32) -> u32:
    if is_free != 0:
        return f32_operation(operation, a, b)
    return u32(soft_operation(operation, u32(F32), widened(a), widened(b)))


@core_function(reads="mxcsr", writes="mxcsr")
def f32x4_lanes(operation: u32, a: v128, b: v128) -> v128:
    """Lane by lane."""
    is_free = u32(1) if all_masked() else u32(0)
    if is_free == 0:
        begin()
    x = f32_lane(is_free, operation, i32x4_extract_lane(a, 0), i32x4_extract_lane(b, 0))
    result = i32x4_splat(x)
    x = f32_lane(is_free, operation, i32x4_extract_lane(a, 1), i32x4_extract_lane(b, 1))
    result = i32x4_replace_lane(result, x, 1)
    x = f32_lane(is_free, operation, i32x4_extract_lane(a, 2), i32x4_extract_lane(b, 2))
    result = i32x4_replace_lane(result, x, 2)
    x = f32_lane(is_free, operation, i32x4_extract_lane(a, 3), i32x4_extract_lane(b, 3))
    result = i32x4_replace_lane(result, x, 3)
    if is_free == 0:
        settle()
    return result


@core_function(reads="mxcsr")
def is_plain() -> bool:
    """Does MXCSR ask for nothing special, with PE up already?"""
    return (load_u64(u32(MXCSR_AT)) & CONTROL_PE) == PLAIN_PE


@core_function()
def f64x2_usable(x: v128) -> v128:
    """Which lanes are no denormals."""
    return v128_or(f64x2_eq(x, v128(0)), f64x2_ge(f64x2_abs(x), v128(LEAST64)))


@core_function(reads="mxcsr")
def f64x2_is_plain_sum(a: v128, b: v128, result: v128) -> bool:
    """Can nothing but the result come of adding or subtracting?"""
    usable = v128_and(f64x2_usable(a), f64x2_usable(b))
    finite = f64x2_lt(f64x2_abs(result), v128(INFINITY64))
    return is_plain() and i64x2_all_true(v128_and(usable, finite))


@core_function(reads="mxcsr")
def f64x2_is_plain_product(a: v128, b: v128, result: v128, zero: v128) -> bool:
    """Can nothing but the result come of multiplying or dividing?  `zero`: which lanes are exact if they are zero."""
    usable = v128_and(f64x2_usable(a), f64x2_usable(b))
    size = f64x2_abs(result)
    normal = v128_and(f64x2_gt(size, v128(LEAST64)), f64x2_lt(size, v128(INFINITY64)))
    exact = v128_and(f64x2_eq(result, v128(0)), zero)
    return is_plain() and i64x2_all_true(v128_and(usable, v128_or(normal, exact)))


@core_function(reads="mxcsr", writes="mxcsr")
def addpd(a: v128, b: v128) -> v128:
    result = f64x2_add(a, b)
    if f64x2_is_plain_sum(a, b, result):
        return result
    return f64x2_lanes(u32(ADD), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def subpd(a: v128, b: v128) -> v128:
    result = f64x2_sub(a, b)
    if f64x2_is_plain_sum(a, b, result):
        return result
    return f64x2_lanes(u32(SUB), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def mulpd(a: v128, b: v128) -> v128:
    result = f64x2_mul(a, b)
    zero = v128_or(f64x2_eq(a, v128(0)), f64x2_eq(b, v128(0)))
    if f64x2_is_plain_product(a, b, result, zero):
        return result
    return f64x2_lanes(u32(MUL), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def divpd(a: v128, b: v128) -> v128:
    result = f64x2_div(a, b)
    if f64x2_is_plain_product(a, b, result, f64x2_eq(a, v128(0))):
        return result
    return f64x2_lanes(u32(DIV), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def sqrtpd(a: v128) -> v128:
    normal = v128_and(f64x2_ge(a, v128(LEAST64)), f64x2_lt(a, v128(INFINITY64)))
    if is_plain() and i64x2_all_true(v128_or(normal, f64x2_eq(a, v128(0)))):
        return f64x2_sqrt(a)
    return f64x2_lanes(u32(SQRT), a, a)


@core_function()
def f32x4_usable(x: v128) -> v128:
    """Which lanes are no denormals."""
    return v128_or(f32x4_eq(x, v128(0)), f32x4_ge(f32x4_abs(x), v128(LEAST32)))


@core_function(reads="mxcsr")
def f32x4_is_plain_sum(a: v128, b: v128, result: v128) -> bool:
    """Can nothing but the result come of adding or subtracting?"""
    usable = v128_and(f32x4_usable(a), f32x4_usable(b))
    finite = f32x4_lt(f32x4_abs(result), v128(INFINITY32))
    return is_plain() and i32x4_all_true(v128_and(usable, finite))


@core_function(reads="mxcsr")
def f32x4_is_plain_product(a: v128, b: v128, result: v128, zero: v128) -> bool:
    """Can nothing but the result come of multiplying or dividing?  `zero`: which lanes are exact if they are zero."""
    usable = v128_and(f32x4_usable(a), f32x4_usable(b))
    size = f32x4_abs(result)
    normal = v128_and(f32x4_gt(size, v128(LEAST32)), f32x4_lt(size, v128(INFINITY32)))
    exact = v128_and(f32x4_eq(result, v128(0)), zero)
    return is_plain() and i32x4_all_true(v128_and(usable, v128_or(normal, exact)))


@core_function(reads="mxcsr", writes="mxcsr")
def addps(a: v128, b: v128) -> v128:
    result = f32x4_add(a, b)
    if f32x4_is_plain_sum(a, b, result):
        return result
    return f32x4_lanes(u32(ADD), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def subps(a: v128, b: v128) -> v128:
    result = f32x4_sub(a, b)
    if f32x4_is_plain_sum(a, b, result):
        return result
    return f32x4_lanes(u32(SUB), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def mulps(a: v128, b: v128) -> v128:
    result = f32x4_mul(a, b)
    zero = v128_or(f32x4_eq(a, v128(0)), f32x4_eq(b, v128(0)))
    if f32x4_is_plain_product(a, b, result, zero):
        return result
    return f32x4_lanes(u32(MUL), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def divps(a: v128, b: v128) -> v128:
    result = f32x4_div(a, b)
    if f32x4_is_plain_product(a, b, result, f32x4_eq(a, v128(0))):
        return result
    return f32x4_lanes(u32(DIV), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def sqrtps(a: v128) -> v128:
    normal = v128_and(f32x4_ge(a, v128(LEAST32)), f32x4_lt(a, v128(INFINITY32)))
    if is_plain() and i32x4_all_true(v128_or(normal, f32x4_eq(a, v128(0)))):
        return f32x4_sqrt(a)
    return f32x4_lanes(u32(SQRT), a, a)
