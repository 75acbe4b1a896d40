"""Register names (SDM vol. 1, 3.4 and 3.7.2.1): what text and messages call them."""

from __future__ import annotations

from typing import Final

_NUMBERED: Final = tuple(f"r{n}" for n in range(8, 16))
GPR64: Final = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *_NUMBERED)
GPR32: Final = (
    "eax",
    "ecx",
    "edx",
    "ebx",
    "esp",
    "ebp",
    "esi",
    "edi",
    *(f"{n}d" for n in _NUMBERED),
)
GPR16: Final = ("ax", "cx", "dx", "bx", "sp", "bp", "si", "di", *(f"{n}w" for n in _NUMBERED))
GPR8: Final = ("al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", *(f"{n}b" for n in _NUMBERED))
GPR8_HIGH: Final = ("al", "cl", "dl", "bl", "ah", "ch", "dh", "bh")  # without a REX prefix
SEGMENTS: Final = ("es", "cs", "ss", "ds", "fs", "gs")

GENERAL: Final = {16: GPR16, 32: GPR32, 64: GPR64}


def general(number: int, bits: int, rex: bool = True) -> str:
    """The general register `number` (encoding order), or its low part."""
    if bits == 8:
        return GPR8_HIGH[number] if number < 8 and not rex else GPR8[number]
    return GENERAL[bits][number]


def vector(number: int, bits: int) -> str:
    """xmm, ymm or zmm: the narrowest that holds `bits` bits."""
    return f"{'x' if bits <= 128 else 'y' if bits == 256 else 'z'}mm{number}"
