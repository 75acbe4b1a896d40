"""The locals, parameters and results of a region's function: the ABI of translated code.

A region that other functions of its unit do not call is a function `() -> i32` in the table, an *outer* one.  It
loads the registers it uses from the register file, runs, and before it returns stores those it changed: in
between all state is in memory.  Its result is one of `runtime.translated`.

Others are *inner* functions and have an outer one that calls them.  An inner function gets what is left, the
return address that its caller expects, and the registers of `Summary.params`.  It returns in one of
two ways.  To the expected address: with what is left and the registers of `Summary.results`; others that it
changed are in memory, and what it has not changed is where it was, so a caller keeps registers in locals
across the call.  Or it leaves: GONE, then each caller leaves too.  Who leaves stores what it has changed, the
innermost first: OWNED are the registers whose value is in memory then, which callers do not store.

What is left (`LEFT`, and `layout.FUEL` between functions of the table) is in the low `FUEL_BITS` the number of calls
that may still be nested (one of a large function counts for several), above them the number of instructions,
less 1: below zero when none is left.
"""

from __future__ import annotations

from elfin import layout
from elfin.bits import M64
from elfin.codegen import state
from elfin.codegen.locals import BIT, HOMES, SLOTS, loads, packed, stores
from elfin.codegen.state import BASE
from elfin.ir.stmt import Block, Br, Function, If, Results, Return, Set, Stmt
from elfin.ir.types import I32, I64, Type
from elfin.ir.value import Value, const, local, make
from elfin.runtime.translated import CONTINUE, STEP
from elfin.tiers.jit.events import Summary
from elfin.tiers.jit.ways import AWAY, OWN, UP, Way
from elfin.tiers.jit.wild import Wild

RESULT = local(I32, "result")
RIP = local(I64, "rip")
LEFT = local(I64, "left")
EXPECTED = local(I64, "expected")
BACK = local(I64, "back")  # what a function of the unit returned
OWED = local(I64, "owed")  # registers that a way out must store
FUEL = state.raw_load(I64, BASE, layout.STATE + layout.FUEL)
STATUS = state.raw_load(I32, BASE, layout.STATE + layout.RESULT)
OWNED = state.raw_load(I64, BASE, layout.STATE + layout.OWNED)
NESTED = (1 << layout.FUEL_BITS) - 1
GONE = const(I64, 1 << 63)
SPENT = LEFT.lts(0)
NOWHERE = M64  # nothing can be executed there, so nobody returns there


def leave(rip: Value | int, result: int = CONTINUE) -> list[Stmt]:
    """Leave the function to go on at `rip`; `flow` adds the jump to the way out."""
    to = Set(RIP, const(I64, rip) if isinstance(rip, int) else rip)
    return [to] if result == CONTINUE else [to, Set(RESULT, const(I32, result))]  # it begins as 0


def spend(instructions: int) -> Stmt:
    """Take them from what is left; a negative number gives back."""
    return Set(LEFT, LEFT - (instructions << layout.FUEL_BITS))


def leave_called(result: Value) -> list[Stmt]:
    """All state is in memory, and how the function leaves is `result`."""
    owned = state.store(layout.OWNED, const(I64, M64))
    return [state.store(layout.RESULT, result), owned, Br("gone")]


def go_up(changed: int, owned: int) -> list[Stmt]:
    """A callee has left: store what is not stored yet, and leave.  `owned`: all that is in memory then."""
    now = state.store(layout.OWNED, OWNED | packed(owned | changed))
    if not changed:
        return [now, Br("gone")]
    return [_find_owed(changed), now, Br(UP)]


def owed(changed: int) -> list[Stmt]:
    """A callee has left: store what is not stored yet."""
    return [_find_owed(changed), *_store_owed(changed)] if changed else []


def _find_owed(changed: int) -> Stmt:
    return Set(OWED, OWNED & packed(changed) ^ packed(changed))


def invocation(
    callee: Summary, back: int, weight: int, resting: int
) -> tuple[list[Stmt], list[Stmt]]:
    """The call of an inner function, and what lets its results reach their registers if it returned; `resting` ones
    are in memory."""
    slots = _slots(callee.results)
    news = [local(HOMES[slot].type, f"new {HOMES[slot].imm}") for slot in slots]
    arguments = (
        state.read(I64, slot) if resting & BIT[slot] else HOMES[slot]
        for slot in _slots(callee.params)
    )
    call = make("call", I64, LEFT - weight, const(I64, back), *arguments, imm=callee.name)
    reached: list[Stmt] = [
        state.store(slot, new) if resting & BIT[slot] else Set(HOMES[slot], new)
        for slot, new in zip(slots, news, strict=True)
    ]
    return [Results((BACK, *news), call)], [*reached, Set(LEFT, BACK + weight)]


def returning(own: Summary) -> Stmt:
    """Return to where the caller expects it."""
    return Return((LEFT, *_homes(own.results)))


def frame(
    needed: int, tree: list[Stmt], ways: list[Way], own: Summary | None, wild: Wild, *, calls: bool
) -> list[Stmt]:
    """The function's body: loads `needed` registers; the tree leaves by the labels of `ways`, which are in their order.
    `calls`: some function."""
    body = tree
    for way, later in zip(ways, [*ways[1:], None], strict=True):
        body = [Block(way.label, body)]
        if way.up:
            body += [*_store_owed(way.registers), *wild.ended(), Br("gone")]
        else:
            body += stores(way.registers)
            if later is not None and later.label != way.then:
                body.append(Br(way.then))
    if len(ways) > 1:
        body = [Block(AWAY, body)]
    body += [
        *wild.ended(),
        state.store(layout.RIP, RIP),
        state.store(layout.FUEL, LEFT),
    ]
    if own is None:
        body.append(Return((RESULT,)))
        if calls:
            body = [Block("gone", body), Return((STATUS,))]
        return wild.enclose([*loads(needed), Set(LEFT, FUEL), *body])
    body += [state.store(layout.RESULT, RESULT), state.store(layout.OWNED, OWN)]
    zeros = (const(home.type, 0) for home in _homes(own.results))
    return wild.enclose([*loads(needed), Block("gone", body), Return((GONE, *zeros))])


def entry(own: Summary, pc: int, name: str) -> Function:
    """The outer function of an inner one, which may believe that RSP is an address that can be accessed."""
    homes = _homes(own.results)
    news = [local(home.type, f"new {home.imm}") for home in homes]
    arguments = (
        state.raw_load(HOMES[slot].type, BASE, layout.STATE + slot) for slot in _slots(own.params)
    )
    call = make("call", I64, FUEL, const(I64, NOWHERE), *arguments, imm=own.name)
    returned = [
        *(state.store(slot, new) for slot, new in zip(_slots(own.results), news, strict=True)),
        state.store(layout.RIP, const(I64, NOWHERE)),
        state.store(layout.FUEL, BACK),
        Return((const(I32, CONTINUE),)),
    ]
    odd = [state.store(layout.RIP, const(I64, pc)), Return((const(I32, STEP),))]
    return Function(
        name,
        (),
        (I32,),
        [
            If((state.read(I64, layout.RSP) >> 32).ne(0), odd, rare=True),
            Results((BACK, *news), call),
            If(BACK.ne(GONE), returned, rare=True),
            Return((STATUS,)),
        ],
    )


def door(pc: int, inside: str, name: str) -> Function:
    """What enters the function `inside` at `pc`."""
    call = make("call", I32, const(I64, pc), imm=inside)
    return Function(name, (), (I32,), [Set(RESULT, call), Return((RESULT,))])


def signature(own: Summary) -> tuple[tuple[Value, ...], tuple[Type, ...]]:
    """Parameters and results of an inner function."""
    results = (home.type for home in _homes(own.results))
    return (LEFT, EXPECTED, *_homes(own.params)), (I64, *results)


def _store_owed(registers: int) -> list[Stmt]:
    return [If((OWED & packed(BIT[slot])).ne(0), stores(BIT[slot])) for slot in _slots(registers)]


def _slots(registers: int) -> list[int]:
    return [slot for slot in SLOTS if registers & BIT[slot]]


def _homes(registers: int) -> tuple[Value, ...]:
    return tuple(HOMES[slot] for slot in _slots(registers))
