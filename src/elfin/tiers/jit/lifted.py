"""What instructions do, before anything of it becomes code.

Input:  decoded instructions.
Output: `Lifted`: their effects with constant operands, what is seen of those as a whole, and the same without the
        flags that nobody will read.

The same instruction is lifted once: regions overlap, programs repeat themselves, and a `Lifted` never changes.
Its values must be interned as long as others are made beside them, so it is asked for before `ir.value.mark`; what
is remembered, and its values, are dropped together (`trim`).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from elfin import layout
from elfin.codegen.locals import BIT, FLAG_SLOTS, FLAGS, XMMS_END, registers_named
from elfin.core import functions as core
from elfin.decode.variant import Variant
from elfin.ir.stmt import Effect, Leave, Let, Put, Raise, Store
from elfin.ir.types import V128
from elfin.ir.value import Value, const, forget, mark
from elfin.isa.sem import Sem
from elfin.isa.vectors import GP, PF, SS, XM
from elfin.lift.entry import EntryBinder
from elfin.opt.drop import drop_variables
from elfin.opt.effects import values
from elfin.opt.simplify import simplify
from elfin.opt.spread import spread
from elfin.records import dataclass, field
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.float_calls import TAKES_INTEGER
from elfin.tiers.jit.quick import QUICK

MOST: Final = 1 << 14  # instructions that are remembered, about
LOWEST_LANE: Final = ("i64x2.replace_lane", "i32x4.replace_lane")
NO_VECTOR: Final = const(V128, 0)
ACCESS: Final = (GP, SS, PF)  # vectors of refused accesses
STEP: Final = 40  # numbers of variables for an instruction

# One for each time that it stands in a block: variables of different instructions have different names there.
_remembered: dict[object, tuple[Lifted, ...]] = {}
_made: Final = [0]  # how many
_placed: set[Variant] = set()  # their effects depend on the address
_start: list[int] = []  # what was interned before


@dataclass(slots=True)
class Lifted:
    body: list[Effect]
    one_vector: bool = True  # at most one vector register is written
    floats: set[Value] = field(default_factory=set)  # loads that are operands of float operations
    # Loads into a register of zeros: what it becomes, and which.
    alone: dict[Value, tuple[Value, int]] = field(default_factory=dict)
    reads: int = 0  # flags
    writes: int = 0  # flags
    sets_flags: bool = False  # with those whose writes were left out
    seen: int = 0  # flags that a core function looks at, or changes
    stores: bool = False  # it may write to guest memory
    accesses: bool = False  # it may be refused an access: SIGSEGV or SIGBUS
    raises: bool = False  # it may raise another signal
    _without: dict[int, Lifted] = field(default_factory=dict)

    def without(self, dead: int) -> Lifted:
        """The same but for writes of these flags, and what only they need; variables only where they are needed."""
        found = self._without.get(dead)
        if found is None:
            slots = {slot for slot in FLAG_SLOTS if BIT[slot] & dead}
            kept = [e for e in self.body if not (isinstance(e, Put) and e.offset in slots)]
            found = self._without[dead] = look(spread(drop_variables(kept)))
            found.sets_flags = self.sets_flags
        return found

    def before(self, needed: int) -> int:
        """The flags that must be right before it, if `needed` must be behind it."""
        dead = self.writes & ~needed
        reads = self.without(dead).reads if self.reads and dead else self.reads
        return (needed & ~self.writes) | reads | self.seen


def trim() -> None:
    """Start anew when much is remembered: a long run must not grow."""
    if _made[0] >= MOST:
        _remembered.clear()
        _made[0] = 0
        forget(_start[0])
    if not _remembered:
        _start[:] = [mark()]


def lift(op: Op, block: dict[object, int]) -> Lifted:
    """The next instruction of a block: `block` is what it has so far, and how often."""
    assert op.variant is not None
    imm = 0 if is_direct(op.variant) else op.imm  # a direct branch counts there
    key: object = (op.variant, op.r, op.b, op.x, op.v, op.scale, op.disp, imm)
    if op.variant in _placed:
        key = (key, op.pc, op.length)
    before = block.get(key, 0)
    block[key] = before + 1
    known = _remembered.get(key, ())
    if before < len(known):
        return known[before]
    binder = _Binder(op.variant, op)
    body = early_leaves(_effects(binder, op.variant, _made[0] * STEP))
    found = look(simplify(body) if is_wordy(body) else body)
    _made[0] += 1
    if binder.placed and op.variant not in _placed:
        _placed.add(op.variant)
        key = (key, op.pc, op.length)
        block[key] = 1
    _remembered[key] = (*known, found)
    return found


def effects(op: Op, first_var: int = 0) -> list[Effect]:
    """What the instruction does, with constant operands."""
    assert op.variant is not None
    return _effects(EntryBinder(op.variant, op), op.variant, first_var)


def _effects(binder: EntryBinder, variant: Variant, first_var: int) -> list[Effect]:
    assert variant.form.meaning is not None
    m = Sem(binder, variant.size, variant.rep, first_var)
    variant.form.meaning(m, *binder.operands(m))
    m.commit()
    return m.out


class _Binder(EntryBinder):
    """Notes whether the instruction's address was asked for."""

    placed = False

    @property
    def rip(self) -> Value:
        self.placed = True
        return super().rip

    @property
    def next_rip(self) -> Value:
        self.placed = True
        return super().next_rip


def early_leaves(body: list[Effect]) -> list[Effect]:
    """An instruction that may leave does so before its writes: the interpreter executes it again."""
    if body and isinstance(body[-1], Leave):
        body.sort(key=lambda effect: isinstance(effect, Put))
    return body


def is_wordy(body: list[Effect]) -> bool:
    """Is there an operation of constants only, as with an immediate, or of a value and itself?  XOR of a register and
    itself is how code says zero."""
    return any(_is_wordy(value) for effect in body for value in values(effect))


def _is_wordy(value: Value) -> bool:
    args = value.args
    if not args:
        return False
    first = args[0]
    if len(args) == 1:
        return first.op == "const" or _is_wordy(first)
    if len(args) == 2 and (first is args[1] or first.op == "const" == args[1].op):
        return True
    return any(map(_is_wordy, args))


@cache
def is_direct(variant: Variant) -> bool:
    """Is it a jump or call whose target is in the instruction?"""
    return any(o.letter == "J" for o in variant.form.operands)


def look(body: list[Effect]) -> Lifted:
    """What is seen of the effects as a whole."""
    out = Lifted(body)
    vectors = 0
    parts: dict[Value, int] = {}
    for effect in body:
        if isinstance(effect, Put):
            slot, value = effect.offset, effect.value
            if slot in FLAG_SLOTS:
                out.writes |= BIT[slot]
            elif layout.XMM <= slot < XMMS_END:
                vectors += 1
                if value.op in LOWEST_LANE and value.imm == 0 and value.args[0] is NO_VECTOR:
                    out.alone[value.args[1]] = value, slot
        elif isinstance(effect, Let):
            call = effect.value
            if call.op == "get":
                out.reads |= BIT[call.imm] if call.imm in FLAG_SLOTS else 0
            elif call.op == "call":
                if call.imm in QUICK and call.imm not in TAKES_INTEGER:
                    out.floats.update(a for a in call.args if a.op == "local")
                row = core.row(call.imm)
                out.seen |= registers_named((*row.reads, *row.writes)) & FLAGS
                out.stores |= row.may_fault
                out.accesses |= row.may_fault
            out.accesses |= call.op == "load"
        elif isinstance(effect, Store):
            out.stores = out.accesses = True
        elif isinstance(effect, Raise):
            if effect.vector in ACCESS:
                out.accesses = True
            elif effect.vector != XM:  # which is masked (`floats.py`)
                out.raises = True
        for value in values(effect):
            if value.args:
                out.reads |= _flags_in(value, parts)
    out.one_vector = vectors < 2
    out.sets_flags = out.writes != 0
    return out


def _flags_in(value: Value, parts: dict[Value, int]) -> int:
    """The flags that a value reads.  `parts`: what is known of parts of it."""
    if not value.args:
        return BIT[value.imm] if value.op == "get" and value.imm in FLAG_SLOTS else 0
    found = parts.get(value)
    if found is None:
        found = 0
        for part in value.args:
            found |= _flags_in(part, parts)
        parts[value] = found
    return found
