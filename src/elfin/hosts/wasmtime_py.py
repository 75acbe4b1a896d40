"""The desktop host: wasmtime through its Python package.  No logic, only the protocol.

Each `Space` has a `Store` of its own, because a store frees its instances only when it is dropped.
"""

from __future__ import annotations

import ctypes
import mmap
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

import wasmtime
import wasmtime._bindings as ffi

from elfin.hosts.wasmtime_exports import Exports, Functions
from elfin.runtime import host as protocol
from elfin.runtime.host import WASM_PAGE

PROT_READ, PROT_WRITE = 1, 2
REFUSED = re.compile(r"memory fault at wasm address 0x([0-9a-f]+)")
MAX_PAGES = 65536
RESERVED = 1 << 32
INDEX = wasmtime.GlobalType(wasmtime.ValType.i32(), False)


def _mprotect() -> Callable[[int, int, int], int] | None:
    """mprotect(2) where the host has pages of the guest's size, else None."""
    if sys.platform != "linux" or mmap.PAGESIZE != 4096:
        return None
    function = ctypes.CDLL(None).mprotect
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return cast("Callable[[int, int, int], int]", function)


MPROTECT = _mprotect()


class WasmtimeHost:
    """One engine with elfin's settings; modules are shared by all its spaces.

    `canonical`: it makes all NaNs alike, as some processors do; for tests.
    """

    name = "wasmtime"  # it refuses compiled modules of its other versions itself
    wide = True

    def __init__(self, *, canonical: bool = False) -> None:
        config = wasmtime.Config()
        config.wasm_tail_call = True
        ffi.wasmtime_config_wasm_branch_hinting_set(config.ptr(), True)
        # The whole 4 GiB are reserved, so memory never moves and no access needs a bounds check.
        config.memory_reservation = RESERVED
        config.memory_may_move = False
        config.cranelift_nan_canonicalization = canonical
        config.wasm_wide_arithmetic = True
        self.engine = wasmtime.Engine(config)
        self.wasi = wasmtime.Linker(self.engine)
        self.wasi.define_wasi()

    trap: type[Exception] = wasmtime.Trap

    def refused_address(self, trap: Exception) -> int | None:
        found = REFUSED.search(str(trap))
        return int(found[1], 16) if found else None

    def compile(self, wasm: bytes) -> wasmtime.Module:
        return wasmtime.Module(self.engine, wasm)

    def load(self, path: str) -> wasmtime.Module | None:
        try:
            return wasmtime.Module.deserialize_file(self.engine, path)
        except wasmtime.WasmtimeError:
            return None

    def revive(self, data: bytes) -> wasmtime.Module | None:
        try:
            return wasmtime.Module.deserialize(self.engine, data)
        except wasmtime.WasmtimeError:
            return None

    def new_space(self, size: int) -> WasmtimeSpace:
        return WasmtimeSpace(self.engine, self.wasi, size)


class WasmtimeSpace:
    """A store, its memory and its instances."""

    def __init__(self, engine: wasmtime.Engine, wasi: wasmtime.Linker, size: int) -> None:
        self.store = wasmtime.Store(engine)
        self.store.set_wasi(wasmtime.WasiConfig())  # of which nothing but the clock is used
        pages = -(-size // WASM_PAGE)
        kind = wasmtime.MemoryType(wasmtime.Limits(pages, MAX_PAGES))
        self.memory = wasmtime.Memory(self.store, kind)
        self._known: dict[str, Any] = {
            "memory": self.memory,
            "clock_time_get": wasi.get(self.store, "wasi_snapshot_preview1", "clock_time_get"),
        }
        self._exports: list[Exports] = []  # of the instances that have any
        self.size = pages * WASM_PAGE
        self._base = base = ctypes.addressof(self.memory.data_ptr(self.store).contents)
        # One view of the whole reservation, because the base never moves; `size` bounds its use.
        whole = (ctypes.c_ubyte * RESERVED).from_address(base)
        whole.store = self.store  # type: ignore[attr-defined]  # views keep alive what they show
        self._view = memoryview(whole).cast("B")

    def read(self, offset: int, n: int) -> bytes:
        assert offset + n <= self.size
        return bytes(self._view[offset : offset + n])

    def view(self, offset: int, n: int) -> memoryview:
        return self._view[offset : offset + n]

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        end = offset + len(data)
        assert end <= self.size
        self._view[offset:end] = data

    def fill(self, offset: int, n: int, byte: int) -> None:
        assert offset + n <= self.size
        ctypes.memset(ctypes.addressof(self._view.obj) + offset, byte, n)  # type: ignore[arg-type]

    def grow(self, size: int) -> None:
        if size <= self.size:
            return
        pages = -(-size // WASM_PAGE)
        try:
            self.memory.grow(self.store, pages - self.size // WASM_PAGE)
        except wasmtime.WasmtimeError as error:
            raise MemoryError(f"the guest needs {size >> 20} MiB") from error
        self.size = pages * WASM_PAGE

    def protect(self, offset: int, n: int, permission: int) -> bool:
        if MPROTECT is None:
            return False
        mode = PROT_READ * bool(permission & 5) | PROT_WRITE * bool(permission & 2)
        if permission & 2:
            mode |= PROT_READ
        done = MPROTECT(self._base + offset, n, mode) == 0
        if not done:
            raise MemoryError("the host refuses to protect guest memory: too many mappings")
        return True

    def instantiate(
        self, module: protocol.Module, *, first: int | None = None
    ) -> Mapping[str, Callable[..., int]]:
        compiled = cast(wasmtime.Module, module)
        if first is not None:
            self._known["first"] = wasmtime.Global(self.store, INDEX, wasmtime.Val.i32(first))
        imports = [self._import(kind.name or "") for kind in compiled.imports]
        found = Exports(self.store, wasmtime.Instance(self.store, compiled, imports))
        if not found.is_empty():
            self._exports.append(found)
        return Functions(self.store, found)

    def _import(self, name: str) -> Any:
        for known in (self._known, *self._exports):
            with suppress(KeyError):
                return known[name]
        raise KeyError(name)

    def close(self) -> None:
        self.size = 0
        self._view.release()
        self.store.close()
