"""Loops over memory in strips: permissions of pages (`pages.py`) are looked at before so many turns as stay on
the pages, not at each.

Input:  a graph whose bodies look at pages; innermost loops without calls.
Output: the same graph, changed in place.  Before such a loop stands a node that looks at the pages that its first turn
        accesses, and holds back what is left of the budget beyond the turns that stay there: the loop ends when
        its budget is spent, as ever, gets back what was held, and comes to that node again.

Who would be refused before a turn leaves, for the interpreter to execute an instruction: the turn may end before the
access, so it is not known that the guest dies.  Loops that are known to be short are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Final

from elfin import layout
from elfin.bits import M64
from elfin.codegen.function import assigned
from elfin.ir.stmt import Block, Group, If, Let, RawStore, Set, Stmt
from elfin.ir.types import I1, I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.records import dataclass, field
from elfin.runtime.translated import STEP
from elfin.structure.graph import Choose, Goto, Graph, Node, redirected
from elfin.structure.order import Order, order
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.events import Event, Exit, GuestRead, Read, Write
from elfin.tiers.jit.frame import LEFT, SPENT, leave
from elfin.tiers.jit.pages import Span
from elfin.tiers.jit.region import CALL, JUMP, is_direct, onward
from elfin.tiers.jit.sums import BITS, Known, Sum, low_sum, met, step

_PLAIN: Final = (Exit, Read, GuestRead, Write)
HELD: Final = local(I64, "held")  # of the budget
LONGEST: Final = (
    512  # bytes that an address moves at a turn; else few turns are left until the next look
)
LARGEST: Final = 20  # nodes of a loop
SHORT: Final = 16  # turns, for which the look before them is too dear
LAST: Final = layout.PAGE - 1

Branches = Mapping[int, Op]  # the last instruction of a block, by where that begins


@dataclass(slots=True)
class _Loop:
    """`nodes` in their order, the first is where it starts.  `spans`: what is looked at before it, with the address of
    the base and how far that moves at a turn; `cost`: what a turn takes of LEFT at least."""

    nodes: list[int]
    back: list[int]
    spans: list[tuple[Span, Sum, int]] = field(default_factory=list)
    cost: int = 0


def strip_loops(
    graph: Graph, found: Order, spans: Mapping[int, Span], last: Branches
) -> tuple[Order, set[int]]:
    """The order before, and behind; nodes that go back to a loop's start and have looked at the budget."""
    loops = [
        loop
        for loop in _innermost(graph, found)
        if _look(graph, found, loop, spans) and not _is_short(graph, found, loop, last)
    ]
    loops = _alike(graph, found, loops)
    looked: set[int] = set()
    changed: set[int] = set()  # bodies: copies of a node have the same
    for loop in loops:
        looked |= _strip(graph, found, loop, changed)
    return (order(graph) if loops else found), looked


def _innermost(graph: Graph, found: Order) -> Iterable[_Loop]:
    for header in found.sequence:
        back = found.ways_back(header)
        if not back:
            continue
        seen = set[int]().union(*(found.between(header, n) for n in back))
        if len(seen) > LARGEST:
            continue
        if any(
            to != header and to in seen and found.rank[to] <= found.rank[n]
            for n in seen
            for to in graph.successors(n)
        ):
            continue
        yield _Loop(sorted(seen, key=found.rank.__getitem__), back)


def _is_short(graph: Graph, found: Order, loop: _Loop, last: Branches) -> bool:
    """By how often branches were taken: those back, and those that come before."""
    header = loop.nodes[0]
    turns = [_taken(graph, last, n, header) for n in loop.back]
    if not all(turns):
        return False
    starts = []
    above = header
    while above:
        above = found.dominator[above]
        op = last.get(graph.nodes[above].label)
        if op is not None and is_direct(op) and onward(op) in (CALL, JUMP):
            starts.append(op.taken)
    starts += [
        _taken(graph, last, number, to)
        for number in found.sequence
        for to in graph.successors(number)
        if found.rank[to] <= found.rank[number]
        and to != header
        and found.dominates(to, header)
        and header in found.between(to, number)
    ]
    # All the same: they were not counted.
    return any(sum(turns) < SHORT * n and sum(turns) != n for n in starts)


def _taken(graph: Graph, last: Branches, number: int, to: int) -> int:
    """How often a node's branch went there; 0 if that is not known."""
    op = last.get(graph.nodes[number].label)
    if op is None or not is_direct(op) or op.disp & M64 != graph.nodes[to].label:
        return 0
    return op.taken


def _alike(graph: Graph, found: Order, loops: list[_Loop]) -> list[_Loop]:
    """Those whose bodies stand nowhere else, or in loops of the same bodies."""
    inside: dict[tuple[int, ...], list[_Loop]] = {}
    for loop in loops:
        inside.setdefault(tuple(id(graph.nodes[n].body) for n in loop.nodes), []).append(loop)
    count: dict[int, int] = {}
    for number in found.sequence:
        body = id(graph.nodes[number].body)
        count[body] = count.get(body, 0) + 1
    return [
        loop
        for bodies, same in inside.items()
        if all(count[body] == len(same) for body in bodies)
        for loop in same
    ]


def _look(graph: Graph, found: Order, loop: _Loop, spans: Mapping[int, Span]) -> bool:
    """Fill in what is known of the loop's turns; False if there is nothing to gain."""
    header = loop.nodes[0]
    if graph.nodes[header].label is None:
        return False
    ends: dict[int, tuple[Known, int]] = {}
    accessed: list[tuple[Span, Sum]] = []
    for number in loop.nodes:
        before = (
            [ends[n] for n in found.predecessors[number] if n in ends] if number != header else []
        )
        known = met([k for k, _ in before])
        cost = min((c for _, c in before), default=0)
        always = all(found.dominates(number, n) for n in loop.back)
        spent = _follow(graph.nodes[number], known, spans, accessed if always else [])
        if spent is None:
            return False
        ends[number] = known, cost + spent
    known = met([ends[n][0] for n in loop.back])
    loop.cost = min(ends[n][1] for n in loop.back)
    for span, address in accessed:
        by = step(address, known)
        if by is not None and abs(by) <= LONGEST:
            loop.spans.append((span, address, by))
    return bool(loop.spans) and loop.cost > 0


def _follow(
    node: Node, known: Known, spans: Mapping[int, Span], accessed: list[tuple[Span, Sum]]
) -> int | None:
    """What the node takes of LEFT; None if it may call something."""
    exits = {id(event.body) for event in node.note if isinstance(event, Exit)}
    if any(not isinstance(event, _PLAIN) for event in node.note):
        return None
    cost = 0
    for s in node.body:
        match s:
            case Set(var, value) if var is LEFT:
                if value.op != "sub" or value.args[0] is not LEFT or value.args[1].op != "const":
                    return None
                cost += int(value.args[1].imm)
            case Let(var, value) | Set(var, value):
                if var is not None:
                    known[var] = low_sum(value, known)
            case RawStore():
                pass
            case Group("pages", body):
                span = spans.get(id(body))
                address = None if span is None else low_sum(span.base, known)
                if span is not None and address is not None:
                    accessed.append((span, address))
            case If(_, then, other) if id(then) in exits and not other:
                pass
            case Block("right", body) if id(body) in exits:
                pass
            case If() | Block("right"):
                known.update(dict.fromkeys(assigned([s], {})))
                if LEFT in assigned([s], {}):
                    return None
            case _:  # maybe a call, with registers still to be loaded behind it
                return None
    return cost


def _strip(graph: Graph, found: Order, loop: _Loop, changed: set[int]) -> set[int]:
    header = loop.nodes[0]
    label = graph.nodes[header].label
    before = graph.add(Node(label=label))
    outside = [n for n in range(before) if n not in loop.nodes]  # among them what stands behind
    for number in outside:  # other loops by now
        node = graph.nodes[number]
        node.ending = redirected(node.ending, {header: before})
    gone = {id(span.body) for span, _, _ in loop.spans}
    moves = any(by for _, _, by in loop.spans)
    for number in loop.nodes:
        node = graph.nodes[number]
        if id(node.body) not in changed:
            changed.add(id(node.body))
            node.body[:] = [s for s in node.body if not (type(s) is Group and id(s.body) in gone)]
            for event in node.note:
                if moves and isinstance(event, Exit):
                    event.body.insert(0, _give_back())
    _look_before(graph.nodes[before], loop, header, moves=moves)
    if not moves:
        return set()
    body = leave(label)
    events: list[Event] = [Exit(body, returns=True)]
    spent = graph.add(Node([_give_back(), If(SPENT, body, rare=True)], Goto(before), label, events))
    turn = graph.add(Node([], Choose(SPENT, spent, header), label))
    ways = {header: turn}
    for number in loop.nodes:
        node = graph.nodes[number]
        for to in graph.successors(number):
            if to not in loop.nodes and to not in ways and to != turn:
                way = Node([_give_back()], Goto(to), graph.nodes[to].label)
                ways[to] = graph.add(way)
        node.ending = redirected(node.ending, ways)
    return {turn, spent}


def _give_back() -> Stmt:
    return Set(LEFT, LEFT + HELD)


def _look_before(node: Node, loop: _Loop, header: int, *, moves: bool) -> None:
    """The first turn's pages, and the budget for those turns that stay there."""
    refused: list[Value] = []
    rooms: dict[int, list[Value]] = {}  # bytes to the page's end, by what they are divided by
    registers = 0
    for span, address, by in loop.spans:
        for register in address.times:
            registers |= BITS[register]
        base = address.value().trunc(I32)
        refused += span.refused(base)
        if by > 0:
            rooms.setdefault(by, []).append(
                const(I32, LAST) - (base + (span.high - 1 - span.at) & LAST)
            )
        elif by < 0:
            rooms.setdefault(-by, []).append(base + (span.low - span.at) & LAST)
    body = leave(node.label, STEP)
    node.note += [Read(registers), Exit(body, returns=True)]
    node.body.append(If(reduce(_either, dict.fromkeys(refused)), body, rare=True))
    node.ending = Goto(header)
    if moves:
        turns = reduce(_least, [_divided(reduce(_least, found), by) for by, found in rooms.items()])
        rest = LEFT - (turns.zext(I64) + 1) * loop.cost + 1
        node.body += [
            Set(HELD, rest),
            Set(HELD, HELD.lts(0).select(const(I64, 0), HELD)),
            Set(LEFT, LEFT - HELD),
        ]


def _either(a: Value, b: Value) -> Value:
    return make("or", I1, a, b)


def _least(a: Value, b: Value) -> Value:
    return a if a is b else a.ltu(b).select(a, b)


def _divided(value: Value, by: int) -> Value:
    if by & (by - 1) == 0:
        return value >> (by.bit_length() - 1)
    return make("divu", I32, value, const(I32, by))
