"""Prints modules in the manner of WAT, for people, golden tests and `elfin show --stage wasm`.

Input:  `Module`.
Output: text: one instruction a line, calls by name where the module has names.  Indentation stops growing at
        DEEPEST, because a big switch nests thousands of blocks.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from typing import Final

from elfin.wasm.instructions import Instruction, instructions
from elfin.wasm.module import Module
from elfin.wasm.opcodes import Imm
from elfin.wasm.sections.codes import Code
from elfin.wasm.sections.imports import Import
from elfin.wasm.types import FuncType, GlobalType, Limits, TableType

DEEPEST: Final = 16
PLAIN: Final = re.compile(r"[0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]+")


Lines = Callable[[Module, int], Iterator[str]]


def module_text(module: Module, function: Lines | None = None) -> str:
    """The whole module; data only as address and size.  `function` writes functions in another form."""
    write = function or function_lines
    lines = [f"(module {_id(module.names.module)}" if module.names.module else "(module"]
    lines += [f"  {line}" for line in _heads(module)]
    for index in range(len(module.codes)):
        lines += [f"  {line}" for line in write(module, index)]
    return "\n".join(lines) + ")\n"


def function_text(module: Module, index: int) -> str:
    """The `index`th function with a body."""
    return "\n".join(function_lines(module, index)) + "\n"


def function_lines(module: Module, index: int) -> Iterator[str]:
    """The lines of a function: head, locals, body."""
    yield head(module, index)
    depth = 1
    for instruction in instructions(module.codes[index].body):
        name = instruction.opcode.name
        if name in ("end", "else"):
            depth -= 1
        if depth == 0:
            break
        yield "  " * min(depth, DEEPEST) + line(module, instruction)
        if name in ("block", "loop", "if", "else"):
            depth += 1
    yield ")"


def head(module: Module, index: int) -> str:
    """The first line of a function: name, signature, locals."""
    number = index + len(module.imported_functions)
    type_ = module.types[module.functions[index]]
    return f"(func {_name(module, number)}{_signature(type_)}{_locals(module.codes[index])}"


def line(module: Module, instruction: Instruction) -> str:
    """One instruction."""
    opcode, immediates = instruction.opcode, instruction.immediates
    match opcode.imm:
        case Imm.MEMARG | Imm.MEMARG_LANE:
            align, offset, *lane = immediates
            words = [f"offset={offset}"] if offset else []
            if 1 << align != opcode.size:
                words.append(f"align={1 << align}")
            words += map(str, lane)
        case Imm.FUNCTION:
            words = [_name(module, immediates[0])]
        case Imm.BLOCK:
            words = [f"(result {i})" if isinstance(i, str) else f"(type {i})" for i in immediates]
        case Imm.MEMORY | Imm.MEMORIES:
            words = []
        case Imm.F32:
            words = [repr(struct.unpack("<f", struct.pack("<I", *immediates))[0])]
        case Imm.F64:
            words = [repr(struct.unpack("<d", struct.pack("<Q", *immediates))[0])]
        case Imm.V128:
            lanes = immediates[0] & (1 << 64) - 1, immediates[0] >> 64
            words = ["i64x2", *map(hex, lanes)]
        case Imm.INDIRECT:
            words = [f"(type {immediates[0]})"]
            if immediates[1]:
                words.insert(0, str(immediates[1]))
        case _:
            words = list(map(str, immediates))
    return " ".join([opcode.name.removesuffix("_t"), *words])  # select with and without a type


def _heads(module: Module) -> Iterator[str]:
    for imported in module.imports:
        yield f'(import "{imported.module}" "{imported.name}" {_import(module, imported)})'
    for memory in module.memories:
        yield f"(memory {_limits(memory)})"
    for table in module.tables:
        yield f"(table {_limits(table.limits)} {table.element})"
    for variable in module.globals:
        yield f"(global {_global(variable.type)} ({variable.type.type}.const {variable.value}))"
    for export in module.exports:
        what = _name(module, export.index) if export.kind == "func" else str(export.index)
        yield f'(export "{export.name}" ({export.kind} {what}))'
    for element in module.elements:
        names = " ".join(_name(module, f) for f in element.functions)
        at = element.offset
        where = f"i32.const {at}" if isinstance(at, int) else f"global.get {at.index}"
        yield f"(elem ({where}) {names})"
    for data in module.data:
        where = "" if data.offset is None else f"(i32.const {data.offset}) "
        yield f"(data {where}(; {len(data.payload)} bytes ;))"


def _import(module: Module, imported: Import) -> str:
    match imported.what:
        case int(index):
            number = module.imported_functions.index(imported)
            return f"(func {_name(module, number)}{_signature(module.types[index])})"
        case TableType(limits, element):
            return f"(table {_limits(limits)} {element})"
        case Limits():
            return f"(memory {_limits(imported.what)})"
        case GlobalType():
            return f"(global {_global(imported.what)})"


def _name(module: Module, index: int) -> str:
    name = module.names.functions.get(index)
    return str(index) if name is None else _id(name)


def _id(name: str) -> str:
    """An identifier; quoted where it is not of the characters that one may have (Core spec 6.3.5)."""
    return f"${name}" if PLAIN.fullmatch(name) else f"${json.dumps(name, ensure_ascii=False)}"


def _limits(limits: Limits) -> str:
    most = "" if limits.maximum is None else f" {limits.maximum}"
    return f"{limits.minimum}{most}"


def _global(type_: GlobalType) -> str:
    return f"(mut {type_.type})" if type_.mutable else type_.type


def _signature(type_: FuncType) -> str:
    params = f" (param {' '.join(type_.params)})" if type_.params else ""
    results = f" (result {' '.join(type_.results)})" if type_.results else ""
    return params + results


def _locals(code: Code) -> str:
    names = [name for count, name in code.locals for _ in range(count)]
    return f" (local {' '.join(names)})" if names else ""
