"""Reads the instructions of a function body (Core spec 5.4).

Input:  bytes.
Output: `Instruction`s: the row of the opcode and its immediates as Python values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.opcodes import BY_CODE, Imm, Opcode
from elfin.wasm.types import VALUE_NAMES, read_value_types

PREFIXES: Final = (0xFC, 0xFD)
EMPTY: Final = 0x40


@dataclass(frozen=True, slots=True)
class Instruction:
    """`at` is its offset in the body."""

    at: int
    opcode: Opcode
    immediates: tuple[Any, ...]


def instructions(body: bytes) -> Iterator[Instruction]:
    """All instructions of a body, the last `end` included."""
    cursor = Cursor(body)
    while cursor.more:
        at = cursor.at
        byte = cursor.byte()
        key = (byte, cursor.unsigned()) if byte in PREFIXES else (0, byte)
        opcode = BY_CODE.get(key)
        if opcode is None:
            raise ValueError(f"unknown instruction {body[at : at + 4].hex(' ')} at {at:#x}")
        yield Instruction(at, opcode, _IMMEDIATES[opcode.imm](cursor))


def _numbers(count: int) -> Callable[[Cursor], tuple[Any, ...]]:
    return lambda cursor: tuple(cursor.unsigned() for _ in range(count))


def _block(cursor: Cursor) -> tuple[Any, ...]:
    """The result's type, an index of a function type, or nothing."""
    first = cursor.data[cursor.at]
    if first == EMPTY or first in VALUE_NAMES:
        cursor.at += 1
        return () if first == EMPTY else (VALUE_NAMES[first],)
    return (cursor.signed(),)


def _float(size: int) -> Callable[[Cursor], tuple[Any, ...]]:
    """The bit pattern."""
    return lambda cursor: (int.from_bytes(cursor.take(size), "little"),)


def _memarg_lane(cursor: Cursor) -> tuple[Any, ...]:
    return cursor.unsigned(), cursor.unsigned(), cursor.byte()


_IMMEDIATES: Final[dict[Imm, Callable[[Cursor], tuple[Any, ...]]]] = {
    Imm.NONE: lambda cursor: (),
    Imm.BLOCK: _block,
    Imm.LABELS: lambda cursor: (*cursor.vector(Cursor.unsigned), cursor.unsigned()),
    **{
        imm: _numbers(1)
        for imm in (Imm.LABEL, Imm.FUNCTION, Imm.LOCAL, Imm.GLOBAL, Imm.TABLE, Imm.MEMORY, Imm.DATA)
    },
    Imm.ELEMENT: _numbers(1),
    **{
        imm: _numbers(2)
        for imm in (Imm.INDIRECT, Imm.TABLES, Imm.MEMARG, Imm.MEMORIES, Imm.DATA_MEMORY)
    },
    Imm.ELEMENT_TABLE: _numbers(2),
    Imm.TYPES: read_value_types,
    Imm.REFERENCE: lambda cursor: (VALUE_NAMES[cursor.byte()],),
    Imm.I32: lambda cursor: (cursor.signed(),),
    Imm.I64: lambda cursor: (cursor.signed(),),
    Imm.F32: _float(4),
    Imm.F64: _float(8),
    Imm.V128: _float(16),
    Imm.LANE: lambda cursor: (cursor.byte(),),
    Imm.LANES: lambda cursor: tuple(cursor.take(16)),
    Imm.MEMARG_LANE: _memarg_lane,
}
