"""Constant expressions: one `const` or `global.get` instruction and `end` (Core spec 5.4.9)."""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.leb import signed, unsigned
from elfin.wasm.opcodes import code

_FLOAT_SIZE: Final = {"f32": 4, "f64": 8}
_END: Final = code("end")
_GLOBAL: Final = code("global.get")


@dataclass(frozen=True, slots=True)
class GlobalGet:
    """The value of an imported global that does not change."""

    index: int

    def encode(self) -> bytes:
        return _GLOBAL + unsigned(self.index) + _END


def read_index(cursor: Cursor) -> int | GlobalGet:
    """The value of a constant expression, or whose it is."""
    if cursor.data[cursor.at : cursor.at + len(_GLOBAL)] != _GLOBAL:
        return read_const(cursor)
    cursor.take(len(_GLOBAL))
    index = cursor.unsigned()
    _end(cursor)
    return GlobalGet(index)


def const(type_: str, value: int) -> bytes:
    """A constant of `i32`, `i64` (signed), `f32` or `f64` (bit pattern)."""
    if type_ in _FLOAT_SIZE:
        payload = value.to_bytes(_FLOAT_SIZE[type_], "little")
    else:
        payload = signed(value)
    return code(f"{type_}.const") + payload + _END


def read_const(cursor: Cursor) -> int:
    """The value of a constant expression."""
    opcode = bytes([cursor.byte()])
    for type_, size in _FLOAT_SIZE.items():
        if opcode == code(f"{type_}.const"):
            value = int.from_bytes(cursor.take(size), "little")
            break
    else:
        if opcode not in (code("i32.const"), code("i64.const")):
            raise ValueError(f"not a constant expression: {opcode.hex()}")
        value = cursor.signed()
    _end(cursor)
    return value


def _end(cursor: Cursor) -> None:
    if bytes([cursor.byte()]) != _END:
        raise ValueError("constant expression is longer than one instruction")
