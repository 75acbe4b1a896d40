"""Loops inside each other that share their start get one start each.

Input:  a reducible graph.
Output: the same graph, changed in place: an outer loop's ways back go to an empty node before the inner loop's start.
        `peel_first`: the first run through the innermost loop is a copy of it.

A region that begins in the middle of a nest of loops, where it was found hot, makes one loop of them: all ways
back lead to where it begins.  An engine then carries through each turn of the innermost what only the outer ones
change, and its register allocator gives what goes around in all of them a place in memory.
"""

from __future__ import annotations

from typing import Final

from elfin.structure.graph import Goto, Graph, Node, redirected
from elfin.structure.order import Order, order

PEELED: Final = 6  # nodes of a loop that are copied at most


def peel_first(graph: Graph) -> None:
    """Where the graph begins with the start of several loops, let it begin with a copy of the innermost: the others
    start behind that then.  If it leads to one of their nodes alone: else they could be entered at several."""
    o = order(graph)
    (header,) = graph.successors(0)
    back = [n for n in dict.fromkeys(o.predecessors[header]) if o.rank[n] >= o.rank[header]]
    bodies = sorted((_body(o, header, n) for n in back), key=len)
    if not bodies or len(bodies[0]) > PEELED:
        return
    inner, outer = bodies[0], set[int]().union(*bodies)
    ways = {to for n in inner for to in graph.successors(n) if to in outer - inner}
    if len(ways) != 1:
        return
    copies = {
        number: graph.add(Node(node.body, node.ending, node.label, node.note))
        for number in sorted(inner)
        for node in (graph.nodes[number],)
    }
    for number in copies.values():
        graph.nodes[number].ending = redirected(graph.nodes[number].ending, copies)
    graph.nodes[0].ending = redirected(graph.nodes[0].ending, copies)


def separate_nests(graph: Graph) -> None:
    o = order(graph)
    for header in o.sequence:
        back = [n for n in dict.fromkeys(o.predecessors[header]) if o.rank[n] >= o.rank[header]]
        if len(back) > 1:
            _separate(graph, o, header, back)


def _separate(graph: Graph, o: Order, header: int, back: list[int]) -> None:
    """From the inside out: ways back whose loops hold all those before."""
    bodies = {n: _body(o, header, n) for n in back}
    others = {n for n in o.predecessors[header] if n not in back}
    rest = sorted(back, key=lambda n: len(bodies[n]))
    start = header
    while rest:
        inner = bodies[rest[0]]
        while same := [n for n in rest if not bodies[n] > inner]:
            inner = inner.union(*(bodies[n] for n in same))
            rest = [n for n in rest if n not in same]
        if rest:
            outer = graph.add(Node(ending=Goto(start), label=graph.nodes[header].label, note=[]))
            for n in (*rest, *others):
                graph.nodes[n].ending = redirected(graph.nodes[n].ending, {start: outer})
            start = outer


def _body(o: Order, header: int, end: int) -> set[int]:
    """The nodes on ways from a loop's start to one of its ends."""
    seen = {header, end}
    work = [end] if end != header else []
    while work:
        for before in o.predecessors[work.pop()]:
            if before not in seen:
                seen.add(before)
                work.append(before)
    return seen
