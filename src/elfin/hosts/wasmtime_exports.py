"""What an instance exports, found when it is first asked for: the core module has hundreds of functions, of which a run
calls a few, and each process has an instance.

It stands on the wasmtime package's thin C bindings, which the version range in pyproject.toml pins.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import wasmtime
import wasmtime._bindings as ffi
from wasmtime._extern import wrap_extern


class Exports(dict[str, Any]):
    """By name; KeyError for what is none."""

    def __init__(self, store: wasmtime.Store, instance: wasmtime.Instance) -> None:
        self.store = store
        self.instance = ctypes.byref(instance._instance)

    def __missing__(self, name: str) -> Any:
        word = name.encode()
        item = ffi.wasmtime_extern_t()
        if not ffi.wasmtime_instance_export_get(
            self.store._context(), self.instance, word, len(word), ctypes.byref(item)
        ):
            raise KeyError(name)
        found = self[name] = wrap_extern(item)
        return found

    def is_empty(self) -> bool:
        """Does the instance export nothing?"""
        item, name, length = ffi.wasmtime_extern_t(), ctypes.c_char_p(), ctypes.c_size_t()
        return not ffi.wasmtime_instance_export_nth(
            self.store._context(),
            self.instance,
            0,
            ctypes.cast(ctypes.byref(name), ctypes.POINTER(ctypes.POINTER(ctypes.c_char))),
            ctypes.byref(length),
            ctypes.byref(item),
        )


class Functions(dict[str, Callable[..., int]]):
    """Those that can be called; KeyError for what is none."""

    def __init__(self, store: wasmtime.Store, exports: Exports) -> None:
        self.store = store
        self.exports = exports

    def __missing__(self, name: str) -> Callable[..., int]:
        item = self.exports[name]
        if not isinstance(item, wasmtime.Func):
            raise KeyError(name)
        found = self[name] = _bound(self.store, item)
        return found


def _bound(store: wasmtime.Store, function: wasmtime.Func) -> Callable[..., int]:
    """An exported function of integer parameters and at most one i32 result, as a quick callable.

    `Func.__call__` takes 19 us, most of it in asking for types; this takes 0.8 us, because every pointer is
    made once.
    """
    kind = function.type(store)
    count = max(len(kind.params), len(kind.results), 1)
    values = (ffi.wasmtime_val_raw_t * count)()  # 16 bytes each
    words = (ctypes.c_int64 * (2 * count)).from_buffer(values)
    result = (ctypes.c_int32 * 1).from_buffer(values)
    trap = ctypes.POINTER(ffi.wasm_trap_t)()
    trapped = ctypes.c_size_t.from_buffer(trap)
    arguments = (
        _pointer(store._context()),
        ctypes.c_void_p(ctypes.addressof(function._func)),
        ctypes.c_void_p(ctypes.addressof(values)),
        ctypes.c_size_t(count),
        ctypes.c_void_p(ctypes.addressof(trap)),
    )
    has_result = bool(kind.results)

    def call(*args: int) -> int:
        for i, value in enumerate(args):
            words[i + i] = value
        error = CALL(*arguments)
        if error:
            pointer = ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t))
            raise wasmtime.WasmtimeError._from_ptr(pointer)
        if trapped.value:
            raised = wasmtime.Trap._from_ptr(ctypes.cast(trapped.value, type(trap)))  # its owner
            trapped.value = 0
            raise raised
        return result[0] if has_result else 0

    return call


def _pointer(x: Any) -> ctypes.c_void_p:
    return ctypes.cast(x, ctypes.c_void_p)


_POINTER = ctypes.c_void_p
CALL = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER, ctypes.c_size_t, _POINTER)(
    _pointer(ffi._wasmtime_func_call_unchecked).value or 0
)
