"""Flags that only ways out need are computed there, where the engine does not see to that itself.

Input:  a graph when its statements are complete, and what is needed where (`flow.py`).
Output: the same graph, changed in place.  Behind a node that branches to one which leaves, flags that only the latter
        needs are set at its start; nodes in between that do nothing but choose (`dispatch.py`) are part of the branch.

V8 leaves each value where it was computed, wasmtime moves pure ones to their only use.
"""

from __future__ import annotations

from elfin.codegen.function import assigned
from elfin.codegen.locals import ALL, FLAGS
from elfin.ir.stmt import Block, If, Set, Stmt
from elfin.ir.value import Value
from elfin.structure.graph import Graph, Node
from elfin.structure.order import Order
from elfin.tiers.jit.events import Exit, GuestRead, Read, Write
from elfin.tiers.jit.flow import Flow
from elfin.tiers.jit.frame import LEFT

IMPURE = frozenset({"get", "load", "raw_load", "call", "call_indirect"})


def sink_flags(flow: Flow) -> None:
    graph, order = flow.graph, flow.order
    copies: dict[int, list[int]] = {}  # nodes by their body, which copies share
    for number in order.sequence:
        copies.setdefault(id(graph.nodes[number].body), []).append(number)
    needed = flow.needed_at()
    for numbers in copies.values():
        branch = _branch(graph, order, numbers)
        ways = {to for n in branch for to in graph.successors(n)} - (branch - {*numbers})
        ends: dict[int, int] = {}  # and what is needed there
        others = 0
        for to in ways:
            if not graph.successors(to) and branch.issuperset(order.predecessors[to]):
                ends[to] = needed[to]
            else:
                others |= needed[to]
        alike = {to: copies[id(graph.nodes[to].body)] for to in ends}
        for to in [to for to, same in alike.items() if not ends.keys() >= {*same}]:
            others |= ends[to]
            alike.pop(to)
        if not alike:
            continue
        node = graph.nodes[numbers[0]]
        moved = _movable(node, others)
        for same in {id(same): same for same in alike.values()}.values():
            wanted = 0
            for to in same:
                wanted |= ends[to]
            graph.nodes[same[0]].body[:0] = [s for register, s in moved if register & wanted]
        gone = {id(s) for _, s in moved}
        if gone:
            node.body[:] = [s for s in node.body if id(s) not in gone]


def _branch(graph: Graph, order: Order, numbers: list[int]) -> set[int]:
    """Copies of a node, and nodes behind them that only choose where to go on, or take the budget."""
    branch = {*numbers}
    work = [to for number in numbers for to in graph.successors(number)]
    while work:
        to = work.pop()
        node = graph.nodes[to]
        chooses = not node.note and all(isinstance(s, Set) and s.var is LEFT for s in node.body)
        if to in branch or not chooses or not branch.issuperset(order.predecessors[to]):
            continue
        branch.add(to)
        work += graph.successors(to)
    return branch


def _movable(node: Node, others: int) -> list[tuple[int, Set]]:
    """Flags that are set, in order, which neither the rest of the node nor `others` need, and whose values are the
    same at its end."""
    last = _last(node, others)
    exits = {id(event.body) for event in node.note if isinstance(event, Exit)}
    changed: set[Value] = set()
    moved: list[tuple[int, Set]] = []
    for s in reversed(node.body):
        if len(moved) == len(last):
            break
        register = last.get(id(s), 0)
        if register and isinstance(s, Set) and _is_free(s.value, changed):
            moved.append((register, s))
        elif not _leaves(s, exits):
            changed |= assigned([s], {})
    return moved[::-1]


def _leaves(s: Stmt, exits: set[int]) -> bool:
    """Is it a way out and nothing else, so that what it sets is not seen behind it?"""
    match s:
        case If(_, then, other):
            return id(then) in exits and not other
        case Block("right", body):
            return id(body) in exits
    return False


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
