"""Flags that only ways out need are computed there, where the engine does not see to that itself.

Input:  a graph when its statements are complete, and what is needed where (`flow.py`).
Output: the same graph, changed in place.  A flag that only ways out within its node need, and nodes behind it which
        leave, is set at their start; nodes in between that only choose (`dispatch.py`) are part of the branch.

V8 leaves each value where it was computed, wasmtime moves pure ones to their only use.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from elfin.codegen.function import assigned
from elfin.codegen.locals import ALL, FLAGS
from elfin.ir.stmt import Block, If, Set, Stmt
from elfin.ir.value import Value
from elfin.records import dataclass
from elfin.structure.graph import Graph, Node
from elfin.structure.order import Order
from elfin.tiers.jit.dispatch import GOAL
from elfin.tiers.jit.events import Exit, GuestRead, Read, Write
from elfin.tiers.jit.flow import Flow
from elfin.tiers.jit.sums import BITS

IMPURE: Final = frozenset({"get", "load", "raw_load", "call", "call_indirect"})
MOST: Final = 4  # ways out within a node that set a flag; code is what it costs


@dataclass(frozen=True, slots=True)
class _Moved:
    """A flag's register, what sets it, and the ways out of the node that need it.  `behind`: its value is the flag's at
    the node's end."""

    register: int
    statement: Set
    ways: tuple[_Way, ...]
    behind: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """A way out within a node: the statement that may take it, by its position; from `start` on `body` does."""

    position: int
    body: list[Stmt]
    start: int


def sink_flags(flow: Flow) -> None:
    graph, order = flow.graph, flow.order
    copies: dict[int, list[int]] = {}  # nodes by their body, which copies share
    for number in order.sequence:
        copies.setdefault(id(graph.nodes[number].body), []).append(number)
    needed = flow.needed_at()
    for numbers in copies.values():
        node = graph.nodes[numbers[0]]
        if not any(type(e) is Write and e.needed and e.register & FLAGS for e in node.note):
            continue
        branch, has_doors = _branch(graph, order, numbers)
        ways = {to for n in branch for to in graph.successors(n)} - (branch - {*numbers})
        ends: dict[int, int] = {}  # and what is needed there
        others = 0
        always = FLAGS  # what all ways need that go on
        for to in ways:
            goes_on = bool(graph.successors(to))
            if goes_on:
                always &= needed[to]
            is_end = graph.nodes[to].label is GOAL and not goes_on if has_doors else True
            if is_end and branch.issuperset(order.predecessors[to]):
                ends[to] = needed[to]
            else:
                others |= needed[to]
        if any(graph.successors(to) for to in ways):
            others |= always
        alike = {to: copies[id(graph.nodes[to].body)] for to in ends}
        for to in [to for to, same in alike.items() if not ends.keys() >= {*same}]:
            others |= ends[to]
            alike.pop(to)
        moved = _movable(node, others)
        for same in {id(same): same for same in alike.values()}.values():
            wanted = 0
            for to in same:
                wanted |= ends[to]
            end = graph.nodes[same[0]]
            start = [m for m in moved if m.behind and m.register & wanted]
            end.body[:0] = [m.statement for m in start]
            end.note[:0] = [Write(m.register, m.statement, needed=True) for m in start]
        for m in moved:
            for way in m.ways:
                way.body.insert(way.start, m.statement)
        gone = {id(m.statement) for m in moved}
        if gone:
            node.body[:] = [s for s in node.body if id(s) not in gone]


def _branch(graph: Graph, order: Order, numbers: list[int]) -> tuple[set[int], bool]:
    """Copies of a node, and nodes behind them that only choose where to go on, take the budget, or look at pages.  Does
    somebody else come there?  Who enters through a door, and that leads to none of the jump's ways out (`dispatch.py`).
    """
    branch, has_doors = {*numbers}, False
    work = [to for number in numbers for to in graph.successors(number)]
    while work:
        to = work.pop()
        node = graph.nodes[to]
        others = {*order.predecessors[to]} - branch
        if (
            to in branch
            or not _chooses(node)
            or others - {0}
            or (others and node.label is not GOAL)
        ):
            continue
        branch.add(to)
        has_doors = has_doors or bool(others)
        work += graph.successors(to)
    return branch, has_doors


def _chooses(node: Node) -> bool:
    return all(type(e) is Read and not e.registers & FLAGS for e in node.note) and all(
        isinstance(s, Set) and s.var not in BITS for s in node.body
    )


def _movable(node: Node, others: int) -> list[_Moved]:
    """Flags that are set, in order, which neither the rest of the node nor `others` need, but for ways out, where their
    values are the same."""
    ways = _ways_out(node)
    found = _unread(node, others, ways)
    if not found:
        return []
    leaving = {way.position for way in ways.values()}
    positions: dict[int, int] = {}
    changes: list[tuple[Value, int]] = []
    for position, s in enumerate(node.body):
        positions[id(s)] = position
        if position not in leaving:  # what a way out sets is not seen behind it
            changes += [(var, position) for var in assigned([s], {})]
    out = []
    for m in reversed(found):
        first = positions[id(m.statement)]
        last = len(node.body) if m.behind else max((w.position for w in m.ways), default=0)
        changed = {var for var, at in changes if first < at < last}
        if _is_free(m.statement.value, changed):
            out.append(m)
    return out


def _ways_out(node: Node) -> dict[int, _Way]:
    """Statements of the node that are a way out and nothing else; by the identity of what takes it."""
    exits = {id(event.body) for event in node.note if isinstance(event, Exit)}
    ways: dict[int, _Way] = {}
    for position, s in enumerate(node.body):
        match s:
            case If(_, then, other) if id(then) in exits and not other:
                ways[id(then)] = _Way(position, then, 0)
            case Block("right", body) if id(body) in exits:
                ways[id(body)] = _Way(position, body, 1)  # behind what looks whether it is taken
    return ways


def _unread(node: Node, others: int, ways: dict[int, _Way]) -> list[_Moved]:
    """Flags that are set and that only ways out need, the last first."""
    found: list[_Moved] = []
    seen = others
    later = 0  # is set again
    readers: dict[int, list[_Way]] = {}
    for event in reversed(node.note):
        match event:
            case Write(register, statement, wanted) if register & FLAGS:
                by = readers.pop(register, [])
                if wanted and not register & seen and len(by) <= MOST:
                    assert isinstance(statement, Set)
                    found.append(_Moved(register, statement, tuple(by), not register & later))
                seen &= ~register
                later |= register
            case Read(registers):
                seen |= registers
            case Exit(body) if id(body) in ways:
                needed = event.changed & FLAGS & ~seen
                while needed:
                    register = needed & -needed
                    readers.setdefault(register, []).append(ways[id(body)])
                    needed ^= register
            case Exit():
                seen |= event.changed
            case Write() | GuestRead():
                pass
            case _:
                seen = ALL
    return found


def _is_free(value: Value, changed: Collection[Value]) -> bool:
    """Is it made of what is not changed, and nothing else?"""
    if value.op == "local":
        return value not in changed
    return value.op not in IMPURE and all(_is_free(x, changed) for x in value.args)
