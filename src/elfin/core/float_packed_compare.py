"""Packed comparisons, minimum and maximum (CMPPD, CMPPS, MINPD, MINPS, MAXPD, MAXPS).

The fast path wants lanes that are neither NaN nor denormal; see `float_compare` and `float_packed`.
"""

from __future__ import annotations

from elfin.core.float_compare import soft_extreme32, soft_extreme64
from elfin.core.float_packed import f32x4_usable, f64x2_usable
from elfin.core.mxcsr import MXCSR_AT, TRAP_OR_DAZ, begin, settle
from elfin.core.softfloat import F32, F64, widened
from elfin.core.softfloat_convert import GREATER, LESS, holds, quiet_is_invalid, soft_relation
from elfin.dialect import core_function, load_u64, u32, u64, v128
from elfin.dialect.lanes import (
    f32x4_eq,
    f32x4_le,
    f32x4_lt,
    f32x4_pmax,
    f32x4_pmin,
    f64x2_eq,
    f64x2_le,
    f64x2_lt,
    f64x2_pmax,
    f64x2_pmin,
    i32x4_all_true,
    i32x4_extract_lane,
    i32x4_replace_lane,
    i32x4_splat,
    i64x2_all_true,
    i64x2_extract_lane,
    i64x2_replace_lane,
    i64x2_splat,
    v128_and,
    v128_not,
)


@core_function(reads="mxcsr", writes="mxcsr")
def is_plain_f64x2(a: v128, b: v128) -> bool:
    """Can comparing these lanes leave no trace in MXCSR?"""
    usable = v128_and(f64x2_usable(a), f64x2_usable(b))
    return (load_u64(u32(MXCSR_AT)) & TRAP_OR_DAZ) == 0 and i64x2_all_true(usable)


@core_function(reads="mxcsr", writes="mxcsr")
def is_plain_f32x4(a: v128, b: v128) -> bool:
    """Can comparing these lanes leave no trace in MXCSR?"""
    usable = v128_and(f32x4_usable(a), f32x4_usable(b))
    return (load_u64(u32(MXCSR_AT)) & TRAP_OR_DAZ) == 0 and i32x4_all_true(usable)


@core_function(reads="mxcsr", writes="mxcsr")
def mask64(predicate: u32, a: u64, b: u64) -> u64:
    """All ones where the predicate of CMPPD holds; collects exceptions."""
    relation = soft_relation(u32(F64), quiet_is_invalid(predicate), a, b)
    return ~u64(0) if holds(predicate, relation) else u64(0)


@core_function(reads="mxcsr", writes="mxcsr")
def mask32(predicate: u32, a: u32, b: u32) -> u32:
    """All ones where the predicate of CMPPS holds; collects exceptions."""
    relation = soft_relation(u32(F32), quiet_is_invalid(predicate), widened(a), widened(b))
    return ~u32(0) if holds(predicate, relation) else u32(0)


@core_function(reads="mxcsr", writes="mxcsr")
def cmppd(a: v128, b: v128, predicate: u32) -> v128:
    if is_plain_f64x2(a, b):
        kind = predicate & 3
        if kind == 0:
            result = f64x2_eq(a, b)
        elif kind == 1:
            result = f64x2_lt(a, b)
        elif kind == 2:
            result = f64x2_le(a, b)
        else:
            result = v128(0)
        return result if (predicate & 4) == 0 else v128_not(result)
    begin()
    low = mask64(predicate, i64x2_extract_lane(a, 0), i64x2_extract_lane(b, 0))
    high = mask64(predicate, i64x2_extract_lane(a, 1), i64x2_extract_lane(b, 1))
    settle()
    return i64x2_replace_lane(i64x2_splat(low), high, 1)


@core_function(reads="mxcsr", writes="mxcsr")
def cmpps(a: v128, b: v128, predicate: u32) -> v128:
    if is_plain_f32x4(a, b):
        kind = predicate & 3
        if kind == 0:
            result = f32x4_eq(a, b)
        elif kind == 1:
            result = f32x4_lt(a, b)
        elif kind == 2:
            result = f32x4_le(a, b)
        else:
            result = v128(0)
        return result if (predicate & 4) == 0 else v128_not(result)
    begin()
    x = mask32(predicate, i32x4_extract_lane(a, 0), i32x4_extract_lane(b, 0))
    lanes = i32x4_splat(x)
    x = mask32(predicate, i32x4_extract_lane(a, 1), i32x4_extract_lane(b, 1))
    lanes = i32x4_replace_lane(lanes, x, 1)
    x = mask32(predicate, i32x4_extract_lane(a, 2), i32x4_extract_lane(b, 2))
    lanes = i32x4_replace_lane(lanes, x, 2)
    x = mask32(predicate, i32x4_extract_lane(a, 3), i32x4_extract_lane(b, 3))
    lanes = i32x4_replace_lane(lanes, x, 3)
    settle()
    return lanes


@core_function(reads="mxcsr", writes="mxcsr")
def extreme_f64x2(wins: u32, a: v128, b: v128) -> v128:
    """Lane by lane the minimum (LESS) or maximum (GREATER)."""
    begin()
    low = soft_extreme64(wins, i64x2_extract_lane(a, 0), i64x2_extract_lane(b, 0))
    high = soft_extreme64(wins, i64x2_extract_lane(a, 1), i64x2_extract_lane(b, 1))
    settle()
    return i64x2_replace_lane(i64x2_splat(low), high, 1)


@core_function(reads="mxcsr", writes="mxcsr")
def extreme_f32x4(wins: u32, a: v128, b: v128) -> v128:
    """Lane by lane the minimum (LESS) or maximum (GREATER)."""
    begin()
    x = soft_extreme32(wins, i32x4_extract_lane(a, 0), i32x4_extract_lane(b, 0))
    lanes = i32x4_splat(x)
    x = soft_extreme32(wins, i32x4_extract_lane(a, 1), i32x4_extract_lane(b, 1))
    lanes = i32x4_replace_lane(lanes, x, 1)
    x = soft_extreme32(wins, i32x4_extract_lane(a, 2), i32x4_extract_lane(b, 2))
    lanes = i32x4_replace_lane(lanes, x, 2)
    x = soft_extreme32(wins, i32x4_extract_lane(a, 3), i32x4_extract_lane(b, 3))
    lanes = i32x4_replace_lane(lanes, x, 3)
    settle()
    return lanes


# pmin(x, y) is y if y < x, else x: with the operands turned round it is MINPD.
@core_function(reads="mxcsr", writes="mxcsr")
def minpd(a: v128, b: v128) -> v128:
    if is_plain_f64x2(a, b):
        return f64x2_pmin(b, a)
    return extreme_f64x2(u32(LESS), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def maxpd(a: v128, b: v128) -> v128:
    if is_plain_f64x2(a, b):
        return f64x2_pmax(b, a)
    return extreme_f64x2(u32(GREATER), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def minps(a: v128, b: v128) -> v128:
    if is_plain_f32x4(a, b):
        return f32x4_pmin(b, a)
    return extreme_f32x4(u32(LESS), a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def maxps(a: v128, b: v128) -> v128:
    if is_plain_f32x4(a, b):
        return f32x4_pmax(b, a)
    return extreme_f32x4(u32(GREATER), a, b)
