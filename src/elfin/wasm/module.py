"""`Module`: the sections of one Wasm module, to and from bytes (Core spec 5.5).

Input and output are plain lists in index order.  Nothing here knows IR, guests or engines.
Tables, memories, functions and types have no file of their own: each is a vector of one `wasm.types`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.records import dataclass, field
from elfin.wasm.cursor import Cursor
from elfin.wasm.leb import unsigned
from elfin.wasm.sections import codes, data, elements, exports, hints, imports, names, variables
from elfin.wasm.sections.codes import Code
from elfin.wasm.sections.data import Data
from elfin.wasm.sections.elements import Element
from elfin.wasm.sections.exports import Export
from elfin.wasm.sections.imports import Import
from elfin.wasm.sections.names import Names
from elfin.wasm.sections.variables import Global
from elfin.wasm.types import FuncType, Limits, TableType, name_bytes, sized, vector

MAGIC: Final = b"\0asm\1\0\0\0"
CUSTOM, TYPE, FUNCTION, TABLE, MEMORY, START = 0, 1, 3, 4, 5, 8


@dataclass(slots=True)
class Module:
    """`functions` are type indices; `codes` the bodies in the same order."""

    types: list[FuncType] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    tables: list[TableType] = field(default_factory=list)
    memories: list[Limits] = field(default_factory=list)
    globals: list[Global] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    start: int | None = None
    elements: list[Element] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    data: list[Data] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    custom: dict[str, bytes] = field(default_factory=dict)

    def type_index(self, type_: FuncType) -> int:
        """The index of a function type, added when it is new."""
        if type_ not in self.types:
            self.types.append(type_)
        return self.types.index(type_)

    @property
    def imported_functions(self) -> list[Import]:
        return [i for i in self.imports if isinstance(i.what, int)]

    def encode(self) -> bytes:
        """The module's bytes; empty sections are left out."""
        out = bytearray(MAGIC)

        def section(number: int, items: list[bytes]) -> None:
            if items:
                out.append(number)
                out.extend(sized(vector(items)))

        section(TYPE, [t.encode() for t in self.types])
        section(imports.ID, [i.encode() for i in self.imports])
        section(FUNCTION, [unsigned(index) for index in self.functions])
        section(TABLE, [t.encode() for t in self.tables])
        section(MEMORY, [m.encode() for m in self.memories])
        section(variables.ID, [g.encode() for g in self.globals])
        section(exports.ID, [e.encode() for e in self.exports])
        if self.start is not None:
            out.append(START)
            out.extend(sized(unsigned(self.start)))
        section(elements.ID, [e.encode() for e in self.elements])
        if self.data:
            out.append(data.COUNT_ID)
            out.extend(sized(unsigned(len(self.data))))
        if hinted := hints.encode(self.codes, len(self.imported_functions)):
            out.append(CUSTOM)
            out.extend(sized(name_bytes(hints.NAME) + hinted))
        section(codes.ID, [c.encode() for c in self.codes])
        section(data.ID, [d.encode() for d in self.data])
        known = self.names.encode()
        custom = {**self.custom, names.SECTION_NAME: known} if known else self.custom
        for name, payload in custom.items():
            out.append(CUSTOM)
            out.extend(sized(name_bytes(name) + payload))
        return bytes(out)

    @staticmethod
    def decode(binary: bytes) -> Module:
        """The module of these bytes.  ValueError for what this project never writes."""
        if binary[:8] != MAGIC:
            raise ValueError("not a Wasm module")
        module = Module()
        cursor = Cursor(binary, 8)
        while cursor.more:
            number, payload = cursor.byte(), Cursor(cursor.sized())
            if number == CUSTOM:
                name = payload.name()
                if name == names.SECTION_NAME:
                    module.names = Names.decode(payload)
                elif name != hints.NAME:  # for engines only
                    module.custom[name] = payload.take(payload.end - payload.at)
            else:
                _READERS[number](module, payload)
        return module


def _read_start(module: Module, cursor: Cursor) -> None:
    module.start = cursor.unsigned()


_READERS: Final[dict[int, Callable[[Module, Cursor], None]]] = {
    TYPE: lambda m, c: m.types.extend(c.vector(FuncType.decode)),
    imports.ID: lambda m, c: m.imports.extend(c.vector(Import.decode)),
    FUNCTION: lambda m, c: m.functions.extend(c.vector(Cursor.unsigned)),
    TABLE: lambda m, c: m.tables.extend(c.vector(TableType.decode)),
    MEMORY: lambda m, c: m.memories.extend(c.vector(Limits.decode)),
    variables.ID: lambda m, c: m.globals.extend(c.vector(Global.decode)),
    exports.ID: lambda m, c: m.exports.extend(c.vector(Export.decode)),
    START: _read_start,
    elements.ID: lambda m, c: m.elements.extend(c.vector(Element.decode)),
    data.COUNT_ID: lambda m, c: None,
    codes.ID: lambda m, c: m.codes.extend(c.vector(Code.decode)),
    data.ID: lambda m, c: m.data.extend(c.vector(Data.decode)),
}


def exported_types(binary: bytes) -> dict[str, tuple[str, ...]]:
    """The parameters of each exported function by name; bodies and data are not looked at."""
    module = Module()
    cursor = Cursor(binary, len(MAGIC))
    while cursor.more:
        number, payload = cursor.byte(), Cursor(cursor.sized())
        if number in (TYPE, imports.ID, FUNCTION, exports.ID):
            _READERS[number](module, payload)
    types = [i.what for i in module.imports if isinstance(i.what, int)] + module.functions
    return {e.name: module.types[types[e.index]].params for e in module.exports if e.kind == "func"}
