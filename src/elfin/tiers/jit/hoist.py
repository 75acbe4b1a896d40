"""Addresses that a loop steps through are noted before it (`wild.py`), not at each turn.

Input:  a graph whose bodies note addresses; loops of one node.
Output: the same graph, changed in place: such notes stand in a node before the loop.

Where a turn's access is allowed, the next one's, not farther than `NEAR`, is in the same mapping or in none: in
neither case is it taken for one elsewhere.  So all that must be looked at is the first.  A note before which the node
may be left stays where it is: the access may not happen.
"""

from __future__ import annotations

from elfin.codegen.function import assigned
from elfin.codegen.memory import NEAR
from elfin.ir.stmt import Block, Group, If, Let, RawStore, Set, Stmt
from elfin.ir.value import Value
from elfin.structure.graph import Goto, Graph, Node, redirected
from elfin.structure.order import Order, order
from elfin.tiers.jit.access import ALIGNMENT
from elfin.tiers.jit.events import Read
from elfin.tiers.jit.sums import BITS, Known, Sum, step, sum_of
from elfin.tiers.jit.wild import NOTES, ODD, ODD_STACK


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
    registers = sum({BITS[r] for _, known in sums.values() for r in known.times})
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
                address = sum_of(value.args[1], known)
                if address is not None and not may_leave:
                    noted.append((s, seen, address))
            case Let(var, value) | Set(var, value):
                if var is not None:
                    known[var] = sum_of(value, known)
            case RawStore():
                pass
            case Group("pages"):
                pass
            case If() | Block("right"):
                known.update(dict.fromkeys(assigned([s], {})))
                may_leave = True
            case _:  # maybe a call, with registers still to be loaded behind it
                return {}
    out: dict[int, tuple[Value, Sum]] = {}
    for s, seen, address in noted:
        by = step(address, known)
        unit = ALIGNMENT if seen in (ODD, ODD_STACK) else 1
        if by is not None and abs(by) < NEAR and by % unit == 0:
            out[id(s)] = seen, address
    return out
