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
from elfin.bits import signed
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
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.flow import Call, Event, Exit, Read, Write
from elfin.tiers.jit.frame import LEFT, leave

Base = tuple[int, int]  # slot, and how often it was written before
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
    ending: Jump | Branch | None = None
    _done: int = 0
    _vars: int = 0
    _known: dict[Value, Value] = field(default_factory=dict)  # Let name -> condition it stands for
    _flags: dict[int, Value] = field(default_factory=dict)  # flag slot -> condition it was set to
    _versions: dict[int, int] = field(default_factory=dict)  # slot -> how often it was written
    _bases: dict[Value, Base] = field(default_factory=dict)  # Let name -> what it is near to
    _checked: set[Base] = field(default_factory=set)  # what checked addresses are near to

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
                self._check(op, address, value.type.bytes, write=True)
                self.out.append(memory.store(ADDRESS, self.value(value)))
            case Put(slot, value):
                self._put(slot, value)
            case Raise(when, vector, _) if vector == GP and not self.exact:
                self.out.append(If(self.condition(when), refuse(GP, ZERO64)))
            case Raise(when, _, _):
                self.out.append(If(self.condition(when), self.step(op)))
            case Branch() | Jump():
                self.ending = effect
            case PutAt() | Leave():
                raise AssertionError(f"{op.variant} is not for translation")

    def _check(self, op: Op, address: Value, size: int, *, write: bool) -> None:
        """ADDRESS becomes the address; leave unless it may be accessed."""
        self.out.append(Let(ADDRESS, self.value(address)))
        if not self.exact:
            base = self._base(address)
            if base is None or base not in self._checked:
                self.out += memory.check_high(ADDRESS, refused=refuse(PF, ADDRESS))
            if base is not None:
                self._checked.add(base)
            return
        written: list[Stmt] = [state.store(layout.PENDING, const(I32, 0)), *self.step(op)]
        self.out += memory.check_page(
            ADDRESS,
            size,
            write=write,
            refused=self.step(op),
            asked=(If(PENDING.ne(0), written),) if write else (),
        )

    def _base(self, value: Value) -> Base | None:
        """The register, with the number of its value, that an address is a small distance from."""
        if value.op in ("add", "sub") and value.args[1].op == "const":
            value, distance = value.args
            if abs(signed(distance.imm, 64)) >= memory.NEAR:
                return None
        if value.op == "get" and value.type is I64:
            return value.imm, self._versions.get(value.imm, 0)
        return self._bases.get(value)

    def _put(self, slot: int, value: Value) -> None:
        if slot in FLAG_SLOTS:
            self._flags[slot] = self._substitute(value)
        base = self._base(value)
        version = self._versions[slot & ~7] = self._versions.get(slot & ~7, 0) + 1
        if base in self._checked and value.type is I64:
            self._checked.add((slot, version))  # PUSH after PUSH: still near what was checked
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
                self._check(op, value.args[0], value.type.bytes, write=False)
                self.out.append(Let(var, memory.load(value.type, ADDRESS)))
            case "call":
                self._call(op, var, value)
            case _:
                base = self._base(value)
                if var is not None and base is not None:
                    self._bases[var] = base
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
        if row.may_fault:
            self.out.append(If(STATUS.eq(1), self.step(op, FAULT)))
            self.out.append(If(STATUS.ne(0), self.step(op)))


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
