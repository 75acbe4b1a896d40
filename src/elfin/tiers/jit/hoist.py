"""Addresses that a loop steps through are noted before it (`wild.py`), not at each turn.

Input:  a graph whose bodies note addresses; loops of one node.
Output: the same graph, changed in place: such notes stand in a node before the loop.

Where a turn's access is allowed, the next one's, not farther than `NEAR`, is in the same mapping or in none: in
neither case is it taken for one elsewhere.  So all that must be looked at is the first.  A note before which the node
may be left stays where it is: the access may not happen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import add

from elfin.bits import signed
from elfin.codegen.function import assigned
from elfin.codegen.locals import BIT, HOMES
from elfin.codegen.memory import NEAR
from elfin.ir.stmt import Block, If, Let, RawStore, Set, Stmt
from elfin.ir.types import I64
from elfin.ir.value import Value, const
from elfin.structure.graph import Goto, Graph, Node, redirected
from elfin.structure.order import Order, order
from elfin.tiers.jit.access import ALIGNMENT
from elfin.tiers.jit.events import Read
from elfin.tiers.jit.wild import NOTES, ODD, ODD_STACK

_BITS = {home: BIT[slot] for slot, home in HOMES.items()}


@dataclass(slots=True)
class Sum:
    """Registers as they are at the node's start, each so many times, and a number."""

    number: int = 0
    times: dict[Value, int] = field(default_factory=dict)

    def plus(self, other: Sum, factor: int = 1) -> Sum:
        times = dict(self.times)
        for register, n in other.times.items():
            times[register] = times.get(register, 0) + factor * n
        return Sum(self.number + factor * other.number, {r: n for r, n in times.items() if n})

    def value(self) -> Value:
        parts = [r if n == 1 else r * const(I64, n) for r, n in self.times.items()]
        if self.number or not parts:
            parts.append(const(I64, self.number))
        return reduce(add, parts)


Known = dict[Value, Sum | None]  # variables that were set; None: to something else


def hoist_notes(graph: Graph, found: Order) -> Order:
    """The order before, and behind."""
    size = len(graph.nodes)
    loops: dict[int, list[int]] = {}  # copies of a node have the same body
    for number in found.sequence:
        loops.setdefault(id(graph.nodes[number].body), []).append(number)
    for numbers in loops.values():
        if all(number in graph.successors(number) for number in numbers):
            body = graph.nodes[numbers[0]].body
            sums = _stepped(body)
            for number in numbers if sums else ():
                sources = {n for n in found.predecessors[number] if n != number}
                _note_before(graph, number, sources, sums)
            body[:] = [s for s in body if id(s) not in sums]
    return found if len(graph.nodes) == size else order(graph)


def _note_before(
    graph: Graph, number: int, sources: set[int], sums: dict[int, tuple[Value, Sum]]
) -> None:
    registers = sum({_BITS[r] for _, known in sums.values() for r in known.times})
    notes: list[Stmt] = [Set(seen, seen | known.value()) for seen, known in sums.values()]
    label = graph.nodes[number].label
    before = graph.add(Node(notes, Goto(number), label=label, note=[Read(registers)]))
    for source in sources:
        node = graph.nodes[source]
        node.ending = redirected(node.ending, {number: before})


def _stepped(body: list[Stmt]) -> dict[int, tuple[Value, Sum]]:
    """What is noted at each turn and is the same or a little more at the next; by the statement."""
    known: Known = {}
    noted: list[tuple[Stmt, Value, Sum]] = []
    may_leave = False
    for s in body:
        match s:
            case Set(seen, value) if seen in NOTES and value.op == "or":
                address = _sum(value.args[1], known)
                if address is not None and not may_leave:
                    noted.append((s, seen, address))
            case Let(var, value) | Set(var, value):
                if var is not None:
                    known[var] = _sum(value, known)
            case RawStore():
                pass
            case Block("pages"):
                pass
            case If() | Block("right"):
                known.update(dict.fromkeys(assigned([s], {})))
                may_leave = True
            case _:  # maybe a call, with registers still to be loaded behind it
                return {}
    out: dict[int, tuple[Value, Sum]] = {}
    for s, seen, address in noted:
        step = _step(address, known)
        unit = ALIGNMENT if seen in (ODD, ODD_STACK) else 1
        if step is not None and abs(step) < NEAR and step % unit == 0:
            out[id(s)] = seen, address
    return out


def _step(address: Sum, known: Known) -> int | None:
    """How much more it is at the next turn; None: not always the same."""
    step = 0
    for register, n in address.times.items():
        end = known.get(register, Sum(0, {register: 1}))
        if register not in _BITS or end is None or end.times != {register: 1}:
            return None
        step += n * end.number
    return step


def _sum(value: Value, known: Known) -> Sum | None:
    if value.type is not I64:
        return None
    if value.op == "const":
        return Sum(signed(value.imm, 64))
    if value.op == "local":
        return known.get(value, Sum(0, {value: 1}))
    if value.op in ("add", "sub"):
        a, b = (_sum(x, known) for x in value.args)
        if a is None or b is None:
            return None
        return a.plus(b, 1 if value.op == "add" else -1)
    if value.op == "shl" and value.args[1].op == "const":
        a = _sum(value.args[0], known)
        return None if a is None else Sum().plus(a, 1 << int(value.args[1].imm) % 64)
    return None
