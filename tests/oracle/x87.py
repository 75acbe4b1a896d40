"""x87 states for the oracle: random ones in which the edges are common, and their differences in words."""

from __future__ import annotations

import struct
from random import Random
from typing import Final

from tests.oracle import record

SIGNIFICANDS: Final = (
    1 << 63, 3 << 62, (1 << 64) - 1, (1 << 63) + 1, (1 << 63) | 1 << 10, (1 << 63) | 1 << 11,
    (1 << 64) - (1 << 11), (1 << 64) - (1 << 10), (1 << 64) - (1 << 40), (1 << 63) | 1 << 39,
    (1 << 63) | 3 << 10, 0xC90F_DAA2_2168_C235, 5 << 61, 0xA << 60,
)  # fmt: skip
FLAG_NAMES: Final = [
    "IE",
    "DE",
    "ZE",
    "OE",
    "UE",
    "PE",
    "SF",
    "ES",
    "C0",
    "C1",
    "C2",
    "T",
    "T",
    "T",
    "C3",
    "B",
]


def significand(rng: Random) -> int:
    """With its leading bit."""
    choice = rng.random()
    if choice < 0.4:
        return rng.choice(SIGNIFICANDS)
    if choice < 0.7:
        return (rng.getrandbits(rng.randrange(1, 64)) << rng.randrange(64) | 1 << 63) & (
            1 << 64
        ) - 1
    return rng.getrandbits(64) | 1 << 63


def number80(rng: Random) -> bytes:
    """Ten bytes: most often a number of everyday size."""
    sign = rng.getrandbits(1) << 15
    choice = rng.random()
    mantissa = significand(rng)
    if choice < 0.45:
        exponent = 16383 + rng.randrange(-70, 70)
    elif choice < 0.55:  # about the limits of f32 and f64
        exponent = 16383 + rng.choice((-1075, -1023, -150, -127, 127, 1023)) + rng.randrange(-2, 4)
    elif choice < 0.65:
        exponent = rng.choice((1, 2, 3, 64, 65, 0x7FFE, 0x7FFD, 0x7FBF))
    elif choice < 0.72:
        exponent = rng.randrange(1, 0x7FFF)
    elif choice < 0.78:
        exponent, mantissa = 0, rng.choice((0, 0, 1, mantissa >> rng.randrange(1, 64)))
    elif choice < 0.80:  # pseudo-denormal
        exponent = 0
    elif choice < 0.84:
        exponent, mantissa = 0, 0
    elif choice < 0.88:
        exponent, mantissa = 0x7FFF, 1 << 63
    elif choice < 0.95:
        exponent = 0x7FFF
    else:  # not supported
        exponent, mantissa = rng.choice((0x7FFF, rng.randrange(1, 0x7FFF))), mantissa & ~(1 << 63)
    return struct.pack("<QH", mantissa, sign | exponent)


def random_x87(r: bytearray, rng: Random) -> None:
    """The x87 part of a record's FXSAVE image."""
    control = 0x37F
    if rng.random() < 0.5:
        control = 0x7F | rng.choice((0, 0x200, 0x300, 0x300)) | rng.randrange(4) << 10
    if rng.random() < 0.2:
        control &= ~rng.getrandbits(6)
    status = rng.randrange(8) << 11
    if rng.random() < 0.4:
        status |= rng.getrandbits(16) & 0x477F & ~(0 if rng.random() < 0.5 else 0x7F)
    if rng.random() < 0.9:
        status &= ~(~control & 0x3F)
    if status & ~control & 0x3F:
        status |= 0x8080
    full = 0xFF if rng.random() < 0.3 else rng.getrandbits(8) | rng.getrandbits(8)
    if rng.random() < 0.4:  # room for a push
        full &= ~(1 << ((status >> 11) - 1 & 7))
    if rng.random() < 0.6:  # operands are there
        for n in (0, 1):
            full |= 1 << ((status >> 11) + n & 7)
    struct.pack_into("<HHBB", r, record.FX, control, status, full, 0)
    for n in range(8):
        r[record.ST + 16 * n : record.ST + 16 * n + 10] = number80(rng)
    if rng.random() < 0.3:  # numbers of about the same size
        n = rng.randrange(1, 8)
        at = record.ST + 16 * n
        r[at : at + 10] = r[record.ST : record.ST + 10]
        r[at] ^= rng.choice((0, 0, 1, 0xFF))
        r[at + 8] ^= rng.choice((0, 0, 1, 3))
        r[at + 9] ^= rng.choice((0, 0x80))


def x87_operands(r: bytearray, rng: Random) -> None:
    """Numbers of 80 bits in memory."""
    if rng.random() < 0.5:
        shift = rng.randrange(16)
        for at in range(record.MEMORY + shift, record.SIZE - 16, 16):
            if rng.random() < 0.3:
                r[at : at + 10] = number80(rng)


def describe_x87(r: bytes) -> str:
    """Control, status and stack in short."""
    control, status, full = struct.unpack_from("<HHB", r, record.FX)
    flags = " ".join(n for i, n in enumerate(FLAG_NAMES) if n != "T" and status >> i & 1)
    top = status >> 11 & 7
    stack = [_number(r, n) + ("" if full >> (top + n & 7) & 1 else "(empty)") for n in range(8)]
    return f"fcw={control:#x} fsw={status:#x} [{flags}] top={top} full={full:08b} " + " ".join(
        stack
    )


def _number(r: bytes, n: int) -> str:
    mantissa, high = struct.unpack_from("<QH", r, record.ST + 16 * n)
    return f"st{n}={high:04x}:{mantissa:016x}"


def x87_differences(expected: bytes, got: bytes) -> list[str]:
    """One line for each part that differs."""
    found = []
    names = ("fcw", "fsw", "tags", "", "fop", "fip", "fdp")
    a, b = (struct.unpack_from("<HHBBHQQ", r, record.FX) for r in (expected, got))
    for name, x, y in zip(names, a, b, strict=True):
        if x != y:
            more = ""
            if name == "fsw":
                more = " differs in " + " ".join(
                    n for i, n in enumerate(FLAG_NAMES) if (x ^ y) >> i & 1
                )
            found.append(f"{name}: native {x:#x}, here {y:#x}{more}")
    for n in range(8):
        x, y = _number(expected, n), _number(got, n)
        if x != y:
            found.append(f"native {x}, here {y}")
    return found
