"""Section 9: elements, the functions that fill tables; active segments of table 0 only."""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.expr import GlobalGet, const, read_index
from elfin.wasm.leb import unsigned
from elfin.wasm.types import vector

ID: Final = 9


@dataclass(frozen=True, slots=True)
class Element:
    """Functions (by index) for the table from `offset` on."""

    offset: int | GlobalGet
    functions: tuple[int, ...]

    def encode(self) -> bytes:
        at = self.offset
        where = const("i32", at) if isinstance(at, int) else at.encode()
        return b"\0" + where + vector(unsigned(n) for n in self.functions)

    @staticmethod
    def decode(cursor: Cursor) -> Element:
        if cursor.unsigned() != 0:
            raise ValueError("only active element segments of table 0 are known")
        offset = read_index(cursor)
        return Element(offset, tuple(cursor.vector(Cursor.unsigned)))
