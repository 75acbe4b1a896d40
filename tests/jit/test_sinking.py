"""Flags that only ways out need are set there (tiers/jit/sinking.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from elfin import layout
from elfin.codegen.locals import BIT, HOMES
from elfin.ir.stmt import Br, If, Set
from elfin.ir.types import I64
from elfin.ir.value import local
from elfin.structure.graph import Choose, End, Goto, Graph, Node
from elfin.structure.order import Order, order
from elfin.tiers.jit.events import Exit, Write
from elfin.tiers.jit.flow import Flow
from elfin.tiers.jit.frame import LEFT
from elfin.tiers.jit.sinking import sink_flags

SLOT = layout.FLAGS["z"]
ZERO, RAX = HOMES[SLOT], HOMES[layout.RAX]
A, B = local(I64, "a"), local(I64, "b")


@dataclass
class Known:
    """What `sink_flags` asks of a flow."""

    graph: Graph
    order: Order
    needed: dict[int, int]

    def needed_at(self) -> dict[int, int]:
        return self.needed


def test_a_flag_goes_past_ways_out_and_those_who_choose() -> None:
    """A flag is set; a way out in between puts a register back; then two nodes choose, one after another, where to go
    on, and one takes the budget.  All that needs the flag is a way out behind them."""
    flag, back = Set(ZERO, A - RAX), [Set(RAX, B), Br("exit0")]
    first = Node([flag, If(B.ne(0), back)], note=[Write(BIT[SLOT], flag, True), Exit(back)])
    first.ending = Choose(A.ne(1), 1, 4)
    choosing = Node(ending=Choose(A.ne(2), 2, 4))
    spending = Node([Set(LEFT, LEFT - 1)], Goto(3))
    out, on = Node([Br("exit1")], End(), note=[Exit([])]), Node([], End())
    graph = Graph()
    for node in (first, choosing, spending, out, on):
        graph.add(node)
    sink_flags(cast(Flow, Known(graph, order(graph), {0: 0, 1: 0, 2: 0, 3: BIT[SLOT], 4: 0})))
    assert flag not in first.body
    assert out.body[0] is flag


def test_a_flag_stays_whose_value_changes() -> None:
    flag, change = Set(ZERO, A - RAX), Set(RAX, B)
    first = Node([flag, change], Choose(A.ne(1), 1, 2), note=[Write(BIT[SLOT], flag, True)])
    graph = Graph()
    for node in (first, Node([Br("exit1")], End(), note=[Exit([])]), Node([], End())):
        graph.add(node)
    sink_flags(cast(Flow, Known(graph, order(graph), {0: 0, 1: BIT[SLOT], 2: 0})))
    assert flag in first.body
