"""Scalar conversions on bit patterns (CVTSD2SI, CVTTSD2SI, CVTSI2SD, CVTSD2SS, CVTSS2SD ...).

Fast paths as in `float64`.
"""

from __future__ import annotations

from typing import Final

from elfin.core.float32 import ABOVE_TINY as ABOVE_TINY32
from elfin.core.float32 import DENORMALS as DENORMALS32
from elfin.core.float32 import INFINITE as INFINITE32
from elfin.core.float32 import NORMALS as NORMALS32
from elfin.core.mxcsr import (
    CONTROL,
    CONTROL_PE,
    MXCSR_AT,
    PE,
    PLAIN,
    PLAIN_PE,
    TRAP,
    TRAP_OR_DAZ,
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
from elfin.dialect import core_function, f32, f64, load_u64, u32, u64
from elfin.dialect.lanes import (
    f32_convert_i64_s,
    f64_convert_i64_s,
    f64_nearest,
    f64_trunc,
    i64_trunc_sat_f64_s,
)

EXACT64: Final = 1 << 53  # every integer up to here is an f64
EXACT32: Final = 1 << 24


@core_function(reads="mxcsr", writes="mxcsr")
def f64_to_integer(a: u64, bits: u32, truncates: u32) -> u64:
    """A signed integer of 32 or 64 bits, rounded as MXCSR says or towards zero."""
    x = f64.from_bits(a)
    whole = f64_trunc(x) if truncates != 0 else f64_nearest(x)
    limit = f64(2147483648.0) if bits == 32 else f64(9223372036854775808.0)
    if whole < limit and whole >= -limit:
        control = load_u64(u32(MXCSR_AT))
        # An integer needs no rounding; else the mode matters, and PE must be up already.
        if (control & TRAP) == 0 if whole == x else (control & CONTROL_PE) == PLAIN_PE:
            return i64_trunc_sat_f64_s(whole)
    begin()
    result = soft_to_integer(u32(F64), bits, truncates, a)
    settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def f32_to_integer(a: u32, bits: u32, truncates: u32) -> u64:
    """A signed integer of 32 or 64 bits, rounded as MXCSR says or towards zero."""
    x = f64(f32.from_bits(a))
    whole = f64_trunc(x) if truncates != 0 else f64_nearest(x)
    limit = f64(2147483648.0) if bits == 32 else f64(9223372036854775808.0)
    if whole < limit and whole >= -limit:
        control = load_u64(u32(MXCSR_AT))
        if (control & TRAP) == 0 if whole == x else (control & CONTROL_PE) == PLAIN_PE:
            return i64_trunc_sat_f64_s(whole)
    begin()
    result = soft_to_integer(u32(F32), bits, truncates, widened(a))
    settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def i64_to_f64(a: u64) -> u64:
    """A signed 64-bit integer to f64."""
    control = load_u64(u32(MXCSR_AT))
    is_exact = a + EXACT64 <= 2 * EXACT64
    if (control & TRAP) == 0 if is_exact else (control & CONTROL_PE) == PLAIN_PE:
        return f64_convert_i64_s(a).to_bits()
    begin()
    result = soft_from_integer(u32(F64), a)
    settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def i64_to_f32(a: u64) -> u32:
    """A signed 64-bit integer to f32."""
    control = load_u64(u32(MXCSR_AT))
    is_exact = a + EXACT32 <= 2 * EXACT32
    if (control & TRAP) == 0 if is_exact else (control & CONTROL_PE) == PLAIN_PE:
        return f32_convert_i64_s(a).to_bits()
    begin()
    result = soft_from_integer(u32(F32), a)
    settle()
    return u32(result)


@core_function(reads="mxcsr", writes="mxcsr")
def f64_to_f32(a: u64) -> u32:
    """f64 to f32."""
    control = load_u64(u32(MXCSR_AT))
    x = f64.from_bits(a)
    y = f32(x)
    result = y.to_bits()
    if (control & CONTROL) == PLAIN:
        if (result << 1) - ABOVE_TINY32 < NORMALS32:
            if (control & PE) != 0 or f64(y) == x:
                return result
        elif (a << 1) == 0:
            return result
    begin()
    wide = soft_narrow(a)
    settle()
    return u32(wide)


@core_function(reads="mxcsr", writes="mxcsr")
def f32_to_f64(a: u32) -> u64:
    """f32 to f64."""
    if (
        (load_u64(u32(MXCSR_AT)) & TRAP_OR_DAZ) == 0
        and (a << 1) - 1 >= DENORMALS32
        and (a << 1) <= INFINITE32
    ):
        return f64(f32.from_bits(a)).to_bits()
    begin()
    result = soft_widen(widened(a))
    settle()
    return result
