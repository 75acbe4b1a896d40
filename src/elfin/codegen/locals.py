"""The register file in Wasm locals: general registers, XMM registers and flag sources.

Input:  IR reads and writes of guest state at fixed slots.
Output: values over locals, and `Set`s; what has no local stays in memory (`codegen.state`).
A `Registers` notes what a function touches, for the loads at its entries and the stores at its exits.
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen import state
from elfin.ir.stmt import Block, Set, Stmt
from elfin.ir.types import I1, I64, V128, Type
from elfin.ir.value import Value, local, make

GPRS_END = layout.GPR + 16 * 8
XMMS_END = layout.XMM + 16 * 16
FLAG_SLOTS = frozenset(layout.FLAGS.values())


class Registers:
    """Which slots a function keeps in locals; `written` of them change."""

    def __init__(self) -> None:
        self.used: dict[int, Value] = {}
        self.written: set[int] = set()
        self._spills: list[list[Stmt]] = []
        self._reloads: list[list[Stmt]] = []

    def spill(self) -> Stmt:
        """All changed registers to memory; filled in by `finish`."""
        self._spills.append([])
        return Block("spill", self._spills[-1])

    def reload(self) -> Stmt:
        """All registers from memory; filled in by `finish`."""
        self._reloads.append([])
        return Block("reload", self._reloads[-1])

    def finish(self) -> None:
        """The whole function was seen: now it is known which registers it uses and changes."""
        for body in self._spills:
            body += self.store_written()
        for body in self._reloads:
            body += self.load_all()

    def home(self, slot: int) -> Value | None:
        """The local of the register that a slot belongs to; None: it stays in memory."""
        if slot < GPRS_END:
            return self._local(slot & ~7, I64)
        if layout.XMM <= slot < XMMS_END:
            return self._local(slot & ~15, V128)
        if slot in FLAG_SLOTS:
            return self._local(slot, I64)
        return None

    def _local(self, slot: int, type_: Type) -> Value:
        found = self.used.get(slot)
        if found is None:
            found = self.used[slot] = local(type_, f"s{slot:x}")
        return found

    def read(self, type_: Type, slot: int) -> Value:
        """The state at a slot; an i1 is a flag."""
        home = self.home(slot)
        if home is None:
            return state.read(type_, slot)
        if type_ is I1:
            return state.flag_of(slot, home)
        if home.type is V128:
            return _lane(home, type_, slot & 15)
        part = home >> 8 * (slot & 7) if slot & 7 else home
        return part.trunc(type_)

    def write(self, slot: int, value: Value) -> Stmt:
        """The state at a slot becomes `value`."""
        home = self.home(slot)
        if home is None:
            return state.write(slot, value)
        self.written.add(_slot_of(home))
        if value.type is I1:
            return Set(home, state.flag_source(slot, value))
        if home.type is V128:
            return Set(home, _with_lane(home, value, slot & 15))
        if value.type is I64:
            return Set(home, value)
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

    def load_all(self) -> list[Stmt]:
        """Memory to locals, of every register the function uses."""
        return [
            Set(home, state.raw_load(home.type, state.BASE, layout.STATE + slot))
            for slot, home in self.used.items()
        ]

    def store_written(self) -> list[Stmt]:
        """Locals to memory, of every register the function changes."""
        return [state.store(slot, home) for slot, home in self.used.items() if slot in self.written]


def _slot_of(home: Value) -> int:
    return int(home.imm[1:], 16)


def _lane(register: Value, type_: Type, at: int) -> Value:
    if type_ is V128:
        return register
    shape = {8: "i8x16", 16: "i16x8", 32: "i32x4", 64: "i64x2"}[type_.bits]
    sign = "_u" if type_.bits < 32 else ""
    return make(f"{shape}.extract_lane{sign}", type_, register, imm=at * 8 // type_.bits)


def _with_lane(register: Value, value: Value, at: int) -> Value:
    if value.type is V128:
        return value
    shape = {8: "i8x16", 16: "i16x8", 32: "i32x4", 64: "i64x2"}[value.type.bits]
    return make(f"{shape}.replace_lane", V128, register, value, imm=at * 8 // value.type.bits)
