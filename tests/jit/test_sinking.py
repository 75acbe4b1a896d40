"""Flags that only ways out need are set there (tiers/jit/sinking.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from elfin import layout
from elfin.codegen.locals import BIT, HOMES
from elfin.ir.stmt import Br, If, Set, Stmt
from elfin.ir.types import I64
from elfin.ir.value import local
from elfin.structure.graph import Choose, End, Goto, Graph, Node
from elfin.structure.order import Order, order
from elfin.tiers.jit.dispatch import GOAL
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
    out = Node([Br("exit1")], End(), note=[Exit([], changed=BIT[SLOT])])
    on = Node([], End())
    graph = Graph()
    for node in (first, choosing, spending, out, on):
        graph.add(node)
    sink_flags(cast(Flow, Known(graph, order(graph), {0: 0, 1: 0, 2: 0, 3: BIT[SLOT], 4: 0})), -1)
    assert flag not in first.body
    assert out.body[0] is flag


def test_a_flag_stays_whose_value_changes() -> None:
    flag, change = Set(ZERO, A - RAX), Set(RAX, B)
    first = Node([flag, change], Choose(A.ne(1), 1, 2), note=[Write(BIT[SLOT], flag, True)])
    graph = Graph()
    for node in (first, Node([Br("exit1")], End(), note=[Exit([])]), Node([], End())):
        graph.add(node)
    sink_flags(cast(Flow, Known(graph, order(graph), {0: 0, 1: BIT[SLOT], 2: 0})), -1)
    assert flag in first.body


def sunk(needed: dict[int, int], *nodes: Node, hub: int = -1) -> None:
    graph = Graph()
    for node in nodes:
        graph.add(node)
    sink_flags(cast(Flow, Known(graph, order(graph), needed)), hub)


def works(to: int) -> Node:
    """It does more than to choose."""
    return Node([Set(RAX, B)], Goto(to))


def test_a_flag_goes_into_a_way_out_within_the_block() -> None:
    """It is set there, and again another time; only the way out between needs the first."""
    flag, again = Set(ZERO, A - RAX), Set(ZERO, B)
    away: list[Stmt] = [Br("exit0")]
    events = [Write(BIT[SLOT], flag, True), Exit(away, changed=BIT[SLOT])]
    first = Node([flag, If(B.ne(0), away), Set(RAX, B), again], Goto(1))
    first.note = [*events, Write(BIT[SLOT], again, True)]
    sunk({0: 0, 1: BIT[SLOT], 2: 0}, first, works(2), Node([], End()))
    assert flag not in first.body
    assert again in first.body
    assert away[0] is flag


def test_a_flag_goes_where_only_one_way_needs_it() -> None:
    flag = Set(ZERO, A - RAX)
    first = Node([flag], Choose(A.ne(1), 1, 2), note=[Write(BIT[SLOT], flag, True)])
    needs, other, last = works(3), works(3), Node([], End())
    sunk({0: 0, 1: BIT[SLOT], 2: 0, 3: 0}, first, needs, other, last)
    assert flag not in first.body
    assert needs.body[0] is flag


def test_a_flag_stays_that_all_ways_need() -> None:
    flag = Set(ZERO, A - RAX)
    first = Node([flag], Choose(A.ne(1), 1, 2), note=[Write(BIT[SLOT], flag, True)])
    needed = {0: 0, 1: BIT[SLOT], 2: BIT[SLOT], 3: 0}
    sunk(needed, first, works(3), works(3), Node([], End()))
    assert flag in first.body


def test_who_enters_through_a_door_has_flags_of_his_own() -> None:
    """He comes to the node that chooses, too, and goes on at a block, which is a way out; only who jumped there can
    come to the jump's own."""
    flag, needs = Set(ZERO, A - RAX), BIT[SLOT]
    doors = Node([], Choose(GOAL.ne(1), 2, 1), label=GOAL)
    first = Node([flag], Goto(2), note=[Write(needs, flag, True)])
    switch = Node([], Choose(GOAL.ne(2), 3, 4), label=GOAL)
    missed = Node([Br("exit0")], End(), label=GOAL, note=[Exit([], changed=needs)])
    case = Node([Br("exit1")], End(), label=2, note=[Exit([], changed=needs)])
    nodes = (doors, first, switch, missed, case)
    sunk({0: needs, 1: 0, 2: needs, 3: needs, 4: needs}, *nodes)
    assert flag in first.body
    # Where others come from, without that flag:
    sunk({0: 0, 1: 0, 2: needs, 3: needs, 4: 0}, *nodes, hub=2)
    assert flag in first.body
    switch.label = (
        3  # a block that jumps to where it never did: who comes there has flags of his own
    )
    sunk({0: 0, 1: 0, 2: needs, 3: needs, 4: 0}, *nodes)
    assert flag in first.body
    switch.label = GOAL
    sunk({0: 0, 1: 0, 2: needs, 3: needs, 4: 0}, *nodes)
    assert flag not in first.body
    assert missed.body[0] is flag
