"""The part of wasmtime's C interface that elfin uses, called in the library that the wasmtime package brings.

The package's own bindings are not imported: they make 1,300 functions with their types, a fifth of the time of a start.
Names, signatures and layouts are those of `wasmtime.h`; pyproject.toml pins the version range, and a test compares them
with the package's own (`tests/machine/test_wasmtime_c.py`).
"""

from __future__ import annotations

import importlib.util
import os
import sys
from ctypes import (
    CDLL,
    Structure,
    byref,
    c_bool,
    c_size_t,
    c_uint8,
    c_uint64,
    c_void_p,
    string_at,
)
from typing import Any, Final

from elfin.errors import ElfinError

LIBRARIES: Final = {"win32": "_wasmtime.dll", "darwin": "_libwasmtime.dylib"}
LIBRARY: Final = "_libwasmtime.so"  # elsewhere

# p pointer, s size, b bool, q 64 bits, c 8 bits, v nothing: the result, then the parameters.
KINDS: Final[dict[str, Any]] = {
    "p": c_void_p,
    "s": c_size_t,
    "b": c_bool,
    "q": c_uint64,
    "c": c_uint8,
    "v": None,
}
SIGNATURES: Final = {
    "wasm_config_new": "p",
    "wasmtime_config_wasm_tail_call_set": "vpb",
    "wasmtime_config_wasm_branch_hinting_set": "vpb",
    "wasmtime_config_wasm_wide_arithmetic_set": "vpb",
    "wasmtime_config_memory_reservation_set": "vpq",
    "wasmtime_config_memory_may_move_set": "vpb",
    "wasmtime_config_cranelift_nan_canonicalization_set": "vpb",
    "wasm_engine_new_with_config": "pp",
    "wasm_engine_delete": "vp",
    "wasmtime_linker_new": "pp",
    "wasmtime_linker_define_wasi": "pp",
    "wasmtime_linker_get": "bpppspsp",
    "wasmtime_linker_delete": "vp",
    "wasmtime_module_new": "pppsp",
    "wasmtime_module_deserialize": "pppsp",
    "wasmtime_module_deserialize_file": "pppp",
    "wasmtime_module_serialize": "ppp",
    "wasmtime_module_imports": "vpp",
    "wasmtime_module_delete": "vp",
    "wasm_importtype_name": "pp",
    "wasm_importtype_vec_delete": "vp",
    "wasmtime_store_new": "pppp",
    "wasmtime_store_context": "pp",
    "wasmtime_store_delete": "vp",
    "wasi_config_new": "p",
    "wasmtime_context_set_wasi": "ppp",
    "wasmtime_memorytype_new": "pqbqbbcp",
    "wasm_memorytype_delete": "vp",
    "wasmtime_memory_new": "pppp",
    "wasmtime_memory_data": "ppp",
    "wasmtime_memory_grow": "pppqp",
    "wasm_valtype_new": "pc",
    "wasm_globaltype_new": "ppc",
    "wasm_globaltype_delete": "vp",
    "wasmtime_global_new": "ppppp",
    "wasmtime_instance_new": "ppppspp",
    "wasmtime_instance_export_get": "bpppsp",
    "wasmtime_instance_export_nth": "bppsppp",
    "wasmtime_func_type": "ppp",
    "wasm_functype_params": "pp",
    "wasm_functype_results": "pp",
    "wasm_functype_delete": "vp",
    "wasmtime_func_call_unchecked": "ppppsp",
    "wasm_trap_message": "vpp",
    "wasm_trap_delete": "vp",
    "wasmtime_error_message": "vpp",
    "wasmtime_error_delete": "vp",
    "wasm_byte_vec_delete": "vp",
}
FUNC, GLOBAL, MEMORY = 0, 1, 3  # kinds of an `Extern`
I32: Final = 0  # kind of a `Val` and of a type


class Vector(Structure):
    """Of bytes or of pointers: `wasm_byte_vec_t`, `wasm_importtype_vec_t`, `wasm_valtype_vec_t`."""

    _fields_ = (("size", c_size_t), ("data", c_void_p))
    size: int
    data: int | None


class Extern(Structure):
    """`wasmtime_extern_t`: a function, a memory, a global."""

    _fields_ = (("kind", c_uint8), ("of", c_uint64 * 3))
    kind: int
    of: Any


class Val(Structure):
    """`wasmtime_val_t`."""

    _fields_ = (("kind", c_uint8), ("of", c_uint64 * 3))
    kind: int
    of: Any


Instance = c_uint64 * 2  # wasmtime_instance_t
Raw = c_uint64 * 2  # wasmtime_val_raw_t: a parameter or result


class WasmtimeError(Exception):
    """What the engine refuses."""


class Trap(Exception):
    """A call that ended before its time."""


def _path() -> str:
    spec = importlib.util.find_spec("wasmtime")  # which does not import it
    for folder in (spec and spec.submodule_search_locations) or ():
        for inside in os.listdir(folder):  # linux-x86_64 or the like: a wheel has one
            path = os.path.join(folder, inside, LIBRARIES.get(sys.platform, LIBRARY))
            if os.path.exists(path):
                return path
    raise ElfinError("the wasmtime package is missing, or has no library for this machine")


class Library:
    """The functions by name."""

    def __init__(self, path: str) -> None:
        library = CDLL(path)
        for name, kinds in SIGNATURES.items():
            function = library[name]
            function.restype = KINDS[kinds[0]]
            function.argtypes = [KINDS[kind] for kind in kinds[1:]]
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:  # for mypy: all there are have been set
        raise AttributeError(name)


C: Final = Library(_path())


def check(error: int | None) -> None:
    """Raise what a function returned, if it did."""
    if error:
        message = _message(error, C.wasmtime_error_message)
        C.wasmtime_error_delete(error)
        raise WasmtimeError(message)


def check_trap(trap: int | None) -> None:
    """The same for a trap."""
    if trap:
        message = _message(trap, C.wasm_trap_message).rstrip("\0")
        C.wasm_trap_delete(trap)
        raise Trap(message)


def taken(vector: Vector) -> bytes:
    """The bytes of a vector, which is freed."""
    data = string_at(vector.data, vector.size) if vector.data else b""
    C.wasm_byte_vec_delete(byref(vector))
    return data


def _message(pointer: int, of: Any) -> str:
    vector = Vector()
    of(pointer, byref(vector))
    return taken(vector).decode("utf-8", "replace")
