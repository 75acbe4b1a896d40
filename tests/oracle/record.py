"""One machine state as bytes, the same for every executor, and where its memory lies.

A record holds a state before the instruction; an executor gives back the record of the state after it.
General registers and RIP lie as in `elfin.layout`, so that they can be copied in one piece.

    CODE   instructions, 512 bytes apart, in a sea of INT3
    DATA   one page, read and write: its bytes are part of the record
    RODATA one page behind it, read only, always with the same bytes
    all else is unmapped
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from typing import Final

from elfin import layout

CODE: Final = 0x10_0000
SLOT: Final = 512  # one instruction in the middle: a branch of one byte lands on INT3
SLOTS: Final = 256
CODE_SIZE: Final = SLOT * SLOTS
DATA: Final = 0x14_0000
RODATA: Final = 0x14_1000
PAGE: Final = 0x1000
RODATA_BYTES: Final = random.Random(1).randbytes(PAGE)

RIP: Final = layout.RIP
RFLAGS: Final = 0x88
FS_BASE: Final = 0x90
GS_BASE: Final = 0x98
VECTOR: Final = 0xA0  # after the instruction: exception, or DONE
ERROR: Final = 0xA8
CR2: Final = 0xB0
SIGNAL: Final = 0xB8  # native only: what Linux made of it
SIGNAL_ADDRESS: Final = 0xC0
SIGNAL_CODE: Final = 0xC8
SELECTORS: Final = 0xD0  # es, ds, fs, gs, 8 bytes each; null before the instruction
FX: Final = 0x100  # FXSAVE64 image, of which the last 96 bytes mean nothing
FX_USED: Final = 416
FX_SIZE: Final = 512
MXCSR: Final = FX + 24
ST: Final = FX + 32
XMM: Final = FX + 160
MEMORY: Final = 0x300
SIZE: Final = MEMORY + PAGE

DONE: Final = 0xFFFF  # VECTOR of an instruction that faulted not
# CF PF AF ZF SF DF OF AC; the others cannot be set from user mode or say how a trap came.
RFLAGS_SEEN: Final = 0x40CD5
FX_DEFAULT: Final = struct.pack("<HHBBHQQII", 0x37F, 0, 0, 0, 0, 0, 0, 0x1F80, 0xFFFF) + bytes(480)

_HEADER: Final = struct.Struct("<20Q")


@dataclass(frozen=True, slots=True)
class Case:
    """One instruction at its place in CODE, and the record to run it on."""

    at: int
    code: bytes
    record: bytes


def header(record: bytes | bytearray | memoryview) -> tuple[int, ...]:
    """General registers, RIP, RFLAGS, FS and GS base."""
    return _HEADER.unpack_from(record)


def quad(record: bytes | bytearray | memoryview, offset: int) -> int:
    return int.from_bytes(record[offset : offset + 8], "little")


def set_quad(record: bytearray, offset: int, value: int) -> None:
    record[offset : offset + 8] = (value & (1 << 64) - 1).to_bytes(8, "little")


def slot_address(number: int) -> int:
    """Where the instruction of a slot starts."""
    return CODE + number * SLOT + SLOT // 2
