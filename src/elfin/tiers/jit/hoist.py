"""Addresses that a loop steps through are noted before it (`wild.py`), not at each turn.

Input:  a graph whose bodies note addresses; loops.
Output: the same graph, changed in place: such notes of the node where a loop starts stand in a node before the loop.

Where a turn's access is allowed, the next one's, not farther than `NEAR`, is in the same mapping or in none: in
neither case is it taken for one elsewhere.  So all that must be looked at is the first.  A note before which the loop
may be left, or go round, stays where it is: the access may not happen.
"""

from __future__ import annotations

from typing import Final

from elfin.codegen.memory import NEAR
from elfin.ir.stmt import Group, Let, RawStore, Set, Stmt
from elfin.ir.value import Value
from elfin.structure.graph import Goto, Graph, Node, redirected
from elfin.structure.order import Order, order
from elfin.tiers.jit.access import ALIGNMENT
from elfin.tiers.jit.events import Read
from elfin.tiers.jit.places import follow
from elfin.tiers.jit.sums import BITS, Known, Sum, met, step, sum_of
from elfin.tiers.jit.wild import NOTES, ODD, ODD_STACK

LARGEST: Final = 40  # nodes of a loop

Note = tuple[
    Stmt, Value, Sum
]  # which says that it is accessed; the address, beside registers at the loop's start


def hoist_notes(graph: Graph, found: Order) -> Order:
    """The order before, and behind."""
    size = len(graph.nodes)
    starts: dict[int, list[int]] = {}  # copies of a node have the same body
    for number in found.sequence:
        starts.setdefault(id(graph.nodes[number].body), []).append(number)
    for numbers in starts.values():
        if not all(found.ways_back(number) for number in numbers):
            continue
        body = graph.nodes[numbers[0]].body
        notes = _first_notes(body)
        for number in numbers if notes else ():
            notes = _stepped(graph, found, number, notes)
        if notes:
            for number in numbers:
                _note_before(graph, found, number, notes)
            gone = {id(statement) for statement, _, _ in notes}
            body[:] = [s for s in body if id(s) not in gone]
    return found if len(graph.nodes) == size else order(graph)


def _note_before(graph: Graph, found: Order, number: int, notes: list[Note]) -> None:
    registers = sum({BITS[r] for _, _, address in notes for r in address.times})
    noted: list[Stmt] = [Set(seen, seen | address.value()) for _, seen, address in notes]
    label = graph.nodes[number].label
    before = graph.add(Node(noted, Goto(number), label=label, note=[Read(registers)]))
    for source in {*found.predecessors[number]} - {*found.ways_back(number)}:
        node = graph.nodes[source]
        node.ending = redirected(node.ending, {number: before})


def _first_notes(body: list[Stmt]) -> list[Note]:
    """What is surely noted if the body runs."""
    known: Known = {}
    notes: list[Note] = []
    for s in body:
        match s:
            case Set(seen, value) if seen in NOTES and value.op == "or":
                address = sum_of(value.args[1], known)
                if address is not None and address.times.keys() <= BITS.keys():
                    notes.append((s, seen, address))
            case Let(var, value) | Set(var, value):
                if var is not None:
                    known[var] = sum_of(value, known)
            case RawStore() | Group("pages"):
                pass
            case _:  # it may leave
                break
    return notes


def _stepped(graph: Graph, found: Order, header: int, notes: list[Note]) -> list[Note]:
    """Those that are the same or a little more at each turn."""
    back = found.ways_back(header)
    inside = set[int]().union(*(found.between(header, n) for n in back))
    if len(inside) > LARGEST:
        return []
    end = _turn(graph, found, sorted(inside, key=found.rank.__getitem__), back)
    out = []
    for statement, seen, address in notes:
        by = step(address, end)
        unit = ALIGNMENT if seen in (ODD, ODD_STACK) else 1
        if by is not None and abs(by) < NEAR and by % unit == 0:
            out.append((statement, seen, address))
    return out


def _turn(graph: Graph, found: Order, nodes: list[int], back: list[int]) -> Known:
    """What is known of registers when the loop goes back to the first of its nodes."""
    ends: dict[int, Known] = {}
    changes = True
    while changes:
        changes = False
        for number in nodes:
            ways = [ends[n] for n in found.predecessors[number] if n in ends]
            known = met(ways) if number != nodes[0] else {}
            for _ in follow(graph.nodes[number], known, {}, sum_of):
                pass
            if ends.get(number) != known:
                ends[number] = known
                changes = True
    return met([ends[n] for n in back])
