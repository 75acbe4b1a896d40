"""Functions -> one Wasm module.

Input:  `ir.stmt.Function`s that call one another and imports by name; memory, tables, data.
Output: the module's bytes, with a name section.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from elfin.codegen.function import compile_function
from elfin.ir.stmt import Function
from elfin.ir.types import I32, Type
from elfin.records import dataclass
from elfin.wasm.expr import GlobalGet
from elfin.wasm.module import Module
from elfin.wasm.sections.data import Data
from elfin.wasm.sections.elements import Element
from elfin.wasm.sections.exports import Export
from elfin.wasm.sections.imports import Import
from elfin.wasm.types import FuncType, GlobalType, Limits, TableType


@dataclass(frozen=True, slots=True)
class FunctionImport:
    """A function from outside; calls name it `name`."""

    name: str
    params: tuple[Type, ...]
    results: tuple[Type, ...]
    module: str = "env"
    field: str = ""  # its name there, if that is another one


@dataclass(frozen=True, slots=True)
class Table:
    """The one table, of functions `() -> i32`: imported if `imported` is given.

    `elements` puts functions by name from an index on, or from an imported one: module and name of a global.
    """

    minimum: int
    maximum: int | None = None
    imported: tuple[str, str] | None = None
    export: str | None = None
    elements: tuple[tuple[int | tuple[str, str], tuple[str, ...]], ...] = ()


def build(
    functions: Sequence[Function],
    *,
    memory_import: tuple[str, str, int] | None = ("env", "memory", 1),
    memory_export: str | None = None,
    memory: int | None = None,
    imports: Sequence[FunctionImport] = (),
    data: Iterable[tuple[int, bytes]] = (),
    table: Table | None = None,
    name: str = "",
    labels: Mapping[str, str] | None = None,
    wide: bool = False,
) -> bytes:
    """The module.  `memory` is a number of 64 KiB pages: a memory of its own, exported as "memory".
    `labels`: other names of functions for the name section.  `wide`: the engine has wide arithmetic."""
    module = Module()
    module.names.module = name
    signatures = [(f.name, f.params, f.results) for f in imports]
    signatures += [(f.name, tuple(p.type for p in f.params), f.results) for f in functions]
    indices = {signature[0]: index for index, signature in enumerate(signatures)}
    if len(indices) != len(signatures):
        raise ValueError(f"a function name stands twice in module {name!r}")
    counts = {signature[0]: len(signature[2]) for signature in signatures}
    types = [module.type_index(_type(params, results)) for _, params, results in signatures]
    shown = labels or {}
    module.names.functions = {index: shown.get(known, known) for known, index in indices.items()}
    for function, type_index in zip(imports, types, strict=False):
        module.imports.append(Import(function.module, function.field or function.name, type_index))
    _memory(module, memory_import, memory)
    if memory_export is not None:
        module.exports.append(Export(memory_export, "memory", 0))
    if table is not None:
        _table(module, table, indices)
    module.functions = types[len(imports) :]
    table_type = 0 if table is None else module.type_index(_type((), (I32,)))
    for body in functions:
        module.codes.append(compile_function(body, indices, counts, table_type, wide=wide))
        if body.export is not None:
            module.exports.append(Export(body.export, "func", indices[body.name]))
    module.data = [Data(address, payload) for address, payload in data]
    return module.encode()


def _type(params: tuple[Type, ...], results: tuple[Type, ...]) -> FuncType:
    return FuncType(tuple(t.wasm for t in params), tuple(t.wasm for t in results))


def _memory(module: Module, imported: tuple[str, str, int] | None, own: int | None) -> None:
    if own is not None:
        module.memories.append(Limits(own))
        module.exports.append(Export("memory", "memory", 0))
    elif imported is not None:
        module.imports.append(Import(imported[0], imported[1], Limits(imported[2])))


def _table(module: Module, table: Table, indices: dict[str, int]) -> None:
    type_ = TableType(Limits(table.minimum, table.maximum))
    if table.imported is not None:
        module.imports.append(Import(*table.imported, type_))
    else:
        module.tables.append(type_)
    if table.export is not None:
        module.exports.append(Export(table.export, "table", 0))
    for at, names in table.elements:
        offset = at if isinstance(at, int) else _imported_global(module, *at)
        module.elements.append(Element(offset, tuple(indices[n] for n in names)))


def _imported_global(module: Module, where: str, name: str) -> GlobalGet:
    index = sum(isinstance(known.what, GlobalType) for known in module.imports)
    module.imports.append(Import(where, name, GlobalType("i32")))
    return GlobalGet(index)
