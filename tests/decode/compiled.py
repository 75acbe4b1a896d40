"""The decoder as it runs in the interpreter: its dialect code compiled to a Wasm module of its own."""

from __future__ import annotations

import ctypes

import wasmtime

from elfin import layout
from elfin.codegen import module
from elfin.core.build import functions
from elfin.decode import decoder, entry, operands, tables, vector
from elfin.decode import record as r
from elfin.decode.insn import Insn, Undecodable, from_record

PAGES = layout.GUEST_BASE // 65536 + 32  # two MiB of guest memory


class CompiledDecoder:
    """`memory` is the Wasm memory; calling the object decodes like `elfin.decode.insn.decode`."""

    def __init__(self) -> None:
        parts = functions(decoder, entry, operands, vector)
        for part in parts:
            part.export = part.name
        data = [(layout.TABLES, tables.build())]
        wasm = module.build(parts, memory_import=("env", "memory", PAGES), data=data)
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        linear = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(PAGES, None)))
        compiled = wasmtime.Module(engine, wasm)
        linker = wasmtime.Linker(engine)
        linker.define(self.store, "env", "memory", linear)
        self.exports = linker.instantiate(self.store, compiled).exports(self.store)
        size = PAGES * 65536
        bytes_ = ctypes.cast(linear.data_ptr(self.store), ctypes.POINTER(ctypes.c_ubyte * size))
        self.memory = memoryview(bytes_.contents).cast("B")
        self._decode_raw = self.exports["decode_raw"]

    def __call__(self, code: bytes, address: int = 0) -> Insn | Undecodable:
        window = code[: r.LONGEST]
        self.memory[r.FETCH : r.FETCH + r.FETCH_SIZE] = window.ljust(r.FETCH_SIZE, b"\0")
        status = self._decode_raw(self.store, r.FETCH, len(window))
        if status != r.OK:
            return Undecodable(address, status, window)
        raw = bytes(self.memory[r.RECORD : r.RECORD + r.RECORD_SIZE])
        return from_record(raw, self.memory, address)

    def entry(self, pc: int, at: int) -> int:
        """`decode_entry`: the status."""
        return int(self.exports["decode_entry"](self.store, pc, at))
