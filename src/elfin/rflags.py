"""RFLAGS and the flag slots of the register file (SDM vol. 1, 3.4.3).

A slot holds the *source* of a flag (see `layout`): any i64 whose parity, sign, zeroness ... is the flag.
Input and output are the register file as a little-endian buffer; nothing else is read or written.
"""

from __future__ import annotations

from typing import Final

from elfin import layout

# fmt: off
CF: Final = 1 << 0
PF: Final = 1 << 2
AF: Final = 1 << 4
ZF: Final = 1 << 6
SF: Final = 1 << 7
IF: Final = 1 << 9
DF: Final = 1 << 10
OF: Final = 1 << 11
# fmt: on
ARITHMETIC: Final = CF | PF | AF | ZF | SF | OF
FIXED: Final = 1 << 1  # reads as one

BIT: Final = {"c": CF, "p": PF, "a": AF, "z": ZF, "s": SF, "o": OF}
NAME_AT: Final = {offset: name for name, offset in layout.FLAGS.items()}


def flag_of_slot(offset: int, slot: int) -> int:
    """The flag, 0 or 1, whose source in the slot at `offset` is the pattern `slot`."""
    match offset:
        case layout.FLAG_C:
            return slot & 1
        case layout.FLAG_P:
            return ~(slot & 0xFF).bit_count() & 1
        case layout.FLAG_A:
            return slot >> 4 & 1
        case layout.FLAG_Z:
            return int(slot == 0)
        case layout.FLAG_S | layout.FLAG_O:
            return slot >> 63
    raise AssertionError(f"no flag at {offset:#x}")


def slot_of_flag(offset: int, flag: int) -> int:
    """A source, for the slot at `offset`, of a flag that is 0 or 1."""
    match offset:
        case layout.FLAG_C:
            return flag
        case layout.FLAG_P | layout.FLAG_Z:
            return 1 - flag
        case layout.FLAG_A:
            return flag << 4
        case layout.FLAG_S | layout.FLAG_O:
            return flag << 63
    raise AssertionError(f"no flag at {offset:#x}")


def rflags(state: bytes | bytearray | memoryview) -> int:
    """The RFLAGS register that the slots of `state` stand for."""
    value = _u64(state, layout.FLAG_REST) | FIXED
    for name, offset in layout.FLAGS.items():
        if flag_of_slot(offset, _u64(state, offset)):
            value |= BIT[name]
    return value


def set_rflags(state: bytearray | memoryview, value: int) -> None:
    """Every flag slot of `state` becomes what RFLAGS says."""
    for name, offset in layout.FLAGS.items():
        slot = slot_of_flag(offset, int(value & BIT[name] != 0))
        state[offset : offset + 8] = slot.to_bytes(8, "little")
    rest = value & ~ARITHMETIC | FIXED
    state[layout.FLAG_REST : layout.FLAG_REST + 8] = rest.to_bytes(8, "little")


def _u64(state: bytes | bytearray | memoryview, offset: int) -> int:
    return int.from_bytes(state[offset : offset + 8], "little")
