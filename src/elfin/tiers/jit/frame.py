"""The locals and results of a region's function: the ABI between translated code and the rest.

A region is a function `() -> i32`.  It loads the registers it uses from the register file, runs, and
before it returns stores those it changed: between functions all state is in memory.  `BUDGET` in the
register file holds the instructions left when a function is entered and when it returns.  In between it is
in LEFT, less one: below zero when it is spent.
Results: `runtime.translated`.
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen import state
from elfin.codegen.locals import loads, stores
from elfin.codegen.state import BASE
from elfin.ir.stmt import Block, Return, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local
from elfin.runtime.translated import CONTINUE
from elfin.tiers.jit.wild import Wild

RESULT = local(I32, "result")
RIP = local(I64, "rip")
LEFT = local(I64, "left")
BUDGET = state.raw_load(I32, BASE, layout.STATE + layout.BUDGET)
TAKE_BUDGET = Set(LEFT, BUDGET.sext(I64) - 1)
GIVE_BUDGET = state.store(layout.BUDGET, LEFT.trunc(I32) + 1)


def leave(rip: Value | int, result: int = CONTINUE) -> list[Stmt]:
    """Leave the function to go on at `rip`; `flow` adds the jump to the way out."""
    to = const(I64, rip) if isinstance(rip, int) else rip
    return [Set(RIP, to), Set(RESULT, const(I32, result))]


def frame(needed: int, tree: list[Stmt], exits: list[tuple[str, int]], wild: Wild) -> list[Stmt]:
    """The function's body: loads `needed` registers; the tree leaves by a label of `exits`, each with the
    registers that it must store."""
    body = tree
    for label, changed in exits:
        body = [
            Block(label, body),
            *wild.ended(),
            *stores(changed),
            state.store(layout.RIP, RIP),
            GIVE_BUDGET,
            Return((RESULT,)),
        ]
    return [*loads(needed), TAKE_BUDGET, *body]
