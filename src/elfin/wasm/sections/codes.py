"""Section 10: function bodies."""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.leb import unsigned
from elfin.wasm.types import VALUE_NAMES, VALUE_TYPES, vector

ID: Final = 10


@dataclass(frozen=True, slots=True)
class Code:
    """`locals` are runs (count, type), parameters not included; `body` ends with `end`.

    `rare` are the offsets in `body` of branches that are hardly ever taken (see `hints`).
    """

    locals: tuple[tuple[int, str], ...]
    body: bytes
    rare: tuple[int, ...] = ()

    def runs(self) -> bytes:
        """The declaration of the locals, which stands before the body."""
        return vector(unsigned(n) + bytes([VALUE_TYPES[name]]) for n, name in self.locals)

    def encode(self) -> bytes:
        runs = self.runs()
        return unsigned(len(runs) + len(self.body)) + runs + self.body

    @staticmethod
    def decode(cursor: Cursor) -> Code:
        size = cursor.unsigned()
        end = cursor.at + size
        runs = cursor.vector(lambda c: (c.unsigned(), VALUE_NAMES[c.byte()]))
        return Code(tuple(runs), cursor.take(end - cursor.at))
