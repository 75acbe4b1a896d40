"""The browser's host: its own WebAssembly engine through Pyodide.  No logic, only the protocol.

Runs wherever Pyodide does: in a worker of a page, in node.  Memory is read and written in bulk through
one typed array a space, made anew when the memory has grown.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import js
from pyodide.ffi import JsBigInt, JsException, to_js

from elfin.runtime import host as protocol
from elfin.runtime.host import WASM_PAGE
from elfin.wasm.module import exported_types

MAX_PAGES = 65536
# (func (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)))
WIDE = bytes.fromhex("0061736d0100000001080160027e7e027e7e030201000a0a01080020002001fc160b")
# How engines say that an access lies beyond the memory: V8, SpiderMonkey, JavaScriptCore.
BEYOND = re.compile(
    r"memory access out of bounds|\bindex out of bounds|Out of bounds memory access"
)
# `clock_time_get` of WASI on a memory: the clocks that Python's `time` looks at here, too.
CLOCK = """
    return (clock, precision, at) => {
        const ms = clock ? performance.now() : Date.now();
        new DataView(memory.buffer).setBigUint64(at, BigInt(Math.round(ms * 1e6)), true);
        return 0;
    };
"""


class BrowserModule:
    """A compiled module, and the types of what it exports: engines do not tell them.  `compiled`: another worker
    did it."""

    def __init__(self, wasm: bytes, compiled: Any = None) -> None:
        self.types = exported_types(wasm)
        self.compiled = js.WebAssembly.Module.new(to_js(wasm)) if compiled is None else compiled

    def serialize(self) -> bytes:
        return b""  # browsers keep compiled code themselves


class BrowserHost:
    """The engine; modules are shared by all its spaces."""

    name = "browser"
    trap: type[Exception] = JsException

    def __init__(self) -> None:
        self.wide = bool(js.WebAssembly.validate(to_js(WIDE)))

    def refused_address(self, trap: Exception) -> int | None:
        """Engines do not tell the address: the end of the memory stands for all beyond."""
        return MAX_PAGES * WASM_PAGE if BEYOND.search(str(trap)) else None

    def compile(self, wasm: bytes) -> BrowserModule:
        return BrowserModule(wasm)

    def load(self, path: str) -> BrowserModule | None:
        return None

    def revive(self, data: bytes) -> BrowserModule | None:
        return BrowserModule(data)

    def new_space(self, size: int) -> BrowserSpace:
        with suppress(JsException):
            return BrowserSpace(size)
        gc.collect()  # the memories of dead processes may be held by cycles: the second try is without them
        try:
            return BrowserSpace(size)
        except JsException as error:
            raise MemoryError(f"the browser has no further {size >> 20} MiB") from error


class BrowserSpace:
    """A memory and its instances; the garbage collector frees them together."""

    def __init__(self, size: int) -> None:
        pages = -(-size // WASM_PAGE)
        options = js.Object.fromEntries(to_js([["initial", pages], ["maximum", MAX_PAGES]]))
        self.memory = js.WebAssembly.Memory.new(options)
        self._known = js.Object.new()
        self._known.memory = self.memory
        self._known.clock_time_get = js.Function.new("memory", CLOCK)(self.memory)
        self._imports = js.Object.new()
        self._imports.env = self._known
        self.size = pages * WASM_PAGE
        self._view = js.Uint8Array.new(self.memory.buffer)

    def read(self, offset: int, n: int) -> bytes:
        assert offset + n <= self.size
        data: bytes = self._view.subarray(offset, offset + n).to_bytes()
        return data

    def view(self, offset: int, n: int) -> memoryview | None:
        return None

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        end = offset + len(data)
        assert end <= self.size
        self._view.subarray(offset, end).assign(data)

    def copy(self, offset: int, n: int) -> Any:
        """These bytes as a typed array of their own."""
        return self._view.slice(offset, offset + n)

    def put(self, offset: int, data: Any) -> None:
        """Write what `copy` gave."""
        self._view.set(data, offset)

    def fill(self, offset: int, n: int, byte: int) -> None:
        assert offset + n <= self.size
        self._view.fill(byte, offset, offset + n)

    def grow(self, size: int) -> None:
        if size <= self.size:
            return
        pages = -(-size // WASM_PAGE)
        try:
            self.memory.grow(pages - self.size // WASM_PAGE)
        except JsException as error:
            raise MemoryError(f"the guest needs {size >> 20} MiB") from error
        self.size = pages * WASM_PAGE
        self._view = js.Uint8Array.new(self.memory.buffer)

    def protect(self, offset: int, n: int, permission: int) -> bool:
        return False

    def instantiate(
        self, module: protocol.Module, *, first: int | None = None
    ) -> Mapping[str, Callable[..., int]]:
        assert isinstance(module, BrowserModule)
        if first is not None:
            self._known.first = first
        instance = js.WebAssembly.Instance.new(module.compiled, self._imports)
        js.Object.assign(self._known, instance.exports)
        return Functions(instance.exports, module.types)

    def close(self) -> None:
        self.size = 0
        self._view = self.memory = self._known = self._imports = None


class Functions(dict[str, Callable[..., int]]):
    """Those that an instance exports, fetched when first asked for: there are hundreds, of which few are called."""

    def __init__(self, exports: Any, types: Mapping[str, tuple[str, ...]]) -> None:
        self.exports = exports
        self.types = types

    def __missing__(self, name: str) -> Callable[..., int]:
        found = self[name] = _bound(getattr(self.exports, name), self.types[name])
        return found


def _bound(function: Any, params: tuple[str, ...]) -> Callable[..., int]:
    """An exported function; where it takes an i64, JavaScript wants a BigInt."""
    wide = [kind == "i64" for kind in params]
    if not any(wide):
        call: Callable[..., int] = function
        return call

    def call_wide(*args: int) -> int:
        words = [JsBigInt(arg) if big else arg for arg, big in zip(args, wide, strict=True)]
        return function(*words)  # type: ignore[no-any-return]

    return call_wide
