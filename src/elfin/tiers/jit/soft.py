"""What a loop accesses in the same places again and again is looked at before it (`pages.py`).

Input:  a graph whose bodies look at pages; loops.
Output: the same graph, changed in place.  Before a loop stands a node that looks at all pages where the loop's accesses
        may be whose address, or the table in which it is, does not change in it: the stack, globals, arrays
        with an index that is known to be small.  In the loop such accesses are only looked at if that found one that is
        not allowed: maybe it is never accessed.

Permissions do not change meanwhile: what changes them ends the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Final

from elfin import layout
from elfin.codegen.memory import PAGE_SHIFT
from elfin.codegen.state import raw_load
from elfin.ir.stmt import Group, If, Set, Stmt
from elfin.ir.types import I8, I32
from elfin.ir.value import Value, const, local
from elfin.records import dataclass
from elfin.structure.graph import Goto, Graph, Node, redirected
from elfin.structure.order import Order, order
from elfin.tiers.jit.events import Read
from elfin.tiers.jit.pages import Span
from elfin.tiers.jit.places import follow
from elfin.tiers.jit.sums import BITS, Known, Sum, low_sum, met, step

LONGEST: Final = 3 * layout.PAGE  # bytes in which an access may be
MOST: Final = 16  # pages that are looked at
FEWEST: Final = 2  # accesses that must gain


@dataclass(slots=True)
class _Place:
    """`low` to `high` from an address at the loop's start."""

    address: Sum
    low: int
    high: int
    write: bool

    def pages(self) -> list[Value]:
        base = self.address.value().trunc(I32)
        ends = [*range(self.low, self.high - 1, layout.PAGE), self.high - 1]
        return [raw_load(I8, base + at >> PAGE_SHIFT, layout.PAGES).zext(I32) for at in ends]


def look_before_loops(graph: Graph, found: Order, spans: Mapping[int, Span]) -> Order:
    """The order before, and behind."""
    done: set[int] = set()  # what looks at permissions, and is done
    for header in found.sequence:
        back = found.ways_back(header)
        if not back:
            continue
        inside = set[int]().union(*(found.between(header, n) for n in back))
        if any(_looks(graph, n, spans, done) for n in inside):
            nodes = sorted(inside, key=found.rank.__getitem__)
            places = _places(graph, found, nodes, back, spans, done)
            if len(places) >= FEWEST:
                done |= places.keys()
                _look_before(graph, nodes, places, spans)
                found = order(graph)
    return found


def _looks(graph: Graph, number: int, spans: Mapping[int, Span], done: set[int]) -> bool:
    return any(
        type(s) is Group and id(s.body) in spans and id(s.body) not in done
        for s in graph.nodes[number].body
    )


def _places(
    graph: Graph,
    found: Order,
    nodes: list[int],
    back: list[int],
    spans: Mapping[int, Span],
    done: set[int],
) -> dict[int, _Place]:
    """What is accessed in the same places at each turn; by what looks at it."""
    ends: dict[int, Known] = {}
    seen: dict[int, list[_Place | None]] = {}
    changes = True
    while changes:
        changes = False
        seen.clear()
        for number in nodes:
            ways = [ends[n] for n in found.predecessors[number] if n in ends]
            known = met(ways) if number != nodes[0] else {}
            for span in follow(graph.nodes[number], known, spans):
                seen.setdefault(id(span.body), []).append(_place(span, known))
            if ends.get(number) != known:
                ends[number] = known
                changes = True
    end = met([ends[n] for n in back])
    out: dict[int, _Place] = {}
    pages: dict[Value, None] = {}
    for looked, places in seen.items():
        first = places[0]
        if looked in done or first is None or any(place != first for place in places):
            continue
        if step(first.address, end) == 0 and first.high - first.low <= LONGEST:
            more = dict.fromkeys(first.pages())
            if len(pages | more) <= MOST:
                pages |= more
                out[looked] = first
    return out


def _place(span: Span, known: Known) -> _Place | None:
    address = low_sum(span.table, known)
    if address is None:
        return None
    write = span.first < span.last
    return _Place(address, span.low - span.at, span.high - span.at + span.reach, write)


def _look_before(
    graph: Graph, nodes: list[int], places: dict[int, _Place], spans: Mapping[int, Span]
) -> None:
    header = nodes[0]
    label = graph.nodes[header].label
    allowed = local(I32, f"allowed{header}")
    outside = [n for n in range(len(graph.nodes)) if n not in {*nodes}]
    bodies = {id(graph.nodes[n].body) for n in nodes}
    is_copied = any(id(graph.nodes[n].body) in bodies for n in outside)
    found, registers = _permission(places)
    before = graph.add(Node([Set(allowed, found)], Goto(header), label, [Read(registers)]))
    for number in outside:
        node = graph.nodes[number]
        node.ending = redirected(node.ending, {header: before})
    if is_copied:  # copies of its nodes do not know whether it is allowed
        unknown: Stmt = Set(allowed, const(I32, 0))
        ways: dict[int, int] = {}
        for number in nodes:
            for to in graph.successors(number):
                if to not in nodes and to not in ways:
                    ways[to] = graph.add(Node([unknown], Goto(to), graph.nodes[to].label))
        for number in nodes:
            graph.nodes[number].ending = redirected(graph.nodes[number].ending, ways)
        graph.nodes[0].body.insert(0, unknown)
    for looked in places:
        span = spans[looked]
        span.body[:] = [If(allowed.eq(0), [*span.body], rare=True)]


def _permission(places: dict[int, _Place]) -> tuple[Value, int]:
    """1 if all is allowed; which registers that needs."""
    registers = 0
    read: dict[Value, None] = {}
    written: dict[Value, None] = {}
    for place in places.values():
        read.update(dict.fromkeys(place.pages()))
        if place.write:
            written.update(dict.fromkeys(place.pages()))
        for register in place.address.times:
            registers |= BITS[register]
    found = reduce(and_, read)
    if written:
        found &= reduce(and_, written) >> 1
    return found & layout.PAGE_R, registers
