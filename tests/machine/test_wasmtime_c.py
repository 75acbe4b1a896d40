"""Our declarations of wasmtime's C interface are those of the package's bindings, which are made from its header."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest
import wasmtime._bindings as ffi

from elfin.hosts import wasmtime_c as ours
from elfin.hosts.wasmtime_owned import Module
from elfin.hosts.wasmtime_py import WasmtimeHost


def kind(declared: Any) -> tuple[bool, int] | None:
    """Is it a pointer, and how many bytes has it?"""
    if declared is None:
        return None
    is_pointer = declared is ctypes.c_void_p or issubclass(
        declared, (ctypes._Pointer, ctypes._CFuncPtr)
    )
    return is_pointer, ctypes.sizeof(declared)


@pytest.mark.parametrize("name", ours.SIGNATURES)
def test_signature(name: str) -> None:
    theirs = getattr(ffi, f"_{name}")
    result, *parameters = (ours.KINDS[letter] for letter in ours.SIGNATURES[name])
    assert kind(result) == kind(theirs.restype)
    assert [kind(p) for p in parameters] == [kind(p) for p in theirs.argtypes]


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (ours.Extern, ffi.wasmtime_extern_t),
        (ours.Val, ffi.wasmtime_val_t),
        (ours.Vector, ffi.wasm_byte_vec_t),
        (ours.Vector, ffi.wasm_importtype_vec_t),
        (ours.Vector, ffi.wasm_valtype_vec_t),
    ],
)
def test_layout(mine: Any, theirs: Any) -> None:
    assert ctypes.sizeof(mine) == ctypes.sizeof(theirs)
    for (name, *_), (name_there, *_) in zip(mine._fields_, theirs._fields_, strict=True):
        there, here = getattr(theirs, name_there), getattr(mine, name)
        assert (here.offset, here.size) == (there.offset, there.size)


def test_sizes() -> None:
    assert ctypes.sizeof(ours.Instance) == ctypes.sizeof(ffi.wasmtime_instance_t)
    assert ctypes.sizeof(ours.Raw) == ctypes.sizeof(ffi.wasmtime_val_raw_t)


def test_errors() -> None:
    host = WasmtimeHost()
    with pytest.raises(ours.WasmtimeError, match="magic"):
        host.compile(b"this is no module")
    assert host.revive(b"this is no module") is None
    assert host.load("/nothing here") is None
    empty = host.compile(b"\0asm\1\0\0\0")
    assert empty.imports == []
    again = host.revive(empty.serialize())
    assert isinstance(again, Module)
    space = host.new_space(1 << 16)
    with pytest.raises(MemoryError):
        space.grow(1 << 40)
    space.close()
    space.close()
    with pytest.raises(ValueError, match="closed"):
        space.instantiate(empty)
