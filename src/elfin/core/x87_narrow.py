"""80-bit numbers as f32 and f64, rounded as the control word says (SDM vol. 2: FST)."""

from __future__ import annotations

from elfin.core.x87_number import (
    BIAS,
    is_unsupported,
    lost_below,
    magnitude,
    magnitude_exponent,
    overflow_to_infinity,
    rounds_up,
    shifted_down,
    x87_is_infinite,
    x87_is_nan,
    x87_is_signaling,
    x87_is_zero,
)
from elfin.core.x87_state import C1, IE, OE, PE, UE, find, sign_at, significand_at, x87_is_masked
from elfin.dialect import core_function, i64, u32, u64


@core_function()
def x87_pattern(bits: u32, sign: u32, below: u64) -> u64:
    """A x87_pattern of the format: its sign and all below it."""
    return (u64(sign) << 31 if bits == 24 else u64(sign) << 63) | below


@core_function()
def special_exponent(bits: u32) -> u64:
    """The exponent of infinities and NaNs, in place."""
    return u64(0x7F80_0000) if bits == 24 else u64(0x7FF0_0000_0000_0000)


@core_function()
def narrowed(at: u32, bits: u32) -> u64:
    """The number in the format of so many bits of precision (24 or 53)."""
    sign = sign_at(at)
    drop = u64(64) - u64(bits)
    if is_unsupported(at):
        find(u32(IE))
        return x87_pattern(bits, u32(1), special_exponent(bits) | u64(1) << u64(bits - 2))
    if x87_is_nan(at):
        if x87_is_signaling(at):
            find(u32(IE))
        payload = (significand_at(at) << 1) >> (drop + 1)
        return x87_pattern(bits, sign, special_exponent(bits) | u64(1) << u64(bits - 2) | payload)
    if x87_is_infinite(at):
        return x87_pattern(bits, sign, special_exponent(bits))
    if x87_is_zero(at):
        return x87_pattern(bits, sign, u64(0))
    bias = i64(127) if bits == 24 else i64(1023)
    exponent = magnitude_exponent(at) - BIAS + bias
    return narrow_finite(sign, exponent, magnitude(at), bits, bias + bias)


@core_function()
def narrow_finite(sign: u32, exponent: i64, significand: u64, bits: u32, greatest: i64) -> u64:
    """A number with its exponent biased as in the format, whose greatest exponent field is given."""
    drop = u64(64) - u64(bits)
    kept = significand >> drop
    rest = significand << (64 - drop)
    up = rounds_up(sign, kept & 1, rest)
    carried = i64(u64((kept + u64(up)) >> u64(bits) != 0))
    if exponent + carried < 1 and not x87_is_masked(u32(UE)):
        find(u32(UE))
        return u64(0)
    if exponent < 1:
        below = u64(1 - exponent)
        rest = lost_below(significand, u64(0), below)
        kept = shifted_down(significand, u64(0), below)
        rest = (kept << (64 - drop)) | u64(rest != 0)
        kept = kept >> drop
        up = rounds_up(sign, kept & 1, rest)
        if rest != 0:
            find(u32(PE | C1) if up else u32(PE))
            if exponent + carried < 1:
                find(u32(UE))
        return x87_pattern(bits, sign, kept + u64(up))
    if exponent + carried > greatest:
        if not x87_is_masked(u32(OE)):
            find(u32(OE))
            return u64(0)
        if overflow_to_infinity(sign):
            find(u32(OE | PE | C1))
            return x87_pattern(bits, sign, special_exponent(bits))
        find(u32(OE | PE))
        return x87_pattern(bits, sign, special_exponent(bits) - 1)
    if rest != 0:
        find(u32(PE | C1) if up else u32(PE))
    # `kept` brings the leading bit, or the carry, into the exponent field
    return x87_pattern(bits, sign, (u64(exponent - 1) << u64(bits - 1)) + kept + u64(up))
