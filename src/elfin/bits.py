"""Widths and masks: plain integer arithmetic that every layer may use.

Input and output are non-negative Python integers that stand for bit patterns.
"""

from __future__ import annotations

M8 = (1 << 8) - 1
M16 = (1 << 16) - 1
M32 = (1 << 32) - 1
M64 = (1 << 64) - 1
M128 = (1 << 128) - 1


def mask(bits: int) -> int:
    """All ones in the low `bits` bits."""
    return (1 << bits) - 1


def signed(value: int, bits: int) -> int:
    """The two's complement reading of a `bits`-wide pattern."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def sign_extend(value: int, from_bits: int, to_bits: int) -> int:
    """The pattern of the same signed number in a wider width."""
    return signed(value, from_bits) & ((1 << to_bits) - 1)


def align_down(value: int, alignment: int) -> int:
    """The largest multiple of a power of two that is not above `value`."""
    return value & -alignment


def align_up(value: int, alignment: int) -> int:
    """The smallest multiple of a power of two that is not below `value`."""
    return (value + alignment - 1) & -alignment
