"""Flags that only ways out, or one way on, need are computed there, where the engine does not see to that itself.

Input:  a graph when its statements are complete, and what is needed where (`flow.py`).
Output: the same graph, changed in place.  A flag that only some need of the ways out within its node and of the nodes
        behind it is set where these start; nodes in between that only choose (`dispatch.py`) are part of the branch.

V8 leaves each value where it was computed, wasmtime moves pure ones to their only use.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any, Final

from elfin.codegen.function import assigned
from elfin.codegen.locals import ALL, FLAGS
from elfin.ir.stmt import Block, If, Let, RawStore, Set, Stmt
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


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is asked of a graph.  `copies`: nodes by their body, which copies share; `needed`: what is needed where;
    `hub`: the node where who enters the function goes on, and who returns (`landing.py`)."""

    graph: Graph
    order: Order
    copies: Mapping[int, list[int]]
    needed: Mapping[int, int]
    hub: int

    def alike(self, number: int) -> list[int]:
        return self.copies[id(self.graph.nodes[number].body)]

    def goes_on(self, number: int) -> bool:
        return bool(self.graph.successors(number))

    def branch(self, numbers: list[int]) -> tuple[set[int], bool]:
        """Copies of a node, and nodes behind them that only choose where to go on, take the budget, or look at pages.
        Does somebody else come there?  Who enters through a door, and that leads to none of the jump's ways out
        (`dispatch.py`).
        """
        nodes = self.graph.nodes
        branch, has_doors = {*numbers}, False
        work = [to for number in numbers for to in self.graph.successors(number)]
        while work:
            to = work.pop()
            others = {*self.order.predecessors[to]} - branch
            doors = all(nodes[n].label is GOAL for n in (to, *others))
            if to in branch or to == self.hub or not _chooses(nodes[to]) or (others and not doors):
                continue
            branch.add(to)
            has_doors = has_doors or bool(others)
            work += self.graph.successors(to)
        return branch, has_doors

    def ends(self, numbers: list[int]) -> tuple[dict[int, int], int]:
        """Where flags can be set that copies of a node set, with what is needed there; and what is needed elsewhere."""
        branch, has_doors = self.branch(numbers)
        ways = {to for n in branch for to in self.graph.successors(n)} - (branch - {*numbers})
        found: dict[int, int] = {}
        others = 0
        for to in ways:
            is_end = not has_doors or (self.graph.nodes[to].label is GOAL and not self.goes_on(to))
            if is_end and branch.issuperset(self.order.predecessors[to]):
                found[to] = self.needed[to]
            else:
                others |= self.needed[to]
        on = [to for to in ways if self.goes_on(to)]
        if on:
            others |= reduce(and_, (self.needed[to] for to in on), FLAGS)  # one place is enough
        for to in [to for to in found if not found.keys() >= {*self.alike(to)}]:
            others |= found.pop(to)
        return found, others


def sink_flags(flow: Flow, hub: int) -> None:
    """`hub`: see `_Shape`."""
    nodes, order = flow.graph.nodes, flow.order
    copies: dict[int, list[int]] = {}
    for number in order.sequence:
        copies.setdefault(id(nodes[number].body), []).append(number)
    shape = _Shape(flow.graph, order, copies, flow.needed_at(), hub)
    for numbers in copies.values():
        node = nodes[numbers[0]]
        if not any(type(e) is Write and e.needed and e.register & FLAGS for e in node.note):
            continue
        ends, others = shape.ends(numbers)
        if not ends and not any(type(e) is Exit and e.changed & FLAGS for e in node.note):
            continue
        wanted: dict[int, int] = {}  # by the first of copies
        for to, needed in ends.items():
            first = shape.alike(to)[0]
            wanted[first] = wanted.get(first, 0) | needed
        moved = _movable(node, others)
        _move(node, moved, [(nodes[first], needed) for first, needed in wanted.items()])


def _move(node: Node, moved: list[_Moved], ends: list[tuple[Node, int]]) -> None:
    """Set flags on the ways out of the node, and at the ends where they are needed, instead of in it."""
    for end, needed in ends:
        start = [m for m in moved if m.behind and m.register & needed]
        end.body[:0] = [m.statement for m in start]
        end.note[:0] = [Write(m.register, m.statement, needed=True) for m in start]
    for m in moved:
        for way in m.ways:
            way.body.insert(way.start, m.statement)
    gone = {id(m.statement) for m in moved}
    if gone:
        node.body[:] = [s for s in node.body if id(s) not in gone]


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
    positions = {id(s): position for position, s in enumerate(node.body)}
    start = positions[id(found[-1].statement)]
    changes: dict[Value, list[int]] = {}  # of variables, by where
    s: Any
    for position, s in enumerate(node.body[start:], start):
        if type(s) is Set or type(s) is Let:
            if s.var is not None:
                changes.setdefault(s.var, []).append(position)
        elif type(s) is not RawStore and position not in leaving:
            # what a way out sets is not seen behind it
            for var in assigned([s], {}):
                changes.setdefault(var, []).append(position)
    out = []
    for m in reversed(found):
        first = positions[id(m.statement)]
        last = len(node.body) if m.behind else max((w.position for w in m.ways), default=0)
        if _is_free(m.statement.value, changes, first, last):
            out.append(m)
    return out


def _ways_out(node: Node) -> dict[int, _Way]:
    """Statements of the node that are a way out and nothing else; by the identity of what takes it."""
    exits = {id(event.body) for event in node.note if type(event) is Exit}
    ways: dict[int, _Way] = {}
    if not exits:
        return ways
    s: Any
    for position, s in enumerate(node.body):
        kind = type(s)
        if kind is If:
            if id(s.then) in exits and not s.other:
                ways[id(s.then)] = _Way(position, s.then, 0)
        elif kind is Block and s.label == "right" and id(s.body) in exits:
            ways[id(s.body)] = _Way(position, s.body, 1)  # behind what looks whether it is taken
    return ways


def _unread(node: Node, others: int, ways: dict[int, _Way]) -> list[_Moved]:
    """Flags that are set and that only ways out need, the last first."""
    found: list[_Moved] = []
    seen = others
    later = 0  # is set again
    readers: dict[int, list[_Way]] = {}
    event: Any
    for event in reversed(node.note):
        kind = type(event)  # `match` would take several times as long
        if kind is Write:
            register = event.register
            if not register & FLAGS:
                continue
            by = readers.pop(register, [])
            if event.needed and not register & seen and len(by) <= MOST:
                found.append(_Moved(register, event.statement, tuple(by), not register & later))
            seen &= ~register
            later |= register
        elif kind is Read:
            seen |= event.registers
        elif kind is Exit and id(event.body) in ways:
            needed = event.changed & FLAGS & ~seen
            while needed:
                register = needed & -needed
                readers.setdefault(register, []).append(ways[id(event.body)])
                needed ^= register
        elif kind is Exit:
            seen |= event.changed
        elif kind is not GuestRead:
            seen = ALL
    return found


def _is_free(value: Value, changes: Mapping[Value, list[int]], first: int, last: int) -> bool:
    """Is it made of what is not changed between, and nothing else?"""
    if value.op == "local":
        return not any(first < at < last for at in changes.get(value, ()))
    return value.op not in IMPURE and all(_is_free(x, changes, first, last) for x in value.args)
