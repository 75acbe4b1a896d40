"""A meaning's effects -> raw statements of one handler.

Input:  `ir.stmt.Effect`s over the operands that `binder` bound, and how the handler ends.
Output: statements for one case of the run function's switch.  Faults go to label FAULT before
        anything is committed; register reads see the state before the instruction because each is
        a `Let` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from elfin import layout
from elfin.codegen import memory, state
from elfin.codegen.state import BASE, raw_load
from elfin.core import functions as core
from elfin.ir.stmt import (
    Br,
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
)
from elfin.ir.types import I32, I64
from elfin.ir.value import TRUE, Value, const, local, make
from elfin.tiers.interp.frame import (
    BACK,
    ENTRY,
    FAULT,
    FETCH_FAULT,
    GOAL,
    LEAVE,
    LEFT,
    NEXT,
    REASON,
    SAVED,
    STOP,
    UNTIL,
    field,
)

Counter = Callable[[Value], list[Stmt]]
ADDRESS = local(I64, "address")
STATUS = local(I32, "status")
TARGET = local(I32, "target")
PIECE = const(I32, 2000)  # instructions in the time of `core.string.WORK`, about
ZERO = const(I32, 0)
DIRECT = field(I64, layout.ENTRY_DISP)  # what the binder gives for a branch target
PENDING = raw_load(I32, BASE, layout.STATE + layout.PENDING)
# Decoded code was written to: end the run behind this instruction, to drop the decode cache.
END_SOON: tuple[Stmt, ...] = (
    If(PENDING.ne(0), [Set(SAVED, SAVED + LEFT - 1), Set(LEFT, const(I32, 1))]),
)


def lower(
    effects: Iterable[Effect], counter: Counter | None = None, *, returns: bool = False
) -> list[Stmt]:
    """The whole handler, its way to the next entry included.

    `counter` makes what counts how often a branch is taken, for the tiers that translate; `returns`: a nested run
    may be over where it jumps to.
    """
    out: list[Stmt] = []
    updated: set[Value] = set()  # addresses that a load has checked for writing
    for effect in effects:
        match effect:
            case Let(var, Value(op="load", imm="update") as value):
                updated.add(value.args[0])
                _check(out, value.args[0], value.type.bytes, write=True)
                out.append(Let(var, memory.load(value.type, ADDRESS)))
            case Let(var, value):
                _let(out, var, value)
            case Store(address, value):
                if address in updated:
                    out.append(Let(ADDRESS, state.lower(address)))
                else:
                    _check(out, address, value.type.bytes, write=True)
                out.append(memory.store(ADDRESS, value))
            case Put(slot, value):
                out.append(state.write(slot, state.lower(value)))
            case PutAt(slot_value, value):
                out.append(state.write_at(slot_value, state.lower(value)))
            case Raise(when, vector, error):
                out.append(If(when, raise_fault(vector, error)))
            case Branch(when, target):
                return [*out, If(when, go_to(target, counter)), *go_on()]
            case Jump(target):
                back = If(GOAL.eq(UNTIL), [Set(LEFT, LEFT - 1), Br(BACK)])
                return [*out, *go_to(target, counter, [back] if returns else [])]
            case Leave(reason, when):
                leave: list[Stmt] = [Set(REASON, const(I32, reason)), _advance(), Br(LEAVE)]
                return [*out, *leave] if when is TRUE else [*out, If(when, leave), *go_on()]
    return [*out, *go_on()]


def _let(out: list[Stmt], var: Value | None, value: Value) -> None:
    match value.op:
        case "load":
            _check(out, value.args[0], value.type.bytes, write=False)
            out.append(Let(var, memory.load(value.type, ADDRESS)))
        case "call" if core.row(value.imm).may_fault:
            out.append(Let(STATUS, state.lower(value)))
            out.append(If(STATUS.eq(1), [Br(FAULT)]))
            out.extend(END_SOON)
            out.append(If(STATUS.eq(2), _count_piece()))
        case _:
            out.append(Let(var, state.lower(value)))


def _check(out: list[Stmt], address: Value, size: int, *, write: bool) -> None:
    """ADDRESS becomes the operand's address, which may be accessed."""
    out.append(Let(ADDRESS, state.lower(address)))
    out += memory.check_page(
        ADDRESS, size, write=write, refused=[Br(FAULT)], asked=END_SOON if write else ()
    )


def raise_fault(vector: int, error: int) -> list[Stmt]:
    """Write the fault slots and leave through FAULT."""
    return [
        state.write(layout.FAULT_VECTOR, const(I32, vector)),
        state.write(layout.FAULT_ERROR, const(I32, error)),
        state.write(layout.FAULT_ADDRESS, const(I64, 0)),
        Br(FAULT),
    ]


def go_on() -> list[Stmt]:
    """To the next entry in line."""
    return [_advance(), *_count()]


def go_to(target: Value, counter: Counter | None = None, before: Iterable[Stmt] = ()) -> list[Stmt]:
    """To a guest address; where it is the entry's own, through the entry's link, else with `before` when GOAL is
    set."""
    if target is DIRECT:
        link = make("call", I32, ENTRY, imm="link_entry")
        find: list[Stmt] = [
            Let(TARGET, field(I32, layout.ENTRY_LINK)),
            If(TARGET.eq(0), [Set(GOAL, target), Set(TARGET, link)]),
        ]
    else:
        find = [
            Set(GOAL, target),
            *before,
            Set(TARGET, make("call", I32, GOAL, imm="find_entry")),
        ]
    return [
        *find,
        # A target that cannot be fetched faults there: the jump itself is done.
        If(TARGET.eq(0), [Set(LEFT, LEFT - 1), Br(FETCH_FAULT)]),
        *(counter(target) if counter else []),
        Set(ENTRY, TARGET),
        *_count(),
    ]


def _advance() -> Stmt:
    return Set(ENTRY, ENTRY + layout.ENTRY_SIZE)


def _count_piece() -> list[Stmt]:
    """A part of a repeated instruction is done: it takes as much of the turn as it takes time."""
    left = LEFT.leu(PIECE).select(ZERO, LEFT - PIECE)
    return [Set(LEFT, left), If(LEFT.ne(0), [Br(NEXT)]), Br(STOP)]


def _count() -> list[Stmt]:
    """One instruction is done.  Each handler has a conditional back-edge of its own: the
    processor predicts the next handler from the path of conditional branches."""
    return [Set(LEFT, LEFT - 1), If(LEFT.ne(0), [Br(NEXT)]), Br(STOP)]
