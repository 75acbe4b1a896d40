"""The register file in Wasm memory: how `get`, `Put` and the flag slots become raw accesses.

Input:  IR reads and writes of guest state.
Output: `raw_load` values and `RawStore` statements at `layout.STATE`.

A flag slot holds the flag's source (see `layout`): where the i1 was made by a shape that the slot
understands, what is stored is what it was made from, and the flag itself is never computed.
"""

from __future__ import annotations

from collections.abc import Callable

from elfin import layout
from elfin.ir.stmt import RawStore, Stmt
from elfin.ir.types import I1, I8, I32, I64, Type
from elfin.ir.value import ZERO64, Value, const, make

BASE = const(I32, 0)


def raw_load(type_: Type, base: Value, offset: int, *, signed: bool = False) -> Value:
    """`type_.bits` bits of Wasm memory at base (i32) + offset."""
    return make("raw_load", type_, base, imm=(offset, type_.bits, signed))


def read(type_: Type, slot: int) -> Value:
    """Guest state at a fixed slot; an i1 is a flag."""
    if type_ is I1:
        return flag_of(slot, raw_load(I64, BASE, layout.STATE + slot))
    return raw_load(type_, BASE, layout.STATE + slot)


def read_at(type_: Type, slot: Value) -> Value:
    """The same at a slot known at run time."""
    return raw_load(type_, slot, layout.STATE)


def lower(value: Value) -> Value:
    """The value with each `get` and `get_at` in it as a raw access."""
    match value.op:
        case "get":
            return read(value.type, value.imm)
        case "get_at":
            return read_at(value.type, lower(value.args[0]))
        case "const" | "local" | "raw_load":
            return value
    args = tuple(lower(a) for a in value.args)
    return value if args == value.args else make(value.op, value.type, *args, imm=value.imm)


def write(slot: int, value: Value) -> Stmt:
    """Guest state at a fixed slot becomes `value`; an i1 is a flag."""
    return store(slot, flag_source(slot, value) if value.type is I1 else value)


def store(slot: int, value: Value) -> Stmt:
    """The slot itself becomes `value`."""
    return RawStore(BASE, layout.STATE + slot, value, value.type.bits)


def flag_of(slot: int, source: Value) -> Value:
    """The flag (i1) whose slot holds `source` (i64)."""
    return _READ_FLAG[slot](source)


def flag_source(slot: int, flag: Value) -> Value:
    """What the slot of a flag holds so that the flag is `flag`: what it was made from, if possible."""
    if flag.op == "select":  # as after a shift, whose count may be 0: choose between sources
        when, then, other = flag.args
        return when.select(flag_source(slot, then), flag_source(slot, other))
    return _FLAG_SOURCE[slot](flag)


def write_at(slot: Value, value: Value) -> Stmt:
    """The same at a slot known at run time."""
    return RawStore(slot, layout.STATE, value, value.type.bits)


def _parity_of(source: Value) -> Value:
    return make("parity", I1, source.trunc(I8))


_READ_FLAG: dict[int, Callable[[Value], Value]] = {
    layout.FLAG_C: lambda source: source.trunc(I1),
    layout.FLAG_P: _parity_of,
    layout.FLAG_A: lambda source: source.bit(4),
    layout.FLAG_Z: lambda source: source.eq(0),
    layout.FLAG_S: lambda source: source.sign,
    layout.FLAG_O: lambda source: source.sign,
}


def _is(value: Value, op: str, right: int | None = None) -> bool:
    if value.op != op:
        return False
    return right is None or (value.args[1].op == "const" and value.args[1].imm == right)


def _carry(flag: Value) -> Value:
    if flag is flag_of(layout.FLAG_C, read(I64, layout.FLAG_C)):
        return read(I64, layout.FLAG_C)
    return flag.zext(I64)


def _parity(flag: Value) -> Value:
    if _is(flag, "parity"):
        source = flag.args[0]  # only its low byte counts
        return (source.args[0] if _is(source, "trunc") else source).resize(I64)
    return (~flag).zext(I64)  # one bit set is odd


def _adjust(flag: Value) -> Value:
    if _is(flag, "ne", 0) and _is(flag.args[0], "and", 16):
        return flag.args[0].args[0].resize(I64)
    return flag.zext(I64) << 4


def _zero(flag: Value) -> Value:
    if _is(flag, "eq", 0):
        return flag.args[0].resize(I64)
    if _is(flag, "ne", 0) and flag.args[0].type is I1:
        return _zero(flag.args[0])
    return (~flag).zext(I64)


def _sign(flag: Value) -> Value:
    if _is(flag, "lts", 0):
        source = flag.args[0]
        # A narrow source is shifted up: cheaper than to sign-extend a value whose top may be dirty.
        return source if source.type is I64 else source.zext(I64) << (64 - source.type.bits)
    return ZERO64 - flag.zext(I64)


_FLAG_SOURCE: dict[int, Callable[[Value], Value]] = {
    layout.FLAG_C: _carry,
    layout.FLAG_P: _parity,
    layout.FLAG_A: _adjust,
    layout.FLAG_Z: _zero,
    layout.FLAG_S: _sign,
    layout.FLAG_O: _sign,
}
