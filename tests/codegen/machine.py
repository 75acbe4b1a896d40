"""Runs built modules in wasmtime."""

from __future__ import annotations

from typing import Any

import wasmtime

from elfin.codegen.module import build
from elfin.core import arith
from elfin.core import build as core
from elfin.ir.stmt import Function

CONFIG = wasmtime.Config()
CONFIG.cranelift_nan_canonicalization = True
ENGINE = wasmtime.Engine(CONFIG)


class Machine:
    """An instance with a memory of its own; `call` takes and gives unsigned numbers."""

    def __init__(self, functions: list[Function], pages: int = 1, **options: Any) -> None:
        self.wasm = build(functions, memory=pages, **options)
        self.store = wasmtime.Store(ENGINE)
        module = wasmtime.Module(ENGINE, self.wasm)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        memory = self.exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        self.memory = memory

    def call(self, name: str, *arguments: int) -> Any:
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        return function(self.store, *arguments)

    def read(self, at: int, n: int) -> bytes:
        return bytes(self.memory.read(self.store, at, at + n))

    def write(self, at: int, data: bytes | bytearray) -> None:
        self.memory.write(self.store, data, at)


def wide_products() -> list[Function]:
    """What the ops mulhu and mulhs call."""
    return core.functions(arith)
