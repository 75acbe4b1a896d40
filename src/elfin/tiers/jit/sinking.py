"""Flags that only ways out need are computed there, where the engine does not see to that itself.

Input:  a graph when its statements are complete, and what is needed where (`flow.py`).
Output: the same graph, changed in place.  Behind a node that branches to one which leaves, flags that only the latter
        needs are set at its start; nodes in between that do nothing but choose (`dispatch.py`) are part of the branch.

V8 leaves each value where it was computed, wasmtime moves pure ones to their only use.
"""

from __future__ import annotations

from collections import Counter

from elfin.codegen.function import assigned
from elfin.codegen.locals import ALL, FLAGS
from elfin.ir.stmt import Set
from elfin.ir.value import Value
from elfin.structure.graph import Graph, Node
from elfin.structure.order import Order
from elfin.tiers.jit.events import Exit, GuestRead, Read, Write
from elfin.tiers.jit.flow import Flow

IMPURE = frozenset({"get", "load", "raw_load", "call", "call_indirect"})


def sink_flags(flow: Flow) -> None:
    graph, order = flow.graph, flow.order
    shared = Counter(id(graph.nodes[n].body) for n in order.sequence)
    needed = flow.needed_at()
    for number in order.sequence:
        node = graph.nodes[number]
        branch = _branch(graph, order, number)
        ways = {to for n in branch for to in graph.successors(n)} - (branch - {number})
        ends = [
            to
            for to in ways
            if not graph.successors(to)
            and branch.issuperset(order.predecessors[to])
            and shared[id(graph.nodes[to].body)] == 1
        ]
        if not ends or shared[id(node.body)] > 1:
            continue
        others = 0
        for to in ways.difference(ends):
            others |= needed[to]
        moved = _movable(node, others)
        for to in ends:
            found = [s for register, s in moved if register & needed[to]]
            graph.nodes[to].body[:0] = found
        gone = {id(s) for _, s in moved}
        if gone:
            node.body[:] = [s for s in node.body if id(s) not in gone]


def _branch(graph: Graph, order: Order, number: int) -> set[int]:
    """A node, and those behind it that only choose where to go on."""
    branch = {number}
    work = [*graph.successors(number)]
    while work:
        to = work.pop()
        node = graph.nodes[to]
        if to in branch or node.body or node.note or not branch.issuperset(order.predecessors[to]):
            continue
        branch.add(to)
        work += graph.successors(to)
    return branch


def _movable(node: Node, others: int) -> list[tuple[int, Set]]:
    """Flags that are set, in order, which neither the rest of the node nor `others` need, and whose values are the
    same at its end."""
    last = _last(node, others)
    changed: set[Value] = set()
    moved: list[tuple[int, Set]] = []
    for s in reversed(node.body):
        if len(moved) == len(last):
            break
        register = last.get(id(s), 0)
        if register and isinstance(s, Set) and _is_free(s.value, changed):
            moved.append((register, s))
        else:
            changed |= assigned([s], {})
    return moved[::-1]


def _last(node: Node, others: int) -> dict[int, int]:
    """Statements that set flags which nothing behind them in the node needs."""
    found: dict[int, int] = {}
    seen = others
    for event in reversed(node.note):
        match event:
            case Write(register, statement, wanted):
                if wanted and register & FLAGS & ~seen:
                    found[id(statement)] = register
                seen |= register
            case Read(registers):
                seen |= registers
            case Exit():
                seen |= event.changed
            case GuestRead():
                pass
            case _:
                seen = ALL
    return found


def _is_free(value: Value, changed: set[Value]) -> bool:
    """Is it made of what is not changed, and nothing else?"""
    if value.op == "local":
        return value not in changed
    return value.op not in IMPURE and all(_is_free(x, changed) for x in value.args)
