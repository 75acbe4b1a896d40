"""One basic block: the meanings of its instructions over registers in locals.

Input:  `Op`s in line, a function's `Registers`.
Output: statements, and the condition or target with which the block ends.

Each instruction commits its writes to the locals at its end, so every way out of the function finds
exact state in them; what only a way out needs is computed there, because the engine moves pure
values to where they are used.  A flag that is read in the block where it was set is read from the
comparison that set it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from elfin import layout
from elfin.codegen import memory, state
from elfin.codegen.locals import BIT, FLAG_SLOTS, Registers, home_slot, registers_named
from elfin.core import build as core
from elfin.ir.stmt import Block as Spill
from elfin.ir.stmt import (
    Branch,
    Effect,
    If,
    Jump,
    Leave,
    Let,
    Put,
    PutAt,
    Raise,
    RawStore,
    Set,
    Stmt,
    Store,
    Unreachable,
)
from elfin.ir.types import I1, I32, I64
from elfin.ir.value import ZERO64, Value, const, local, make
from elfin.isa.sem import Sem
from elfin.isa.vectors import GP, PF
from elfin.lift.entry import EntryBinder
from elfin.opt.compare import compare
from elfin.runtime.translated import FAULT, REFUSED, STEP
from elfin.tiers.jit.access import Addresses, split
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.flow import Call, Event, Exit, Read, Write
from elfin.tiers.jit.frame import LEFT, leave

ADDRESS = local(I64, "address")
STATUS = local(I32, "status")
PENDING = state.raw_load(I32, state.BASE, layout.STATE + layout.PENDING)
# What core functions may read and write that is never in a local.
IN_MEMORY = frozenset(
    {"fault", "tsc", "mxcsr", "segment", "fs_base", "gs_base", "float_trap", "count"}
)


@dataclass(slots=True)
class Writer:
    """Collects the statements of a block.

    `ops` is how many instructions it has in all.  `exact`: each access checks the page's permission, so that
    a fault finds exact state; else the host's memory protection ends the run (see `runtime.memory`).
    """

    registers: Registers
    ops: int
    exact: bool
    out: list[Stmt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    addresses: Addresses = field(default_factory=Addresses)
    ending: Jump | Branch | None = None
    _done: int = 0
    _vars: int = 0
    _known: dict[Value, Value] = field(default_factory=dict)  # Let name -> condition it stands for
    _flags: dict[int, Value] = field(default_factory=dict)  # flag slot -> condition it was set to

    def add(self, op: Op) -> None:
        """Append one instruction."""
        for effect in effects(op, self._vars):
            self._effect(op, effect)
        self._vars += 40
        self._done += 1

    def step(self, op: Op, result: int = STEP) -> list[Stmt]:
        """Leave so that the interpreter executes `op`; its budget was taken with the block's."""
        body = [Set(LEFT, LEFT + (self.ops - self._done)), *leave(op.pc, result)]
        self.events.append(Exit(body))
        return body

    def leave(self, target: Value) -> None:
        """Go on outside, at the end of the block."""
        self.out += leave(target)
        self.events.append(Exit(self.out))

    def value(self, value: Value) -> Value:
        """The value over locals."""
        return self._noted(self.registers.lower(self._substitute(value)))

    def condition(self, value: Value) -> Value:
        return self._noted(self.registers.lower(compare(self._substitute(value))))

    def _noted(self, value: Value) -> Value:
        reads = self.registers.take_reads()
        if reads:
            self.events.append(Read(reads))
        return value

    def _substitute(self, value: Value) -> Value:
        if not value.args:
            return self._known.get(value, value)
        args = tuple(self._substitute(a) for a in value.args)
        return value if args == value.args else make(value.op, value.type, *args, imm=value.imm)

    def _effect(self, op: Op, effect: Effect) -> None:
        match effect:
            case Let(var, value):
                self._let(op, var, value)
            case Store(address, value):
                base, offset = self._access(op, address, value.type.bytes, write=True)
                self.out.append(RawStore(base, offset, self.value(value), value.type.bits))
            case Put(slot, value):
                self._put(slot, value)
            case Raise(when, vector, _) if vector == GP and not self._may_be_odd(when):
                pass
            case Raise(when, vector, _) if vector == GP and not self.exact:
                self.out.append(If(self.condition(when), refuse(GP, ZERO64), rare=True))
            case Raise(when, _, _):
                self.out.append(If(self.condition(when), self.step(op), rare=True))
            case Branch() | Jump():
                self.ending = effect
            case PutAt() | Leave():
                raise AssertionError(f"{op.variant} is not for translation")

    def _may_be_odd(self, when: Value) -> bool:
        """Is this something else than an alignment check that is known to hold?"""
        if when.op == "ne" and when.args[0].op == "and" and when.args[0].args[1].imm == 15:
            return self.addresses.must_align(when.args[0].args[0])
        return True

    def _access(self, op: Op, address: Value, size: int, *, write: bool) -> tuple[Value, int]:
        """Base (i32) and offset of what may be accessed; leaves if it may not."""
        if self.exact:
            self._check_page(op, address, size, write=write)
            return ADDRESS.trunc(I32), layout.GUEST_BASE
        must = self.addresses.must_check(address)
        root, distance = split(address)
        base = self.value(root)
        if must:
            self.out += memory.check_high(base, refused=refuse(PF, base + distance))
        return base.trunc(I32), layout.GUEST_BASE + distance

    def _check_page(self, op: Op, address: Value, size: int, *, write: bool) -> None:
        """ADDRESS becomes the address; leave unless it may be accessed."""
        self.out.append(Let(ADDRESS, self.value(address)))
        written: list[Stmt] = []
        if write:
            body = [state.store(layout.PENDING, const(I32, 0)), *self.step(op)]
            self.events[-1] = Exit(body)
            written = [If(PENDING.ne(0), body)]
        self.out += memory.check_page(
            ADDRESS, size, write=write, refused=self.step(op), asked=written
        )

    def _put(self, slot: int, value: Value) -> None:
        if slot in FLAG_SLOTS:
            self._flags[slot] = self._substitute(value)
        self.addresses.written(slot, value)
        statement = self.registers.write(slot, self.value(value))
        self._noted(value)
        self.out.append(statement)
        home = home_slot(slot)
        if home is not None:
            self.events.append(Write(BIT[home], statement))

    def _let(self, op: Op, var: Value | None, value: Value) -> None:
        match value.op:
            case "get" if value.type is I1 and value.imm in self._flags:
                assert var is not None
                self._known[var] = self._flags[value.imm]
            case "load":
                base, offset = self._access(
                    op, value.args[0], value.type.bytes, write=value.imm == "update"
                )
                self.out.append(Let(var, state.raw_load(value.type, base, offset)))
            case "call":
                self._call(op, var, value)
            case _:
                if var is not None:
                    self.addresses.named(var, value)
                self.out.append(Let(var, self.value(value)))

    def _call(self, op: Op, var: Value | None, value: Value) -> None:
        row = core.row(value.imm)
        if not row.may_fault and IN_MEMORY.issuperset((*row.reads, *row.writes)):
            self.out.append(Let(var, self.value(value)))
            return
        read, written = registers_named(row.reads), registers_named(row.writes)
        call = Call(read | written, written)
        self.out.append(Spill("spill", call.before))
        self.out.append(Let(STATUS if row.may_fault else var, self.value(value)))
        self.out.append(Spill("reload", call.behind))
        self.events.append(call)
        if written:
            self.addresses.lost()
        if row.may_fault:
            self.out.append(If(STATUS.eq(1), self.step(op, FAULT), rare=True))
            self.out.append(If(STATUS.ne(0), self.step(op), rare=True))


def refuse(vector: int, address: Value) -> list[Stmt]:
    """The guest dies of this access and its registers are not seen: end the run by a trap."""
    return [
        state.store(layout.FAULT_ADDRESS, address),
        state.store(layout.FAULT_VECTOR, const(I32, vector)),
        state.store(layout.FAULT_ERROR, const(I32, REFUSED)),
        Unreachable(),
    ]


def effects(op: Op, first_var: int) -> list[Effect]:
    """What the instruction does, with constant operands."""
    assert op.variant is not None and op.variant.form.meaning is not None
    binder = EntryBinder(op.variant, op)
    m = Sem(binder, op.variant.size, op.variant.rep, first_var)
    op.variant.form.meaning(m, *binder.operands(m))
    m.commit()
    return m.out
