"""Packed conversions (CVTPS2DQ, CVTTPS2DQ, CVTDQ2PS, CVTPD2DQ, CVTTPD2DQ, CVTPD2PS, CVTPS2PD).

Fast paths as in `float_packed`.
"""

from __future__ import annotations

from typing import Final

from elfin.core.float_convert import (
    f32_to_f64,
    f32_to_integer,
    f64_to_f32,
    f64_to_integer,
    i64_to_f32,
)
from elfin.core.float_packed import INFINITY32, LEAST32
from elfin.core.mxcsr import (
    CONTROL_PE,
    MXCSR_AT,
    PLAIN_PE,
    all_masked,
    begin,
    settle,
)
from elfin.core.softfloat import F32, F64, widened
from elfin.core.softfloat_convert import (
    soft_from_integer,
    soft_narrow,
    soft_to_integer,
    soft_widen,
)
from elfin.dialect import core_function, i32, i64, load_u64, u32, u64, v128
from elfin.dialect.lanes import (
    f32x4_abs,
    f32x4_convert_i32x4_s,
    f32x4_demote_f64x2_zero,
    f32x4_gt,
    f32x4_lt,
    f32x4_nearest,
    f64x2_abs,
    f64x2_lt,
    f64x2_nearest,
    i32x4_all_true,
    i32x4_extract_lane,
    i32x4_replace_lane,
    i32x4_splat,
    i32x4_trunc_sat_f32x4_s,
    i32x4_trunc_sat_f64x2_s_zero,
    i64x2_all_true,
    i64x2_extract_lane,
    i64x2_replace_lane,
    i64x2_splat,
    v128_and,
)

LIMIT32: Final = 0x4F00_0000 * (1 | 1 << 32 | 1 << 64 | 1 << 96)  # 2**31
LIMIT64: Final = (0x41E0 << 48) * (1 | 1 << 64)


@core_function(reads="mxcsr", writes="mxcsr")
def integer_lane32(is_free: u32, a: u32, truncates: u32) -> u32:
    if is_free != 0:
        return u32(f32_to_integer(a, u32(32), truncates))
    return u32(soft_to_integer(u32(F32), u32(32), truncates, widened(a)))


@core_function(reads="mxcsr", writes="mxcsr")
def f32x4_to_i32x4(a: v128, truncates: u32) -> v128:
    """CVTPS2DQ, CVTTPS2DQ."""
    if (load_u64(u32(MXCSR_AT)) & CONTROL_PE) == PLAIN_PE:
        whole = a if truncates != 0 else f32x4_nearest(a)
        if i32x4_all_true(f32x4_lt(f32x4_abs(whole), v128(LIMIT32))):
            return i32x4_trunc_sat_f32x4_s(whole)
    is_free = u32(1) if all_masked() else u32(0)
    if is_free == 0:
        begin()
    result = i32x4_splat(integer_lane32(is_free, i32x4_extract_lane(a, 0), truncates))
    x = integer_lane32(is_free, i32x4_extract_lane(a, 1), truncates)
    result = i32x4_replace_lane(result, x, 1)
    x = integer_lane32(is_free, i32x4_extract_lane(a, 2), truncates)
    result = i32x4_replace_lane(result, x, 2)
    x = integer_lane32(is_free, i32x4_extract_lane(a, 3), truncates)
    result = i32x4_replace_lane(result, x, 3)
    if is_free == 0:
        settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def f64x2_to_i32x4(a: v128, truncates: u32) -> v128:
    """CVTPD2DQ, CVTTPD2DQ: the upper lanes are zero."""
    if (load_u64(u32(MXCSR_AT)) & CONTROL_PE) == PLAIN_PE:
        whole = a if truncates != 0 else f64x2_nearest(a)
        if i64x2_all_true(f64x2_lt(f64x2_abs(whole), v128(LIMIT64))):
            return i32x4_trunc_sat_f64x2_s_zero(whole)
    a0 = i64x2_extract_lane(a, 0)
    a1 = i64x2_extract_lane(a, 1)
    if all_masked():
        low = f64_to_integer(a0, u32(32), truncates)
        high = f64_to_integer(a1, u32(32), truncates)
    else:
        begin()
        low = soft_to_integer(u32(F64), u32(32), truncates, a0)
        high = soft_to_integer(u32(F64), u32(32), truncates, a1)
        settle()
    return two_lanes(u32(low), u32(high))


@core_function()
def two_lanes(low: u32, high: u32) -> v128:
    """32-bit lanes 0 and 1, zeros above."""
    return i64x2_replace_lane(v128(0), u64(low) | (u64(high) << 32), 0)


@core_function(reads="mxcsr", writes="mxcsr")
def float_lane32(is_free: u32, a: u32) -> u32:
    number = u64(i64(i32(a)))
    if is_free != 0:
        return i64_to_f32(number)
    return u32(soft_from_integer(u32(F32), number))


@core_function(reads="mxcsr", writes="mxcsr")
def i32x4_to_f32x4(a: v128) -> v128:
    """CVTDQ2PS."""
    if (load_u64(u32(MXCSR_AT)) & CONTROL_PE) == PLAIN_PE:
        return f32x4_convert_i32x4_s(a)
    is_free = u32(1) if all_masked() else u32(0)
    if is_free == 0:
        begin()
    result = i32x4_splat(float_lane32(is_free, i32x4_extract_lane(a, 0)))
    result = i32x4_replace_lane(result, float_lane32(is_free, i32x4_extract_lane(a, 1)), 1)
    result = i32x4_replace_lane(result, float_lane32(is_free, i32x4_extract_lane(a, 2)), 2)
    result = i32x4_replace_lane(result, float_lane32(is_free, i32x4_extract_lane(a, 3)), 3)
    if is_free == 0:
        settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def f64x2_to_f32x4(a: v128) -> v128:
    """CVTPD2PS: the upper lanes are zero."""
    if (load_u64(u32(MXCSR_AT)) & CONTROL_PE) == PLAIN_PE:
        result = f32x4_demote_f64x2_zero(a)
        size = f32x4_abs(result)
        normal = v128_and(f32x4_gt(size, v128(LEAST32)), f32x4_lt(size, v128(INFINITY32)))
        if i64x2_extract_lane(normal, 0) == ~u64(0):
            return result
    a0 = i64x2_extract_lane(a, 0)
    a1 = i64x2_extract_lane(a, 1)
    if all_masked():
        low = f64_to_f32(a0)
        high = f64_to_f32(a1)
    else:
        begin()
        low = u32(soft_narrow(a0))
        high = u32(soft_narrow(a1))
        settle()
    return two_lanes(low, high)


@core_function(reads="mxcsr", writes="mxcsr")
def f32x4_to_f64x2(a: u64) -> v128:
    """CVTPS2PD, of two f32 in a u64."""
    a0 = u32(a)
    a1 = u32(a >> 32)
    if all_masked():
        low = f32_to_f64(a0)
        high = f32_to_f64(a1)
    else:
        begin()
        low = soft_widen(widened(a0))
        high = soft_widen(widened(a1))
        settle()
    return i64x2_replace_lane(i64x2_splat(low), high, 1)
