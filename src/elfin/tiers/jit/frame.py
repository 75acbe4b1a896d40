"""The locals and the result of a unit's function: the ABI of translated code.

The function stands in the table once for each address at which it is entered (`door`).  It loads the registers it uses
from the register file, runs, and before it returns stores those it changed: in between all state is in memory.  Its
result is one of `runtime.translated`.

What is left (`LEFT`, and `layout.FUEL` between functions of the table) is in the low `FUEL_BITS` the number of calls
that may still be nested (one of a large function counts for several), above them the number of instructions,
less 1: below zero when none is left.
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen import state
from elfin.codegen.locals import loads, stores
from elfin.codegen.state import BASE
from elfin.ir.stmt import Block, Br, Function, Return, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.runtime.translated import CONTINUE
from elfin.tiers.jit.ways import AWAY, Way
from elfin.tiers.jit.wild import Wild

RESULT = local(I32, "result")
RIP = local(I64, "rip")
LEFT = local(I64, "left")
EXPECTED = local(I64, "expected")  # where who entered the function goes on
FUEL = state.raw_load(I64, BASE, layout.STATE + layout.FUEL)
WANTED = state.raw_load(I64, BASE, layout.STATE + layout.EXPECTED)
NESTED = (1 << layout.FUEL_BITS) - 1
SPENT = LEFT.lts(0)


def leave(rip: Value | int, result: int = CONTINUE) -> list[Stmt]:
    """Leave the function to go on at `rip`; `flow` adds the jump to the way out."""
    to = Set(RIP, const(I64, rip) if isinstance(rip, int) else rip)
    return [to] if result == CONTINUE else [to, Set(RESULT, const(I32, result))]  # it begins as 0


def spend(instructions: int) -> Stmt:
    """Take them from what is left; a negative number gives back."""
    return Set(LEFT, LEFT - (instructions << layout.FUEL_BITS))


def frame(needed: int, tree: list[Stmt], ways: list[Way], wild: Wild) -> list[Stmt]:
    """The function's body: loads `needed` registers; the tree leaves by the labels of `ways`, which are in their
    order."""
    body = tree
    for way, later in zip(ways, [*ways[1:], None], strict=True):
        body = [Block(way.label, body), *stores(way.registers)]
        if later is not None and later.label != way.then:
            body.append(Br(way.then))
    if len(ways) > 1:
        body = [Block(AWAY, body)]
    body += [
        *wild.ended(),
        state.store(layout.RIP, RIP),
        state.store(layout.FUEL, LEFT),
        Return((RESULT,)),
    ]
    return wild.enclose([*loads(needed), Set(LEFT, FUEL), *body])


def door(pc: int, inside: str, name: str) -> Function:
    """What enters the function `inside` at `pc`."""
    call = make("call", I32, const(I64, pc), imm=inside)
    return Function(name, (), (I32,), [Set(RESULT, call), Return((RESULT,))])
