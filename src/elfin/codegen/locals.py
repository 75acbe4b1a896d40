"""The register file in Wasm locals: general registers, XMM registers and flag sources.

Input:  IR reads and writes of guest state at fixed slots.
Output: values over locals, and `Set`s; what has no local stays in memory (`codegen.state`).
Sets of registers are ints, a bit a register; `reads` collects those that were read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from elfin import layout
from elfin.codegen import state
from elfin.ir.names import slot_name
from elfin.ir.stmt import Set, Stmt
from elfin.ir.types import F32, F64, I1, I64, V128, Type
from elfin.ir.value import Value, local, make

GPRS_END: Final = layout.GPR + 16 * 8
XMMS_END: Final = layout.XMM + 16 * 16
FLAG_SLOTS: Final = frozenset(layout.FLAGS.values())
GPR_SLOTS: Final = range(layout.GPR, GPRS_END, 8)
XMM_SLOTS: Final = range(layout.XMM, XMMS_END, 16)
SLOTS: Final = (*GPR_SLOTS, *XMM_SLOTS, *sorted(FLAG_SLOTS))
BIT: Final = {slot: 1 << n for n, slot in enumerate(SLOTS)}
ALL: Final = (1 << len(SLOTS)) - 1
FLAGS: Final = sum(BIT[slot] for slot in FLAG_SLOTS)
XMMS: Final = sum(BIT[slot] for slot in XMM_SLOTS)
_NAMED: Final = {
    **{name: BIT[slot] for name, slot in zip(layout.GPR_NAMES, GPR_SLOTS, strict=True)},
    "flags": FLAGS,
    "xmm": XMMS,
}
_SHAPES: Final = {
    8: "i8x16",
    16: "i16x8",
    32: "i32x4",
    64: "i64x2",
}


def _type_of(slot: int) -> Type:
    return V128 if layout.XMM <= slot < XMMS_END else I64


HOMES: Final = {slot: local(_type_of(slot), slot_name(slot)) for slot in SLOTS}


def registers_named(names: Iterable[str]) -> int:
    """The registers among what a core function says it reads or writes."""
    return sum(_NAMED.get(name, 0) for name in names)


def home_slot(slot: int) -> int | None:
    """The first slot of the register that a slot belongs to; None: it stays in memory."""
    if slot < GPRS_END:
        return slot & ~7
    if layout.XMM <= slot < XMMS_END:
        return slot & ~15
    return slot if slot in FLAG_SLOTS else None


class Registers:
    """Reads and writes of registers; notes what was read."""

    def __init__(self) -> None:
        self.reads = 0

    def take_reads(self) -> int:
        """The registers read since this was asked last."""
        reads, self.reads = self.reads, 0
        return reads

    def read(self, type_: Type, slot: int) -> Value:
        """The state at a slot; an i1 is a flag."""
        first = home_slot(slot)
        if first is None:
            return state.read(type_, slot)
        self.reads |= BIT[first]
        home = HOMES[first]
        if type_ is I1:
            return state.flag_of(slot, home)
        if home.type is V128:
            return lane(home, type_, slot & 15)
        part = home >> 8 * (slot & 7) if slot & 7 else home
        return part.trunc(type_)

    def write(self, slot: int, value: Value) -> Stmt:
        """The state at a slot becomes `value`."""
        first = home_slot(slot)
        if first is None:
            return state.write(slot, value)
        home = HOMES[first]
        if value.type is I1:
            return Set(home, state.flag_source(slot, value))
        if value.type is home.type:
            return Set(home, value)
        self.reads |= BIT[first]
        if home.type is V128:
            return Set(home, with_lane(home, value, slot & 15))
        shift = 8 * (slot & 7)
        hole = ((1 << value.type.bits) - 1) << shift
        part = value.zext(I64) << shift if shift else value.zext(I64)
        return Set(home, home & ~hole | part)

    def lower(self, value: Value) -> Value:
        """The value with each `get` in it replaced."""
        if value.op == "get":
            return self.read(value.type, value.imm)
        if not value.args:
            return value
        args = tuple(self.lower(a) for a in value.args)
        return value if args == value.args else make(value.op, value.type, *args, imm=value.imm)


def loads(registers: int) -> list[Stmt]:
    """Memory to locals."""
    return [
        Set(HOMES[slot], state.raw_load(HOMES[slot].type, state.BASE, layout.STATE + slot))
        for slot in SLOTS
        if registers & BIT[slot]
    ]


def stores(registers: int) -> list[Stmt]:
    """Locals to memory."""
    return [state.store(slot, HOMES[slot]) for slot in SLOTS if registers & BIT[slot]]


def lane(register: Value, type_: Type, at: int) -> Value:
    """The lane of a v128 at a byte offset."""
    if type_ is V128:
        return register
    if type_ in (F32, F64):
        shape = f"f{type_.bits}x{128 // type_.bits}"
    else:
        shape = _SHAPES[type_.bits]
    sign = "_u" if type_.bits < 32 else ""
    return make(f"{shape}.extract_lane{sign}", type_, register, imm=at * 8 // type_.bits)


def with_lane(register: Value, value: Value, at: int) -> Value:
    """The v128 with the lane at a byte offset replaced."""
    bits = value.type.bits
    if value.op == "bitcast" and value.args[0].type in (F32, F64):
        value = value.args[0]  # stays among the vector registers
        shape = f"f{bits}x{128 // bits}"
    else:
        shape = _SHAPES[bits]
    return make(f"{shape}.replace_lane", V128, register, value, imm=at * 8 // bits)
