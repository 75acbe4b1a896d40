"""Numbers where float functions change their mind, and states of MXCSR."""

from __future__ import annotations

from random import Random

from elfin.core import mxcsr
from elfin.ir.types import F32, F64, I32, I64, V128, Type

EDGES64 = [
    0, 1, 2, (1 << 52) - 1, 1 << 52, (1 << 52) + 1, 0x3FF << 52, (0x3FF << 52) + 1, (0x3FF << 52) - 1,
    0x7FE << 52, (0x7FF << 52) - 1, 0x7FF << 52, (0x7FF << 52) + 1, 0x7FF8 << 48, (0x7FF8 << 48) + 5,
    0x7FF4 << 48, 0x1FF << 52, 0x5FF << 52, 0x400 << 52, 0x3FE << 52, 0x3FF8 << 48, 0x3CA << 52,
    0x3CB << 52, 0x41DFFFFFFFC00000, 0x41DFFFFFFFE00000, 0x41E0 << 48, 0x43E0 << 48, 0x43DFFFFFFFFFFFFF,
    0x381 << 52, 0x380FFFFFFFFFFFFF, 0x36A0 << 48, 0x47EFFFFFE0000000, 0x47EFFFFFF0000000,
]  # fmt: skip
EDGES32 = [
    0, 1, 2, (1 << 23) - 1, 1 << 23, (1 << 23) + 1, 0x7F << 23, (0x7F << 23) + 1, (0x7F << 23) - 1,
    0xFE << 23, (0xFF << 23) - 1, 0xFF << 23, (0xFF << 23) + 1, 0x7FC0_0000, 0x7FC0_0005, 0x7FA0_0000,
    0x3F << 23, 0xBF << 23, 0x80 << 23, 0x7E << 23, 0x3FC0_0000, 103 << 23, 102 << 23, 0x4F00_0000,
    0x5F00_0000, 0x4EFF_FFFF,
]  # fmt: skip


def double(rng: Random) -> int:
    return _number(rng, 64, 52, 1023, EDGES64)


def single(rng: Random) -> int:
    return _number(rng, 32, 23, 127, EDGES32)


def _number(rng: Random, bits: int, fraction: int, bias: int, edges: list[int]) -> int:
    match rng.randrange(8):
        case 0 | 1:
            pattern = rng.choice(edges)
        case 2:
            pattern = rng.choice(edges) + rng.randrange(-3, 4)
        case 3:  # few significant bits: exact results
            pattern = (bias + rng.randrange(-6, 7)) << fraction
            pattern |= rng.getrandbits(fraction) & ~((1 << rng.randrange(fraction)) - 1)
        case 4 | 5:
            pattern = (bias + rng.randrange(-60, 61)) << fraction | rng.getrandbits(fraction)
        case 6:
            pattern = rng.getrandbits(bits) & ~((1 << rng.randrange(bits)) - 1)
        case _:
            pattern = rng.getrandbits(bits)
    return pattern & (1 << bits - 1) - 1 | rng.getrandbits(1) << bits - 1


def vector(rng: Random, lane: int) -> int:
    """A v128 of f32 or f64 lanes."""
    if lane == 64:
        return double(rng) | double(rng) << 64
    return sum(single(rng) << 32 * i for i in range(4))


def control(rng: Random) -> int:
    """MXCSR: often as programs have it, else anything."""
    if rng.random() < 0.4:
        return rng.choice((0x1F80, 0x1FA0))
    value = 0x1F80 | rng.choice((0, 0, mxcsr.PE, rng.getrandbits(6)))
    value |= rng.randrange(4) << 13
    value |= rng.choice((0, 0, mxcsr.DAZ)) | rng.choice((0, 0, mxcsr.FTZ))
    if rng.random() < 0.25:
        value &= ~(rng.getrandbits(6) << mxcsr.MASKS_AT)
    return value


def argument(rng: Random, type_: Type, lane: int) -> int:
    """A parameter of a core function; `lane` is the float width that the function works with."""
    if type_ is V128:
        return vector(rng, lane)
    if type_ in (I64, F64):
        return double(rng) if rng.random() < 0.8 else rng.getrandbits(64) >> rng.randrange(64)
    if type_ in (I32, F32):
        return single(rng)
    raise AssertionError(type_)
