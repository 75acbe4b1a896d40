"""Modules: encoder and reader mirror each other; an engine takes what we write."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from elfin.wasm.expr import GlobalGet
from elfin.wasm.module import Module
from elfin.wasm.sections.codes import Code
from elfin.wasm.sections.data import Data
from elfin.wasm.sections.elements import Element
from elfin.wasm.sections.exports import Export
from elfin.wasm.sections.imports import Import
from elfin.wasm.sections.names import Names
from elfin.wasm.sections.variables import Global
from elfin.wasm.text import module_text
from elfin.wasm.types import FuncType, GlobalType, Limits, TableType
from tests.golden import check

HERE = Path(__file__).parent


def every_section() -> Module:
    module = Module()
    nothing = module.type_index(FuncType())
    number = module.type_index(FuncType(("i64", "v128"), ("i32", "f64")))
    module.imports = [
        Import("env", "f", nothing),
        Import("env", "memory", Limits(1, 20)),
        Import("env", "table", TableType(Limits(2))),
        Import("env", "global", GlobalType("i64", mutable=True)),
        Import("env", "first", GlobalType("i32")),
    ]
    module.functions = [nothing, number]
    module.tables = [TableType(Limits(3, 5))]
    module.globals = [
        Global(GlobalType("i32"), -7),
        Global(GlobalType("i64", True), 1 << 40),
        Global(GlobalType("f32"), 0x3FC00000),
        Global(GlobalType("f64"), 1 << 62),
    ]
    module.exports = [
        Export("start", "func", 1),
        Export("m", "memory", 0),
        Export("t", "table", 1),
        Export("g", "global", 1),
    ]
    module.start = 1
    module.elements = [Element(0, (1, 2)), Element(GlobalGet(1), (2,))]
    body = bytes.fromhex("41 05 44 000000000000f03f 0b")
    module.codes = [
        Code((), bytes.fromhex("10 00 0b")),
        Code(((2, "i32"), (1, "v128")), body),
    ]
    module.data = [Data(16, b"abc"), Data(None, b"passive")]
    module.names = Names("all", {0: "f", 1: "g", 2: "h"}, {2: {0: "a", 3: "b"}})
    module.custom = {"elfin.test": b"\1\2\3"}
    return module


def test_each_section_reads_back() -> None:
    module = every_section()
    assert Module.decode(module.encode()) == module


def test_an_engine_takes_each_section() -> None:
    wasmtime.Module(wasmtime.Engine(), every_section().encode())


def test_the_empty_module() -> None:
    assert Module().encode() == b"\0asm\1\0\0\0"
    assert Module.decode(Module().encode()) == Module()


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Wasm module"):
        Module.decode(b"\x7fELF\1\1\1\0")


def test_text(bless: bool) -> None:
    def produce(source: str) -> str:
        if source.strip() == "every section":
            return module_text(every_section())
        return module_text(Module.decode(bytes(wasmtime.wat2wasm(source))))

    check(HERE / "text.test", produce, bless)
