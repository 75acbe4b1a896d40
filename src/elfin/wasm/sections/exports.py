"""Section 7: exports."""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.leb import unsigned
from elfin.wasm.types import name_bytes

ID: Final = 7
KINDS: Final = ("func", "table", "memory", "global")


@dataclass(frozen=True, slots=True)
class Export:
    """`kind` is one of `KINDS`, `index` counts within the kind, imports first."""

    name: str
    kind: str
    index: int

    def encode(self) -> bytes:
        return name_bytes(self.name) + bytes([KINDS.index(self.kind)]) + unsigned(self.index)

    @staticmethod
    def decode(cursor: Cursor) -> Export:
        name, kind = cursor.name(), KINDS[cursor.byte()]
        return Export(name, kind, cursor.unsigned())
