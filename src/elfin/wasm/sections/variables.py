"""Section 6: globals with their initial value, a constant expression."""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.expr import const, read_const
from elfin.wasm.types import GlobalType

ID: Final = 6


@dataclass(frozen=True, slots=True)
class Global:
    """`value` is an integer; for float types its bit pattern."""

    type: GlobalType
    value: int

    def encode(self) -> bytes:
        return self.type.encode() + const(self.type.type, self.value)

    @staticmethod
    def decode(cursor: Cursor) -> Global:
        type_ = GlobalType.decode(cursor)
        return Global(type_, read_const(cursor))
