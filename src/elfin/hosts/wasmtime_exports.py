"""What an instance exports, found when it is first asked for: the core module has hundreds of functions, of which a run
calls a few, and each process has an instance.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, c_size_t, c_void_p
from typing import Any

from elfin.hosts.wasmtime_c import FUNC, C, Extern, Raw, Vector, check, check_trap
from elfin.hosts.wasmtime_owned import Store


class Exports(dict[str, Extern]):
    """By name; KeyError for what is none."""

    def __init__(self, store: Store, instance: Any) -> None:
        self.store = store
        self.instance = instance

    def __missing__(self, name: str) -> Extern:
        word = name.encode()
        item = Extern()
        if not C.wasmtime_instance_export_get(
            self.store.context, self.instance, word, len(word), byref(item)
        ):
            raise KeyError(name)
        self[name] = item
        return item

    def is_empty(self) -> bool:
        """Does the instance export nothing?"""
        item, name, length = Extern(), c_void_p(), c_size_t()
        return not C.wasmtime_instance_export_nth(
            self.store.context, self.instance, 0, byref(name), byref(length), byref(item)
        )


class Functions(dict[str, Callable[..., int]]):
    """Those that can be called; KeyError for what is none."""

    def __init__(self, store: Store, exports: Exports) -> None:
        self.store = store
        self.exports = exports

    def __missing__(self, name: str) -> Callable[..., int]:
        item = self.exports[name]
        if item.kind != FUNC:
            raise KeyError(name)
        found = self[name] = _bound(self.store, item)
        return found


def _bound(store: Store, function: Extern) -> Callable[..., int]:
    """An exported function of integer parameters and at most one i32 result, as a quick callable: 0.8 us a call,
    because every pointer is made once.
    """
    kind = C.wasmtime_func_type(store.context, function.of)
    parameters = Vector.from_address(C.wasm_functype_params(kind)).size
    has_result = Vector.from_address(C.wasm_functype_results(kind)).size > 0
    C.wasm_functype_delete(kind)
    count = max(parameters, 1)
    values = (Raw * count)()
    words = (ctypes.c_int64 * (2 * count)).from_buffer(values)
    result = (ctypes.c_int32 * 1).from_buffer(values)
    trap = c_void_p()
    arguments = (
        c_void_p(store.context),
        c_void_p(ctypes.addressof(function.of)),
        c_void_p(ctypes.addressof(values)),
        c_size_t(count),
        c_void_p(ctypes.addressof(trap)),
    )
    call_unchecked = C.wasmtime_func_call_unchecked
    kept = function, values, trap  # what the pointers show

    def call(*args: int, _: object = kept) -> int:
        for i, value in enumerate(args):
            words[i + i] = value
        error = call_unchecked(*arguments)
        if error:
            check(error)
        if trap.value:
            raised, trap.value = trap.value, None
            check_trap(raised)
        return result[0] if has_result else 0

    return call
