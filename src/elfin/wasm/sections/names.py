"""The custom section "name": what debuggers, profiles and our printer call things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from elfin.records import dataclass, field
from elfin.wasm.cursor import Cursor
from elfin.wasm.leb import unsigned
from elfin.wasm.types import name_bytes, sized, vector

SECTION_NAME: Final = "name"
_MODULE, _FUNCTIONS, _LOCALS = 0, 1, 2


def _map(names: Mapping[int, str]) -> bytes:
    return vector(unsigned(index) + name_bytes(names[index]) for index in sorted(names))


def _read_map(cursor: Cursor) -> dict[int, str]:
    return dict(cursor.vector(lambda c: (c.unsigned(), c.name())))


@dataclass(slots=True)
class Names:
    module: str = ""
    functions: dict[int, str] = field(default_factory=dict)
    locals: dict[int, dict[int, str]] = field(default_factory=dict)

    def encode(self) -> bytes:
        out = b""
        if self.module:
            out += bytes([_MODULE]) + sized(name_bytes(self.module))
        if self.functions:
            out += bytes([_FUNCTIONS]) + sized(_map(self.functions))
        if self.locals:
            inner = vector(unsigned(i) + _map(self.locals[i]) for i in sorted(self.locals))
            out += bytes([_LOCALS]) + sized(inner)
        return out

    @staticmethod
    def decode(cursor: Cursor) -> Names:
        names = Names()
        while cursor.more:
            kind, payload = cursor.byte(), Cursor(cursor.sized())
            if kind == _MODULE:
                names.module = payload.name()
            elif kind == _FUNCTIONS:
                names.functions = _read_map(payload)
            elif kind == _LOCALS:
                names.locals = dict(payload.vector(lambda c: (c.unsigned(), _read_map(c))))
        return names
