"""Section 11: data segments, and 12: their number (needed by `memory.init`)."""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.expr import const, read_const
from elfin.wasm.types import sized

ID: Final = 11
COUNT_ID: Final = 12


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes put at `offset` of memory 0 at instantiation; passive if `offset` is None."""

    offset: int | None
    payload: bytes

    def encode(self) -> bytes:
        if self.offset is None:
            return b"\1" + sized(self.payload)
        return b"\0" + const("i32", self.offset) + sized(self.payload)

    @staticmethod
    def decode(cursor: Cursor) -> Data:
        kind = cursor.unsigned()
        if kind > 1:
            raise ValueError("only segments of memory 0 are known")
        return Data(read_const(cursor) if kind == 0 else None, cursor.sized())
