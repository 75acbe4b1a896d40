"""Each instruction's bytes are those of another assembler, and read back as the same text."""

from __future__ import annotations

import wasmtime

from elfin.wasm.instructions import instructions
from elfin.wasm.module import Module
from elfin.wasm.opcodes import BY_CODE, OPCODES, Imm, Opcode, code
from elfin.wasm.text import line

HEAD = """(module (memory 1) (table 1 funcref) (global (mut i32) (i32.const 0))
(data "x") (elem (i32.const 0) $first) (type $t (func))
(func $first)
"""
TEXT: dict[Imm, str] = {
    Imm.NONE: "",
    Imm.LABEL: "0",
    Imm.LABELS: "0 0 0",
    Imm.FUNCTION: "$first",
    Imm.INDIRECT: "(type $t)",
    Imm.LOCAL: "1",
    Imm.GLOBAL: "0",
    Imm.TABLE: "0",
    Imm.TABLES: "0 0",
    Imm.TYPES: "(result i64)",
    Imm.REFERENCE: "func",
    Imm.MEMARG: "offset=300",
    Imm.MEMORY: "",
    Imm.MEMORIES: "",
    Imm.DATA: "0",
    Imm.DATA_MEMORY: "0",
    Imm.ELEMENT: "0",
    Imm.ELEMENT_TABLE: "0 0",
    Imm.I32: "-1000",
    Imm.I64: "-100000000000",
    Imm.F32: "1.5",
    Imm.F64: "-2.5",
    Imm.V128: "i32x4 1 2 3 4",
    Imm.LANE: "1",
    Imm.LANES: " ".join(map(str, range(16))),
    Imm.MEMARG_LANE: "offset=300 1",
}


def source(row: Opcode) -> str:
    match row.name:
        case "block" | "loop":
            return f"{row.name} end"
        case "if":
            return "i32.const 0 if end"
        case "else":
            return "i32.const 0 if else end"
        case "end":
            return ""
        case "select_t":
            return "select (result i64)"
        case "memory.init":
            return "memory.init 0"
        case "table.init":
            return "table.init 0"
        case _:
            return f"{row.name} {TEXT[row.imm]}"


def test_each_opcode_is_the_assemblers() -> None:
    rows = list(OPCODES.values())
    functions = "\n".join(f"(func (param i32 i32) {source(row)})" for row in rows)
    module = Module.decode(bytes(wasmtime.wat2wasm(HEAD + functions + ")")))
    for row, body in zip(rows, module.codes[1:], strict=True):
        found = list(instructions(body.body))
        names = [i.opcode.name for i in found]
        assert row.name in names, (row, names)
        at = found[names.index(row.name)]
        assert body.body[at.at :].startswith(row.bytes)
        if row.size:
            align = at.immediates[0]
            assert 1 << align == row.size, row  # the assembler's default is the natural one


def test_numbers_are_unique() -> None:
    assert len(BY_CODE) == len(OPCODES)
    assert code("i32.add") == b"\x6a"
    assert code("i64x2.mul") == b"\xfd\xd5\x01"


def test_immediates_are_printed() -> None:
    module = Module()
    body = bytes.fromhex("fd 58 02 10 03") + bytes.fromhex("41 7f 28 01 04 0b")
    texts = [line(module, i) for i in instructions(body)]
    assert texts == [
        "v128.store8_lane offset=16 align=4 3",
        "i32.const -1",
        "i32.load offset=4 align=2",
        "end",
    ]
