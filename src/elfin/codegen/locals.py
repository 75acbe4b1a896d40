"""The register file in Wasm locals: general registers, XMM registers and flag sources.

Input:  IR reads and writes of guest state at fixed slots, and which XMM registers hold scalars for the most part.
Output: values over locals, and `Set`s; what has no local stays in memory (`codegen.state`).
Sets of registers are ints, a bit a register; `reads` collects those that were read.

The lowest lane of a register of scalars is a local of its own, an f32 or f64, so that it is computed with as in
source code.  The rest of the register is in the v128 as ever, whose own lowest lane is stale.  Both count as
registers; who changes the v128 also sets the lane, because the one is stored over the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from elfin import layout
from elfin.codegen import state
from elfin.ir.names import slot_name
from elfin.ir.stmt import Let, Set, Stmt
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type
from elfin.ir.value import Value, local, make

GPRS_END: Final = layout.GPR + 16 * 8
XMMS_END: Final = layout.XMM + 16 * 16
FLAG_SLOTS: Final = frozenset(layout.FLAGS.values())
GPR_SLOTS: Final = range(layout.GPR, GPRS_END, 8)
XMM_SLOTS: Final = range(layout.XMM, XMMS_END, 16)
LOWEST: Final = {
    F64: 1,
    F32: 2,
}  # a register's lowest lane is as if at a slot beside the register's
LANE_SLOTS: Final = tuple(slot + n for n in LOWEST.values() for slot in XMM_SLOTS)
SLOTS: Final = (*GPR_SLOTS, *XMM_SLOTS, *LANE_SLOTS, *sorted(FLAG_SLOTS))
BIT: Final = {slot: 1 << n for n, slot in enumerate(SLOTS)}
ALL: Final = (1 << len(SLOTS)) - 1
FLAGS: Final = sum(BIT[slot] for slot in FLAG_SLOTS)
XMMS: Final = sum(BIT[slot] for slot in (*XMM_SLOTS, *LANE_SLOTS))
_NAMED: Final = {
    **{name: BIT[slot] for name, slot in zip(layout.GPR_NAMES, GPR_SLOTS, strict=True)},
    "flags": FLAGS,
    "xmm": XMMS,
}
_INTEGER: Final = {F64: I64, F32: I32}
_SHAPES: Final = {
    8: "i8x16",
    16: "i16x8",
    32: "i32x4",
    64: "i64x2",
}


def _type_of(slot: int) -> Type:
    return V128 if layout.XMM <= slot < XMMS_END else I64


HOMES: Final = {
    **{slot: local(_type_of(slot), slot_name(slot)) for slot in SLOTS if slot not in LANE_SLOTS},
    **{slot + n: local(t, f"{slot_name(slot)}.{t.name}") for t, n in LOWEST.items() for slot in XMM_SLOTS},
}  # fmt: skip


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
    """Reads and writes of registers; notes what was read.  `scalars`: XMM registers, and what they hold.  `resting`:
    registers that stay in memory."""

    def __init__(self, scalars: Mapping[int, Type] | None = None, resting: int = 0) -> None:
        self.reads = 0
        self.scalars = scalars or {}
        self.resting = resting
        self._lowered: dict[Value, tuple[Value, int]] = {}  # and what it reads

    def take_reads(self) -> int:
        """The registers read since this was asked last."""
        reads, self.reads = self.reads, 0
        return reads

    def rests(self, slot: int) -> bool:
        """Is the register that starts at a slot always in memory?"""
        return self.resting & BIT[slot] != 0

    def lane_slot(self, slot: int, type_: Type) -> int | None:
        """The slot of the local that is just this lane of an XMM register."""
        kept = None if slot in BIT and self.rests(slot) else self.scalars.get(slot)
        return slot + LOWEST[kept] if kept is not None and kept.bits == type_.bits else None

    def lowest(self, slot: int) -> Value | None:
        """The local of the lowest lane of an XMM register, if it is one of scalars."""
        kept = self.scalars.get(slot)
        return None if kept is None else HOMES[slot + LOWEST[kept]]

    def read(self, type_: Type, slot: int) -> Value:
        """The state at a slot; an i1 is a flag."""
        first = home_slot(slot)
        if first is None:
            return state.read(type_, slot)
        if self.rests(first):
            return self._read_resting(first, slot, type_)
        lane_slot = self.lane_slot(slot, type_)
        if lane_slot is not None:
            self.reads |= BIT[lane_slot]
            home = HOMES[lane_slot]
            return home if home.type is type_ else make("bitcast", type_, home)
        home = self._whole(first, slot)
        if type_ is I1:
            return state.flag_of(slot, home)
        if home.type is V128:
            return lane(home, type_, slot & 15)
        part = home >> 8 * (slot & 7) if slot & 7 else home
        return part.trunc(type_)

    def _whole(self, first: int, slot: int) -> Value:
        """The register, valid from a slot in it on."""
        self.reads |= BIT[first]
        home, kept = HOMES[first], self.scalars.get(first)
        if kept is None or slot - first >= kept.bytes:
            return home
        self.reads |= BIT[first + LOWEST[kept]]
        return with_lane(home, make("bitcast", _INTEGER[kept], HOMES[first + LOWEST[kept]]), 0)

    def _read_resting(self, first: int, slot: int, type_: Type) -> Value:
        """One that stays in memory.  A vector whose lowest lane is set alone is read in halves: a processor stalls
        where a load spans two stores."""
        if type_ is not V128 or first not in self.scalars:
            return state.read(type_, slot)
        low, high = (state.read(I64, slot + n) for n in (0, 8))
        both = make("i64x2.splat", V128, low)
        return make("i64x2.replace_lane", V128, both, high, imm=1)

    def _write_resting(self, first: int, slot: int, value: Value) -> Stmt:
        """Parts of a general register are stored with all of it: it will be read as a whole."""
        if value.type is I64 or slot >= GPRS_END:
            return state.write(slot, stored(value))
        return state.write(first, _with_part(state.read(I64, first), slot, value))

    def write(self, slot: int, value: Value) -> list[tuple[int, Stmt]]:
        """The state at a slot becomes `value`: statements, and the registers that they set (0: none)."""
        first = home_slot(slot)
        if first is None:
            return [(0, state.write(slot, value))]
        if self.rests(first):
            return [(0, self._write_resting(first, slot, value))]
        home = HOMES[first]
        if value.type is I1:
            return [(BIT[first], Set(home, state.flag_source(slot, value)))]
        if first in self.scalars:
            return self._write_scalar(first, slot, value)
        if value.type is home.type:
            return [(BIT[first], Set(home, value))]
        self.reads |= BIT[first]
        if home.type is V128:
            return [(BIT[first], Set(home, with_lane(home, value, slot & 15)))]
        return [(BIT[first], Set(home, _with_part(home, slot, value)))]

    def _write_scalar(self, first: int, slot: int, value: Value) -> list[tuple[int, Stmt]]:
        kept = self.scalars[first]
        home, lane_slot = HOMES[first], first + LOWEST[kept]
        low = HOMES[lane_slot]
        if self.lane_slot(slot, value.type) is not None:
            return [(BIT[lane_slot], Set(low, as_float(value)))]
        if value.type is not V128 and slot - first >= kept.bytes:
            self.reads |= BIT[first] | BIT[lane_slot]
            rest = Set(home, with_lane(home, value, slot & 15))
            return [(BIT[first], rest), (BIT[lane_slot], Set(low, low))]
        if value.type is not V128:
            value = with_lane(self._whole(first, first), value, slot & 15)
        shape = f"f{kept.bits}x{128 // kept.bits}"
        if value.op == f"{shape}.replace_lane" and value.imm == 0 and not value.args[0].args:
            whole, lowest = value.args
            return [(BIT[lane_slot], Set(low, lowest)), (BIT[first], Set(home, whole))]
        if value.op == "const":
            lowest = make("const", kept, imm=value.imm & ((1 << kept.bits) - 1))
            return [(BIT[lane_slot], Set(low, lowest)), (BIT[first], Set(home, value))]
        whole = local(V128, f"{home.imm}.new")
        lowest = make(f"{shape}.extract_lane", kept, whole, imm=0)
        return [
            (0, Let(whole, value)),
            (BIT[first], Set(home, whole)),
            (BIT[lane_slot], Set(low, lowest)),
        ]

    def lower(self, value: Value) -> Value:
        """The value with each `get` in it replaced."""
        if value.op == "const" or value.op == "local":
            return value
        known = self._lowered.get(value)
        if known is None:
            before, self.reads = self.reads, 0
            known = self._lowered[value] = self._lower(value), self.reads
            self.reads = before
        self.reads |= known[1]
        return known[0]

    def _lower(self, value: Value) -> Value:
        if value.op == "get":
            return self.read(value.type, value.imm)
        old = value.args
        args = tuple([self.lower(a) for a in old])
        return value if args == old else make(value.op, value.type, *args, imm=value.imm)


def _with_part(register: Value, slot: int, value: Value) -> Value:
    """A general register with the part at a slot replaced."""
    shift = 8 * (slot & 7)
    hole = ((1 << value.type.bits) - 1) << shift
    part = value.zext(I64) << shift if shift else value.zext(I64)
    return register & ~hole | part


def loads(registers: int) -> list[Stmt]:
    """Memory to locals."""
    return [Set(HOMES[slot], _load(slot, registers)) for slot in SLOTS if registers & BIT[slot]]


def _load(slot: int, registers: int) -> Value:
    """A local's value.  Of an XMM register whose lowest f64 is loaded too, only the high half, in both: a processor
    stalls where a load spans what two stores wrote."""
    at = layout.STATE + (slot & ~3)
    if slot in XMM_SLOTS and registers & BIT[slot + LOWEST[F64]]:
        return make("i64x2.splat", V128, state.raw_load(I64, state.BASE, at + F64.bytes))
    return state.raw_load(HOMES[slot].type, state.BASE, at)


def stores(registers: int) -> list[Stmt]:
    """Locals to memory: a lowest lane behind the whole register."""
    return [state.store(slot & ~3, HOMES[slot]) for slot in SLOTS if registers & BIT[slot]]


def as_float(value: Value) -> Value:
    """An integer's bits as a float: the float that they were before, or the lane."""
    type_ = F64 if value.type.bits == 64 else F32
    if value.type is type_:
        return value
    if value.op == "bitcast" and value.args[0].type is type_:
        return value.args[0]
    if value.op in ("i64x2.extract_lane", "i32x4.extract_lane"):
        shape = f"f{type_.bits}x{128 // type_.bits}"
        return make(f"{shape}.extract_lane", type_, *value.args, imm=value.imm)
    return make("bitcast", type_, value)


def stored(value: Value) -> Value:
    """The same bits in the register class in which they are."""
    if value.op in ("i64x2.extract_lane", "i32x4.extract_lane") and value.imm == 0:
        return as_float(value)
    if value.op == "bitcast" and value.args[0].type in (F32, F64):
        return value.args[0]
    return value


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
    if bits >= 32 and as_float(value).op != "bitcast":
        value = as_float(value)  # stays among the vector registers
        shape = f"f{bits}x{128 // bits}"
    else:
        shape = _SHAPES[bits]
    return make(f"{shape}.replace_lane", V128, register, value, imm=at * 8 // bits)
