"""The stack is looked at once where a guest function begins, and behind each of its calls, for all that it accesses
there until the next (`pages.py`).

Input:  a graph whose bodies look at pages.
Output: the same graph, changed in place.  *Anchors* are the nodes to which not all ways lead with an RSP that is known
        beside that of one earlier anchor.  Looks into an anchor's *window*, from the lowest to the highest byte that
        is accessed beside its RSP, are gone; where it starts the function is left if not all of that is allowed.

Who leaves there is interpreted: maybe it never accesses what is not allowed.  What is allowed near to RSP is found
where the Wasm function starts: from BOTTOM on, as much as ROOM.  Permissions do not change meanwhile: what changes them
ends the run.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.codegen import state
from elfin.codegen.locals import BIT
from elfin.codegen.memory import PAGE_SHIFT
from elfin.codegen.state import raw_load
from elfin.ir.stmt import If, Set, Stmt
from elfin.ir.types import I1, I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.runtime.translated import STEP
from elfin.structure.graph import Graph, Node
from elfin.structure.order import Order
from elfin.tiers.jit.events import Exit, Read
from elfin.tiers.jit.frame import leave
from elfin.tiers.jit.pages import Span
from elfin.tiers.jit.places import RSP, follow
from elfin.tiers.jit.sums import BITS, Known, Sum, low_sum

FEWEST: Final = 2  # looks that must be saved
# In memory: V8 would work out a local anew at each anchor.
BOTTOM: Final = state.read(I64, layout.STACK_BOTTOM)
ROOM: Final = state.read(I64, layout.STACK_ROOM)
FIRST: Final = local(I64, "first_page")
DENIED: Final = local(I64, "denied_pages")
START: Final = local(I64, "start")
NEAR: Final = 8  # pages whose permissions are found at once
BELOW: Final = 5  # of them below that of RSP
READ_WRITE: Final = int.from_bytes(bytes([layout.PAGE_R | layout.PAGE_W] * NEAR), "little")

Place = tuple[Value, int]  # so far from a register at a node's start
Looks = list[tuple[Span, Place | None]]
Ends = dict[Value, Place | None]  # what registers become that a node changes
# An anchor is named by its body, which copies share.
Distances = dict[Value, tuple[int, int]]  # registers: which anchor's RSP they are near to, how far
Seen = dict[int, tuple[int, int, int]]  # looks: the same, from where to where


def look_at_stack(graph: Graph, found: Order, spans: dict[int, Span]) -> bool:
    """Is there a window?  Then the function must start with `near_stack`."""
    anchors = {id(graph.nodes[n].body): graph.nodes[n] for n in found.sequence}
    windows: dict[int, Seen] = {}
    for looked, place in _seen(graph, found, spans).items():
        windows.setdefault(place[0], {})[looked] = place
    is_found = False
    for anchor, seen in windows.items():
        low, high, inside = _window(seen)
        if len(inside) >= FEWEST:
            is_found = True
            for looked in inside:
                spans.pop(looked).body.clear()
            _look(anchors[anchor], low, high)
    return is_found


def _window(seen: Seen) -> tuple[int, int, list[int]]:
    """From where to where, and the looks into it."""
    low = high = 0
    inside: list[int] = []
    for looked, (_, first, last) in sorted(seen.items(), key=lambda one: max(map(abs, one[1][1:]))):
        least, most = (min(low, first), max(high, last)) if inside else (first, last)
        if most - least <= layout.PAGE:
            low, high = least, most
            inside.append(looked)
    return low, high, inside


def _look(node: Node, low: int, high: int) -> None:
    """Leave where the node starts if not all of the window is allowed."""
    body = leave(node.label, STEP)
    refused = (ROOM - (high - low)).ltu(RSP - BOTTOM + low)
    node.body.insert(0, If(refused, body, rare=True))
    node.note[:0] = [Read(BIT[layout.RSP]), Exit(body, returns=True)]


def near_stack() -> tuple[list[Stmt], Value]:
    """What finds the pages near to RSP that are allowed; what says then that not even its own is."""
    own = 8 * BELOW  # of the page that RSP is in; eight bits are a page
    above = own + 8
    permissions = raw_load(I64, FIRST.trunc(I32) >> PAGE_SHIFT, layout.PAGES)
    below = DENIED & ((1 << above) - 1)
    start = (const(I64, 63) - make("clz", I64, below)).ashr(3) + 1
    end = (make("ctz", I64, DENIED >> above | 1 << (64 - above)) >> 3) + (BELOW + 1)
    found: list[Stmt] = [
        Set(FIRST, RSP - (BELOW << PAGE_SHIFT)),
        Set(DENIED, (permissions & READ_WRITE) ^ READ_WRITE),
        Set(START, start),
        state.store(layout.STACK_BOTTOM, (FIRST & -layout.PAGE) + (START << PAGE_SHIFT)),
        state.store(layout.STACK_ROOM, (end - START) << PAGE_SHIFT),
    ]
    odd = (FIRST >> 32).ne(0)  # or so low that the first of these pages is none
    return found, make("or", I1, odd, (DENIED & 0xFF << own).ne(0))


def _seen(graph: Graph, found: Order, spans: dict[int, Span]) -> Seen:
    """Looks at what is always near to RSP at the same anchor."""
    nodes = {n: _node(graph.nodes[n], spans) for n in found.sequence}
    if not any(place for looks, _ in nodes.values() for _, place in looks):
        return {}
    starts = _starts(graph, found, {n: ends for n, (_, ends) in nodes.items()})
    seen: dict[int, tuple[int, int, int] | None] = {}
    for number, (looks, _) in nodes.items():
        for span, place in looks:
            looked = id(span.body)
            start = starts[number].get(place[0]) if place is not None else None
            if place is None or start is None:
                seen[looked] = None
                continue
            at = start[1] + place[1] - span.at
            before = seen.get(looked, (start[0], at + span.low, at + span.high))
            if before is not None:  # copies of a node share its body
                low, high = min(before[1], at + span.low), max(before[2], at + span.high)
                seen[looked] = (start[0], low, high) if before[0] == start[0] else None
    return {looked: place for looked, place in seen.items() if place is not None}


def _node(node: Node, spans: dict[int, Span]) -> tuple[Looks, Ends]:
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


def _starts(graph: Graph, found: Order, ends: dict[int, Ends]) -> dict[int, Distances]:
    """What is known where nodes start, with all the anchors that this takes."""
    anchors = set[int]()
    while True:
        count = len(anchors)
        starts = _with_anchors(graph, found, ends, anchors)
        if len(anchors) == count:
            return starts


def _with_anchors(
    graph: Graph, found: Order, ends: dict[int, Ends], anchors: set[int]
) -> dict[int, Distances]:
    """The same, true if that takes no more anchors: they are added."""
    starts: dict[int, Distances] = {}
    left: dict[int, Distances] = {}
    changes = True
    while changes:
        changes = False
        for number in found.sequence:
            node = graph.nodes[number]
            known = _met([left[n] for n in found.predecessors[number] if n in left])
            if RSP not in known and isinstance(node.label, int):
                anchors.add(id(node.body))
            if id(node.body) in anchors:
                known = {RSP: (id(node.body), 0)}
            if starts.get(number) != known:
                starts[number] = known
                left[number] = _behind(known, ends[number])
                changes = True
    return starts


def _behind(known: Distances, ends: Ends) -> Distances:
    behind = {register: at for register, at in known.items() if register not in ends}
    for register, place in ends.items():
        if place is not None and place[0] in known:
            anchor, at = known[place[0]]
            behind[register] = anchor, at + place[1]
    return behind


def _met(ways: list[Distances]) -> Distances:
    """What is the same on all of them."""
    known = dict(ways[0]) if ways else {}
    for way in ways[1:]:
        known = {register: at for register, at in known.items() if way.get(register) == at}
    return known
