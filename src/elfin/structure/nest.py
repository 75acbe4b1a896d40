"""Loops inside each other that share their start get one start each.

Input:  a reducible graph.
Output: the same graph, changed in place: an outer loop's ways back go to an empty node before the inner loop's start.
        `peel_first`: what runs until the first of them starts anew is a copy.

A region that begins in the middle of a nest of loops, where it was found hot, makes one loop of them: all ways
back lead to where it begins.  An engine then carries through each turn of the innermost what only the outer ones
change, and its register allocator gives what goes around in all of them a place in memory.
"""

from __future__ import annotations

from typing import Final

from elfin.structure.graph import Goto, Graph, Node, redirected
from elfin.structure.order import Order, order

PEELED: Final = 10  # nodes that are copied at most


def peel_first(graph: Graph, way_in: int, hub: int) -> None:
    """Where a node leads into a loop inside another, of nodes that are numbered as their code stands in memory: let it
    lead to a copy of what runs until the outer one starts anew.  They then start where they do if control comes
    from outside.  What comes round by the hub is no loop.  The graph may be irreducible, and less so afterwards."""
    (entry,) = graph.successors(way_in)
    loops = _around(graph, entry, hub)
    firsts = []
    for start in loops:
        if start < entry:
            first = _until(graph, entry, start, loops)
            if any(entry in graph.successors(n) for n in first):
                firsts.append(first)
    first = min(firsts, key=len, default=set[int]())
    copies = {
        number: graph.add(Node(node.body, node.ending, node.label, node.note))
        for number in sorted(first)
        for node in (graph.nodes[number],)
    }
    for number in copies.values():
        graph.nodes[number].ending = redirected(graph.nodes[number].ending, copies)
    graph.nodes[way_in].ending = redirected(graph.nodes[way_in].ending, copies)


def _until(graph: Graph, entry: int, start: int, loops: set[int]) -> set[int]:
    """The nodes of the loops that run from `entry` on, before `start` does; none if they are more than may be copied.
    Who leaves the loops does not come back, so there is nothing behind other nodes."""
    seen = {entry}
    work = [entry]
    while work:
        for to in graph.successors(work.pop()):
            if to != start and to in loops and to not in seen:
                seen.add(to)
                work.append(to)
        if len(seen) > PEELED:
            return set()
    return seen


def _reached(graph: Graph, entry: int, hub: int) -> set[int]:
    """The nodes that may run from `entry` on, until the hub."""
    seen = {entry, hub}
    work = [entry]
    while work:
        for to in graph.successors(work.pop()):
            if to not in seen:
                seen.add(to)
                work.append(to)
    return seen - {hub}


def _around(graph: Graph, entry: int, hub: int) -> set[int]:
    """The nodes from which control may come back to `entry`; not those that it does not come to from there."""
    sources: dict[int, list[int]] = {}
    for number in _reached(graph, entry, hub):
        for to in graph.successors(number):
            sources.setdefault(to, []).append(number)
    seen = set[int]()
    work = [entry]
    while work:
        for before in sources.get(work.pop(), ()):
            if before not in seen:
                seen.add(before)
                work.append(before)
    return seen


def separate_nests(graph: Graph, o: Order, hub: int = -1) -> Order:
    """The order that the graph has then.  What comes round through the hub is no loop."""
    size = len(graph.nodes)
    for header in o.sequence:
        back = o.ways_back(header)
        if len(back) > 1 and header != hub:
            _separate(graph, o, header, back)
    return o if len(graph.nodes) == size else order(graph)


def _separate(graph: Graph, o: Order, header: int, back: list[int]) -> None:
    """From the inside out: ways back whose loops hold all those before."""
    bodies = {n: o.between(header, n) for n in back}
    others = {n for n in o.predecessors[header] if n not in back}
    rest = sorted(back, key=lambda n: len(bodies[n]))
    start = header
    while rest:
        inner = bodies[rest[0]]
        while same := [n for n in rest if not bodies[n] > inner]:
            inner = inner.union(*(bodies[n] for n in same))
            rest = [n for n in rest if n not in same]
        if rest:
            outer = graph.add(Node(ending=Goto(start), label=graph.nodes[header].label))
            for n in (*rest, *others):
                graph.nodes[n].ending = redirected(graph.nodes[n].ending, {start: outer})
            start = outer
