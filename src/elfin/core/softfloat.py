"""Numbers taken apart and put together, in every rounding mode, with every exception.

All arithmetic happens on f64 patterns: an f32 operand is widened first, which is exact.  `precision` is
the format that the operation works in, F32 or F64: it decides what a denormal operand is and how the result
is rounded.  Results are patterns of that format in a u64.
SDM vol. 1, 4.8 (formats, NaNs, rounding), 4.9 (exceptions), appendix E (SIMD exceptions).
"""

from __future__ import annotations

from typing import Final

from elfin.core.mxcsr import (
    DOWN,
    IE,
    NEAREST,
    OE,
    PE,
    UE,
    UP,
    ZERO,
    denormals_are_zero,
    flushes_to_zero,
    is_masked,
    rounding,
    signal,
)
from elfin.dialect import clz64, core_function, i64, u32, u64

F32: Final = 24  # bits of precision
F64: Final = 53

SIGN: Final = 1 << 63
INFINITY: Final = 0x7FF << 52
QUIET: Final = 1 << 51
MIN_NORMAL: Final = 1 << 52
MIN_NORMAL_F32: Final = (1023 - 126) << 52  # as an f64
FRACTION: Final = (1 << 52) - 1


# -- patterns ---------------------------------------------------------------------------
@core_function()
def widened(x: u32) -> u64:
    """An f32 pattern as an f64 pattern; a NaN keeps its payload and stays as quiet as it is."""
    sign = u64(x >> 31) << 63
    exponent = u64((x >> 23) & 0xFF)
    fraction = u64(x & 0x7F_FFFF)
    if exponent == 0xFF:
        return sign | INFINITY | (fraction << 29)
    if exponent == 0:
        if fraction == 0:
            return sign
        shift = clz64(fraction) - 40  # brings the leading bit to bit 23
        return sign | ((897 - shift) << 52) | (((fraction << shift) & 0x7F_FFFF) << 29)
    return sign | ((exponent + 896) << 52) | (fraction << 29)


@core_function()
def is_nan(x: u64) -> bool:
    return (x << 1) > (INFINITY << 1)


@core_function()
def is_signaling(x: u64) -> bool:
    """Is this a NaN that is not quiet?"""
    return (x << 1) > (INFINITY << 1) and (x & QUIET) == 0


@core_function()
def is_infinite(x: u64) -> bool:
    return (x << 1) == (INFINITY << 1)


@core_function()
def is_zero(x: u64) -> bool:
    return (x << 1) == 0


@core_function()
def is_denormal(precision: u32, x: u64) -> bool:
    """Is this a denormal number of the format?"""
    least = u64(MIN_NORMAL_F32) if precision == F32 else u64(MIN_NORMAL)
    return (x << 1) != 0 and (x << 1) < (least << 1)


@core_function()
def without_denormal(precision: u32, x: u64) -> u64:
    """The operand as the operation sees it: with DAZ a denormal is a zero."""
    if denormals_are_zero() and is_denormal(precision, x):
        return x & SIGN
    return x


@core_function()
def pattern(precision: u32, sign: u64, magnitude: u64) -> u64:
    """A pattern of the format: sign (0 or 1) and all the bits below it."""
    return (sign << 31 if precision == F32 else sign << 63) | magnitude


@core_function()
def infinity(precision: u32, sign: u64) -> u64:
    return pattern(precision, sign, u64(0x7F80_0000) if precision == F32 else u64(INFINITY))


@core_function()
def quieted(precision: u32, nan: u64) -> u64:
    """A NaN (as f64 pattern) made quiet, in the format."""
    if precision == F32:
        return ((nan >> 63) << 31) | 0x7FC0_0000 | ((nan >> 29) & 0x3F_FFFF)
    return nan | QUIET


@core_function()
def chosen_nan(precision: u32, a: u64, b: u64) -> u64:
    """The result when a or b is a NaN: a, unless only b is one."""
    if is_signaling(a) or is_signaling(b):
        signal(u32(IE))
    return quieted(precision, a if is_nan(a) else b)


@core_function()
def invalid(precision: u32) -> u64:
    """The result of an invalid operation on numbers: the default NaN, which is negative."""
    signal(u32(IE))
    return u64(0xFFC0_0000) if precision == F32 else u64(0xFFF8 << 48)


# -- numbers that are neither zero, infinite nor NaN --------------------------------------
@core_function()
def exponent_of(x: u64) -> i64:
    """The exponent of the leading bit."""
    field = (x >> 52) & 0x7FF
    if field == 0:
        return i64(-1011) - i64(clz64(x & FRACTION))
    return i64(field) - 1023


@core_function()
def significand_of(x: u64) -> u64:
    """The significand with its leading bit at bit 63."""
    if (x >> 52) & 0x7FF == 0:
        fraction = x & FRACTION
        return fraction << clz64(fraction)
    return SIGN | (x << 11)


@core_function()
def shifted_right(x: u64, count: u64) -> u64:
    """Right shift by any count; bits lost leave a one in the lowest place."""
    if count == 0:
        return x
    if count > 63:
        return u64(1) if x != 0 else u64(0)
    lost = x << (64 - count)
    return (x >> count) | (u64(1) if lost != 0 else u64(0))


@core_function()
def increment(sign: u64, is_odd: u64, rest: u64, half: u64) -> u64:
    """1 if a number with this rest below its last place is rounded away from zero, else 0."""
    mode = rounding()
    if mode == NEAREST:
        return u64(1) if rest > half or (rest == half and is_odd != 0) else u64(0)
    if mode == ZERO or rest == 0:
        return u64(0)
    if mode == UP:
        return sign ^ 1
    return sign


@core_function()
def rounded(precision: u32, sign: u64, exponent: i64, significand: u64) -> u64:
    """The number `significand` * 2**(exponent - 63), its leading bit at bit 63, in the format."""
    is_narrow = precision == F32
    lowest = i64(-126) if is_narrow else i64(-1022)
    drop = u64(40) if is_narrow else u64(11)
    half = u64(1) << (drop - 1)
    places = significand >> drop
    rest = significand & ((half << 1) - 1)
    places += increment(sign, places & 1, rest, half)
    carried = places >> u64(precision)  # rounding went up to the next power of two
    if exponent + i64(carried) < lowest:  # tiny, as judged after rounding with unbounded exponent
        if not is_masked(u32(UE)):
            signal(u32(UE | PE) if rest != 0 else u32(UE))
            return u64(0)
        if flushes_to_zero():
            signal(u32(UE | PE))
            return pattern(precision, sign, u64(0))
    if exponent >= lowest:
        if exponent + i64(carried) > 1 - lowest:
            return overflowed(precision, sign, rest)
        if rest != 0:
            signal(u32(PE))
        # `places` brings the leading bit, or the carry, into the exponent field
        return pattern(precision, sign, (u64(exponent - lowest) << u64(precision - 1)) + places)
    return denormalised(precision, sign, u64(lowest - exponent), significand, carried != 0)


@core_function()
def denormalised(precision: u32, sign: u64, below: u64, significand: u64, carried: bool) -> u64:
    """A number `below` places under the smallest normal one, rounded at the fixed last place."""
    drop = u64(40) if precision == F32 else u64(11)
    half = u64(1) << (drop - 1)
    significand = shifted_right(significand, below)
    places = significand >> drop
    rest = significand & ((half << 1) - 1)
    places += increment(sign, places & 1, rest, half)
    if rest != 0:
        is_tiny = below > 1 or not carried
        signal(u32(UE | PE) if is_tiny else u32(PE))
    return pattern(precision, sign, places)


@core_function()
def overflowed(precision: u32, sign: u64, rest: u64) -> u64:
    """Infinity, or the largest number where the rounding mode does not lead away from zero."""
    if not is_masked(u32(OE)):
        signal(u32(OE | PE) if rest != 0 else u32(OE))
        return u64(0)
    signal(u32(OE | PE))
    mode = rounding()
    result = infinity(precision, sign)
    if mode == ZERO or (mode == UP and sign != 0) or (mode == DOWN and sign == 0):
        result -= 1
    return result


@core_function()
def exact_zero(precision: u32) -> u64:
    """The sum of a number and its opposite."""
    return pattern(precision, u64(1) if rounding() == DOWN else u64(0), u64(0))
