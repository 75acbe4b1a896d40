"""Intrinsics of the dialect -> IR: which function is which op or raw access.

Input:  a function object that dialect code calls, and its arguments.
Output: `BUILTINS`: function -> how to make it; each puts statements into `Emit` or gives an operand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from elfin import dialect, layout
from elfin.core import guest
from elfin.core.dialect_operand import TYPE_OF, Mismatch, Operand, as_value
from elfin.dialect import f32, f64, u32, u64, v128
from elfin.dialect.lanes import LaneOp
from elfin.ir.stmt import MemoryCopy, MemoryFill, RawStore, Stmt
from elfin.ir.types import I8, I16, I32, I64, Type
from elfin.ir.value import Value, const, make


class Emit(Protocol):
    """The compiler, as builtins see it."""

    def emit(self, statement: Stmt) -> None: ...

    def loaded(self, value: Value) -> Value: ...  # a raw_load, evaluated where it has to be


Builtin = Callable[[Emit, list[Any]], Operand | None]
ZERO: Final = const(I32, 0)
REACH: Final = 1 << 31  # constants up to here move into the access: the address must not wrap


def _address(x: Any) -> tuple[Value, int]:
    """Base and constant offset."""
    value = as_value(x, u32)
    if value.op == "const":
        return ZERO, value.imm
    if value.op == "add" and value.args[1].op == "const" and value.args[1].imm < REACH:
        return value.args[0], value.args[1].imm
    return value, 0


def _guest_address(x: Any) -> tuple[Value, int]:
    """A guest address, already checked, in Wasm memory."""
    return as_value(x, u64).trunc(I32), layout.GUEST_BASE


Address = Callable[[Any], tuple[Value, int]]


def _load(kind: type, bits: int, address: Address = _address) -> Builtin:
    def load(e: Emit, args: list[Any]) -> Operand:
        base, offset = address(*args)
        value = make("raw_load", TYPE_OF[kind], base, imm=(offset, bits, False))
        return Operand(kind, e.loaded(value))

    return load


def _store(kind: type, bits: int, address: Address = _address) -> Builtin:
    def store(e: Emit, args: list[Any]) -> None:
        at, x = args
        base, offset = address(at)
        e.emit(RawStore(base, offset, as_value(x, kind), bits))

    return store


def _copy(e: Emit, args: list[Any]) -> None:
    to, source, n = (as_value(a, u32) for a in args)
    e.emit(MemoryCopy(to, source, n))


def _fill(e: Emit, args: list[Any]) -> None:
    base, byte, n = (as_value(a, u32) for a in args)
    e.emit(MemoryFill(base, byte, n))


def _op(name: str, kind: type, result: type | None = None) -> Builtin:
    def op(e: Emit, args: list[Any]) -> Operand:
        made = result or kind
        return Operand(made, make(name, TYPE_OF[made], *(as_value(a, kind) for a in args)))

    return op


def lane_op(op: LaneOp, args: list[Any]) -> Operand:
    """A float or SIMD op; narrow lanes travel as u32."""
    row = op.row
    count = len(op.params)
    if len(args) != count + bool(row.imm):
        raise Mismatch(f"{row.name} takes {count + bool(row.imm)} arguments")
    values = []
    for argument, type_, kind in zip(args, op.params, op.classes, strict=False):
        value = _lane(argument, type_, kind)
        values.append(value)
    imm = None
    if row.imm:
        imm = args[count] if row.imm == "lanes" else int(args[count])
    value = make(row.name, op.result, *values, imm=imm)
    if op.result in (I8, I16):
        value = value.zext(I32)
    return Operand(op.result_class, value)


def _lane(argument: Any, type_: Type, kind: type) -> Value:
    if isinstance(argument, Operand) and argument.value.type is type_:
        return argument.value  # an i32 for a u32 and so on: lanes have no sign
    value = as_value(argument, kind)
    return value.trunc(type_) if type_ in (I8, I16) else value


BUILTINS: Final[dict[Any, Builtin]] = {
    dialect.load_u8: _load(u32, 8),
    dialect.load_u16: _load(u32, 16),
    dialect.load_u32: _load(u32, 32),
    dialect.load_u64: _load(u64, 64),
    dialect.load_v128: _load(v128, 128),
    dialect.store_u8: _store(u32, 8),
    dialect.store_u16: _store(u32, 16),
    dialect.store_u32: _store(u32, 32),
    dialect.store_u64: _store(u64, 64),
    dialect.store_v128: _store(v128, 128),
    guest.guest_load_u8: _load(u32, 8, _guest_address),
    guest.guest_load_u16: _load(u32, 16, _guest_address),
    guest.guest_load_u32: _load(u32, 32, _guest_address),
    guest.guest_load_u64: _load(u64, 64, _guest_address),
    guest.guest_load_v128: _load(v128, 128, _guest_address),
    guest.guest_store_u8: _store(u32, 8, _guest_address),
    guest.guest_store_u16: _store(u32, 16, _guest_address),
    guest.guest_store_u32: _store(u32, 32, _guest_address),
    guest.guest_store_u64: _store(u64, 64, _guest_address),
    guest.guest_store_v128: _store(v128, 128, _guest_address),
    dialect.memory_copy: _copy,
    dialect.memory_fill: _fill,
    **{
        getattr(dialect, f"{name}{bits}"): _op(name, kind)
        for name in ("clz", "ctz", "popcnt", "rotl", "rotr")
        for bits, kind in ((32, u32), (64, u64))
    },
    f32.from_bits: _op("bitcast", u32, f32),
    f64.from_bits: _op("bitcast", u64, f64),
}
TO_BITS: Final[dict[type, tuple[type, Type]]] = {f32: (u32, I32), f64: (u64, I64)}
