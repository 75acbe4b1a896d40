"""The desktop host: wasmtime, from its Python package.  No logic, only the protocol.

Each `Space` has a `Store` of its own, because a store frees its instances only when it is dropped.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from ctypes import byref, c_uint64, c_void_p
from typing import cast

from elfin.hosts.wasmtime_c import (
    GLOBAL,
    I32,
    MEMORY,
    C,
    Extern,
    Instance,
    Trap,
    Val,
    WasmtimeError,
    check,
    check_trap,
)
from elfin.hosts.wasmtime_exports import Exports, Functions
from elfin.hosts.wasmtime_owned import Engine, Module, Store
from elfin.runtime import host as protocol
from elfin.runtime.host import WASM_PAGE

PROT_READ, PROT_WRITE = 1, 2
REFUSED = re.compile(r"memory fault at wasm address 0x([0-9a-f]+)")
NO_ROOM = f"os error {errno.ENOMEM}"
MAX_PAGES = 65536
PAGE_BITS = 16
RESERVED = 1 << 32


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
    trap: type[Exception] = Trap

    def __init__(self, *, canonical: bool = False) -> None:
        config = C.wasm_config_new()
        C.wasmtime_config_wasm_tail_call_set(config, True)
        C.wasmtime_config_wasm_branch_hinting_set(config, True)
        C.wasmtime_config_wasm_wide_arithmetic_set(config, True)
        # The whole 4 GiB are reserved, so memory never moves and no access needs a bounds check.
        C.wasmtime_config_memory_reservation_set(config, RESERVED)
        C.wasmtime_config_memory_may_move_set(config, False)
        C.wasmtime_config_cranelift_nan_canonicalization_set(config, canonical)
        self.engine = Engine(config)

    def refused_address(self, trap: Exception) -> int | None:
        found = REFUSED.search(str(trap))
        return int(found[1], 16) if found else None

    def compile(self, wasm: bytes) -> Module:
        made = c_void_p()
        try:
            check(C.wasmtime_module_new(self.engine.pointer, wasm, len(wasm), byref(made)))
        except WasmtimeError as error:
            if NO_ROOM in str(error):
                raise MemoryError("the engine has no room for another module") from error
            raise
        return Module(made)

    def load(self, path: str) -> Module | None:
        made = c_void_p()
        name = os.fsencode(path) + b"\0"
        with suppress(WasmtimeError):
            check(C.wasmtime_module_deserialize_file(self.engine.pointer, name, byref(made)))
            return Module(made)
        return None

    def revive(self, data: bytes) -> Module | None:
        made = c_void_p()
        with suppress(WasmtimeError):
            check(C.wasmtime_module_deserialize(self.engine.pointer, data, len(data), byref(made)))
            return Module(made)
        return None

    def new_space(self, size: int) -> WasmtimeSpace:
        return WasmtimeSpace(self.engine, size)


class WasmtimeSpace:
    """A store, its memory and its instances."""

    def __init__(self, engine: Engine, size: int) -> None:
        self.store = Store(engine)
        pages = -(-size // WASM_PAGE)
        self.memory = Extern(kind=MEMORY)
        kind = c_void_p()
        check(
            C.wasmtime_memorytype_new(pages, True, MAX_PAGES, False, False, PAGE_BITS, byref(kind))
        )
        try:
            check(C.wasmtime_memory_new(self.store.context, kind, self.memory.of))
        except WasmtimeError as error:
            raise MemoryError("the engine has no memory for a guest") from error
        finally:
            C.wasm_memorytype_delete(kind)
        self._known = {"memory": self.memory, "clock_time_get": engine.clock(self.store)}
        self._exports: list[Exports] = []  # of the instances that have any
        self.size = pages * WASM_PAGE
        self._base = base = C.wasmtime_memory_data(self.store.context, self.memory.of)
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
        more = pages - self.size // WASM_PAGE
        try:
            check(
                C.wasmtime_memory_grow(self.store.context, self.memory.of, more, byref(c_uint64()))
            )
        except WasmtimeError as error:
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
        compiled = cast(Module, module)
        context = self.store.context
        if first is not None:
            self._known["first"] = index = Extern(kind=GLOBAL)
            value = Val(kind=I32)
            value.of[0] = first
            kind = self.store.engine.index_type
            check(C.wasmtime_global_new(context, kind, byref(value), index.of))
        imports = [self._import(name) for name in compiled.imports]
        given = (Extern * len(imports))(*imports)
        instance, trap = Instance(), c_void_p()
        check(
            C.wasmtime_instance_new(
                context, compiled.pointer, given, len(imports), instance, byref(trap)
            )
        )
        check_trap(trap.value)
        found = Exports(self.store, instance)
        if not found.is_empty():
            self._exports.append(found)
        return Functions(self.store, found)

    def _import(self, name: str) -> Extern:
        for known in (self._known, *self._exports):
            with suppress(KeyError):
                return known[name]
        raise KeyError(name)

    def close(self) -> None:
        self.size = 0
        self._view.release()
        self.store.close()
