"""Section 2: imports."""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.leb import unsigned
from elfin.wasm.types import GlobalType, Limits, TableType, name_bytes

ID: Final = 2


@dataclass(frozen=True, slots=True)
class Import:
    """`what` is a type index for a function."""

    module: str
    name: str
    what: int | TableType | Limits | GlobalType

    def encode(self) -> bytes:
        names = name_bytes(self.module) + name_bytes(self.name)
        match self.what:
            case int(type_index):
                return names + b"\0" + unsigned(type_index)
            case TableType():
                return names + b"\1" + self.what.encode()
            case Limits():
                return names + b"\2" + self.what.encode()
            case GlobalType():
                return names + b"\3" + self.what.encode()

    @staticmethod
    def decode(cursor: Cursor) -> Import:
        module, name, kind = cursor.name(), cursor.name(), cursor.byte()
        if kind == 0:
            return Import(module, name, cursor.unsigned())
        if kind == 1:
            return Import(module, name, TableType.decode(cursor))
        if kind == 2:
            return Import(module, name, Limits.decode(cursor))
        return Import(module, name, GlobalType.decode(cursor))
