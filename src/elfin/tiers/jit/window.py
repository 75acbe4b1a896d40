"""The stack is looked at once, where a function starts, for all that it accesses there (`pages.py`).

Input:  a graph whose bodies look at pages.
Output: the same graph, changed in place: looks into the *window*, from the lowest to the highest byte that is accessed
        beside RSP, are gone; and what says, at the function's start, that not all of it is allowed.

Who leaves there is interpreted: maybe it never accesses what is not allowed. RSP is known through the function as long
as only numbers are added to it, and behind calls, which leave if they come back with another one (`calls.py`).
Permissions do not change meanwhile: what changes them ends the run.
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen.memory import PAGE_SHIFT
from elfin.codegen.state import raw_load
from elfin.ir.types import I8, I32
from elfin.ir.value import Value
from elfin.structure.graph import Graph, Node
from elfin.structure.order import Order
from elfin.tiers.jit.pages import Span
from elfin.tiers.jit.places import RSP, follow
from elfin.tiers.jit.sums import BITS, Known, Sum, low_sum

FEWEST = 2  # looks that must be saved
READ_WRITE = layout.PAGE_R | layout.PAGE_W

Place = tuple[Value, int]  # so far from a register at a node's start
Looks = list[tuple[Span, Place | None]]
Distances = dict[Value, int]  # registers that are so far from RSP at the function's start


def look_at_stack(graph: Graph, found: Order, spans: dict[int, Span]) -> Value | None:
    """What says that something in the window is not allowed; None if there is no window."""
    seen = _seen(graph, found, spans)
    low = high = 0
    inside: list[int] = []
    for looked, (first, last) in sorted(seen.items(), key=lambda one: max(map(abs, one[1]))):
        least, most = (min(low, first), max(high, last)) if inside else (first, last)
        if most - least <= layout.PAGE:
            low, high = least, most
            inside.append(looked)
    if len(inside) < FEWEST:
        return None
    for looked in inside:
        spans.pop(looked).body.clear()
    allowed = _permission(low) & _permission(high - 1)
    return (allowed & READ_WRITE).ne(READ_WRITE)


def _permission(at: int) -> Value:
    return raw_load(I8, RSP.trunc(I32) + at >> PAGE_SHIFT, layout.PAGES).zext(I32)


def _seen(graph: Graph, found: Order, spans: dict[int, Span]) -> dict[int, tuple[int, int]]:
    """Looks at what is always near to RSP at the start: from where to where."""
    nodes = {n: _node(graph.nodes[n], spans) for n in found.sequence}
    if not any(place for looks, _ in nodes.values() for _, place in looks):
        return {}
    starts = _starts(found, {n: ends for n, (_, ends) in nodes.items()})
    seen: dict[int, tuple[int, int] | None] = {}
    for number, (looks, _) in nodes.items():
        for span, place in looks:
            looked = id(span.body)
            at = starts[number].get(place[0]) if place is not None else None
            if place is None or at is None:
                seen[looked] = None
                continue
            at += place[1] - span.at
            before = seen.get(looked, (at + span.low, at + span.high))
            if before is not None:  # copies of a node share its body
                seen[looked] = min(before[0], at + span.low), max(before[1], at + span.high)
    return {looked: place for looked, place in seen.items() if place is not None}


def _node(node: Node, spans: dict[int, Span]) -> tuple[Looks, dict[Value, Place | None]]:
    """What a node looks at, and what registers that it changes become."""
    known: Known = {}
    looks = [(span, _near(low_sum(span.base, known))) for span in follow(node, known, spans)]
    return looks, {home: _near(known[home]) for home in known if home in BITS}


def _near(address: Sum | None) -> Place | None:
    """It as a distance from a register."""
    if address is None or len(address.times) != 1:
        return None
    ((register, times),) = address.times.items()
    return (register, address.number) if times == 1 and register in BITS else None


def _starts(found: Order, ends: dict[int, dict[Value, Place | None]]) -> dict[int, Distances]:
    """What is known where nodes start."""
    first = found.sequence[0]
    starts: dict[int, Distances] = {}
    left: dict[int, Distances] = {}
    changes = True
    while changes:
        changes = False
        for number in found.sequence:
            ways = [left[n] for n in found.predecessors[number] if n in left]
            known = {RSP: 0} if number == first else _met(ways)
            if starts.get(number) != known:
                starts[number] = known
                left[number] = _behind(known, ends[number])
                changes = True
    return starts


def _behind(known: Distances, ends: dict[Value, Place | None]) -> Distances:
    behind = {register: at for register, at in known.items() if register not in ends}
    for register, place in ends.items():
        if place is not None and place[0] in known:
            behind[register] = known[place[0]] + place[1]
    return behind


def _met(ways: list[Distances]) -> Distances:
    """What is the same on all of them."""
    known = dict(ways[0])
    for way in ways[1:]:
        known = {register: at for register, at in known.items() if way.get(register) == at}
    return known
