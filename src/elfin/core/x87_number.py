"""80-bit numbers: classes, NaNs, rounding (SDM vol. 1, 4.2, 4.8, 8.2.2 and 8.5; vol. 1 table 4-7).

Values that only the first coprocessors knew (pseudo-NaNs, pseudo-infinities, unnormals) are x87_invalid
operands; pseudo-denormals are denormals with a leading one.
"""

from __future__ import annotations

from typing import Final

from elfin.core.x87_state import (
    C1,
    DE,
    DOWN,
    IE,
    NARROW_DENORMAL,
    NEAREST,
    OE,
    PE,
    UE,
    UP,
    ZERO,
    B,
    R,
    copy_cell,
    exponent_at,
    find,
    put_cell,
    put_default_nan,
    put_result,
    rounding_mode,
    sign_at,
    significand_at,
    x87_is_masked,
)
from elfin.dialect import clz64, core_function, i64, load_u32, store_u32, store_u64, u32, u64

LEADING: Final = 1 << 63
QUIET: Final = 1 << 62
SPECIAL: Final = 0x7FFF  # exponent of infinities and NaNs
BIAS: Final = 16383
ADJUST: Final = 24576  # what an exponent is moved by when overflow or underflow is not masked
ALL_ONES: Final = (1 << 64) - 1


@core_function()
def is_unsupported(at: u32) -> bool:
    """Has it an exponent but no leading one?"""
    return exponent_at(at) != 0 and (significand_at(at) >> 63) == 0


@core_function()
def x87_is_nan(at: u32) -> bool:
    return exponent_at(at) == SPECIAL and (significand_at(at) << 1) != 0


@core_function()
def x87_is_signaling(at: u32) -> bool:
    return x87_is_nan(at) and (significand_at(at) & QUIET) == 0


@core_function()
def x87_is_infinite(at: u32) -> bool:
    return exponent_at(at) == SPECIAL and (significand_at(at) << 1) == 0


@core_function()
def x87_is_zero(at: u32) -> bool:
    return exponent_at(at) == 0 and significand_at(at) == 0


@core_function()
def x87_is_denormal(at: u32) -> bool:
    """A denormal, or pseudo-denormal."""
    return exponent_at(at) == 0 and significand_at(at) != 0


@core_function()
def magnitude_exponent(at: u32) -> i64:
    """The biased exponent of a finite number's leading bit."""
    field = exponent_at(at)
    if field == 0:
        return i64(1) - i64(clz64(significand_at(at)))
    return i64(field)


@core_function()
def magnitude(at: u32) -> u64:
    """The significand with its leading bit at bit 63."""
    significand = significand_at(at)
    return significand << clz64(significand)


@core_function()
def x87_invalid() -> None:
    """R is the result of an x87_invalid operation."""
    find(u32(IE))
    put_default_nan()


@core_function()
def find_denormals(a: u32, b: u32) -> None:
    """Called once it is clear that nothing worse is wrong with the operands."""
    if x87_is_denormal(a) or x87_is_denormal(b) or load_u32(u32(NARROW_DENORMAL)) != 0:
        find(u32(DE))


@core_function()
def x87_quieted(at: u32) -> None:
    """R is this NaN, quiet."""
    copy_cell(u32(R), at)
    store_u64(u32(R), significand_at(at) | QUIET)


@core_function()
def is_bad_operand(a: u32, b: u32) -> bool:
    """Is one x87_invalid or a NaN?  Then R is the result: the NaN with the greater significand."""
    if is_unsupported(a) or is_unsupported(b):
        x87_invalid()
        return True
    if not x87_is_nan(a) and not x87_is_nan(b):
        return False
    if x87_is_signaling(a) or x87_is_signaling(b):
        find(u32(IE))
    if not x87_is_nan(b):
        x87_quieted(a)
        return True
    if not x87_is_nan(a):
        x87_quieted(b)
        return True
    if x87_is_signaling(a) and not x87_is_signaling(b):
        x87_quieted(b)
        return True
    if x87_is_signaling(b) and not x87_is_signaling(a):
        x87_quieted(a)
        return True
    x = significand_at(a)
    y = significand_at(b)
    if x > y or (x == y and sign_at(a) == 0):
        x87_quieted(a)
    else:
        x87_quieted(b)
    return True


# -- rounding -----------------------------------------------------------------------------
@core_function()
def rounds_up(sign: u32, is_odd: u64, rest: u64) -> bool:
    """Is a number with this rest (a half is 1 << 63) rounded away from zero?"""
    if rest == 0:
        return False
    mode = rounding_mode()
    if mode == NEAREST:
        return rest > LEADING or (rest == LEADING and is_odd != 0)
    if mode == ZERO:
        return False
    return (mode == UP) == (sign == 0)


@core_function()
def overflow_to_infinity(sign: u32) -> bool:
    """Is what is too great rounded to infinity?"""
    mode = rounding_mode()
    return mode == NEAREST or (mode == UP and sign == 0) or (mode == DOWN and sign != 0)


@core_function()
def shifted_down(high: u64, low: u64, count: u64) -> u64:
    """The upper half of high:low >> count; the lower is `lost_below`."""
    return high >> count if count < 64 else u64(0)


@core_function()
def lost_below(high: u64, low: u64, count: u64) -> u64:
    """The lower half of high:low >> count; its last bit stands for all bits below it."""
    if count == 0:
        return low
    if count < 64:
        lost = low << (64 - count)
        return (high << (64 - count)) | (low >> count) | u64(lost != 0)
    if count == 64:
        return high | u64(low != 0)
    if count < 128:
        lost = high << (128 - count)
        return (high >> (count - 64)) | u64(lost != 0 or low != 0)
    return u64(high != 0 or low != 0)


@core_function()
def round_result(sign: u32, exponent: i64, high: u64, low: u64, bits: u32) -> None:
    """R is the number high:low, its leading bit at the top, with biased exponent, in so many bits."""
    drop = u64(64) - u64(bits)
    rest = low
    if drop != 0:
        rest = (high << (64 - drop)) | u64(low != 0)
    kept = high >> drop
    up = rounds_up(sign, kept & 1, rest)
    kept = (kept + u64(up)) << drop
    carried = i64(u64(up and kept == 0))
    if exponent + carried < 1 and not x87_is_masked(u32(UE)):
        find(u32(UE))
        exponent += ADJUST
    elif exponent < 1:
        round_denormal(sign, u64(1 - exponent), high, low, bits, carried != 0)
        return
    elif exponent + carried >= SPECIAL:
        if x87_is_masked(u32(OE)):
            x87_overflowed(sign, drop)
            return
        find(u32(OE))
        exponent -= ADJUST
    if rest != 0:
        find(u32(PE | C1) if up else u32(PE))
    if carried != 0:
        kept = u64(LEADING)
    put_result(sign, u32(u64(exponent + carried)), kept)


@core_function()
def round_denormal(sign: u32, below: u64, high: u64, low: u64, bits: u32, carried: bool) -> None:
    """A number `below` places under the smallest normal one, rounded at a fixed place."""
    rest = lost_below(high, low, below)
    kept = shifted_down(high, low, below)
    drop = u64(64) - u64(bits)
    if drop != 0:
        rest = (kept << (64 - drop)) | u64(rest != 0)
    kept = kept >> drop
    up = rounds_up(sign, kept & 1, rest)
    kept = (kept + u64(up)) << drop
    if rest != 0:
        find(u32(PE | C1) if up else u32(PE))
        if below > 1 or not carried:
            find(u32(UE))
    put_result(sign, u32(kept >> 63), kept)


@core_function()
def x87_overflowed(sign: u32, drop: u64) -> None:
    """R is infinity, or the greatest number of the precision."""
    if overflow_to_infinity(sign):
        find(u32(OE | PE | C1))
        put_result(sign, u32(SPECIAL), u64(LEADING))
    else:
        find(u32(OE | PE))
        put_result(sign, u32(SPECIAL - 1), u64(ALL_ONES) << drop)


# -- operands from memory -------------------------------------------------------------------
@core_function()
def widen_single(x87_pattern: u32) -> None:
    """B is an f32; a NaN keeps its payload and stays as quiet as it is."""
    sign = x87_pattern >> 31
    field = (x87_pattern >> 23) & 0xFF
    fraction = u64(x87_pattern & 0x7F_FFFF) << 40
    widen(sign, field, fraction, u32(0xFF), u32(BIAS - 127))


@core_function()
def widen_double(x87_pattern: u64) -> None:
    """B is an f64."""
    sign = u32(x87_pattern >> 63)
    field = u32(x87_pattern >> 52) & 0x7FF
    widen(sign, field, (x87_pattern << 12) >> 1, u32(0x7FF), u32(BIAS - 1023))


@core_function()
def widen(sign: u32, field: u32, fraction: u64, special: u32, bias: u32) -> None:
    """B from the parts of a narrower format, the fraction below bit 63."""
    if field == special:
        put_operand(sign, u32(SPECIAL), fraction | LEADING)
    elif field != 0:
        put_operand(sign, field + bias, fraction | LEADING)
    elif fraction == 0:
        put_operand(sign, u32(0), u64(0))
    else:
        shift = clz64(fraction)
        put_operand(sign, bias + 1 - u32(shift), fraction << shift)
        store_u32(u32(NARROW_DENORMAL), u32(1))


@core_function()
def integer_operand(value: u64) -> None:
    """B is a signed integer."""
    sign = u32(value >> 63)
    size = (~value + 1) if sign != 0 else value
    if size == 0:
        put_operand(u32(0), u32(0), u64(0))
    else:
        shift = clz64(size)
        put_operand(sign, u32(BIAS + 63) - u32(shift), size << shift)


@core_function()
def put_operand(sign: u32, exponent: u32, significand: u64) -> None:
    """B has these parts."""
    put_cell(u32(B), sign, exponent, significand)
