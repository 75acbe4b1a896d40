"""Make a graph reducible: a loop that can be entered at several nodes gets one entry.

Input:  any graph.
Output: the same graph, changed in place, in which every retreating edge goes to a node that dominates
        its source.
Where few nodes lie between an entry and the others, those who enter there go through copies of them: mostly
that is the way from the middle of a loop, where a region begins, to its start.  Else the loop gets a dispatcher:
a node that selects by a local variable which entry was meant; all edges to the entries set the variable and
go through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from elfin.ir.stmt import Set
from elfin.ir.types import I32
from elfin.ir.value import const, local
from elfin.structure.graph import Goto, Graph, Node, Select, redirected
from elfin.structure.order import Order, order

COPIES = 40  # nodes that may be copied for one graph


def make_reducible(graph: Graph) -> Order:
    """The order of the graph, which is reducible afterwards."""
    copies = COPIES
    while True:
        found = order(graph)
        loop = _irreducible_loop(graph, found)
        if not loop:
            return found
        entries = [n for n in found.sequence if n in loop and _entered(n, loop, found)]
        entry, between = min(
            ((entry, _before_others(graph, entry, loop, entries)) for entry in entries),
            key=lambda choice: len(choice[1]),
        )
        if len(between) <= copies:
            copies -= len(between)
            _copy(graph, found, loop, entry, between)
        else:
            _dispatch(graph, found, loop, entries)


def _before_others(graph: Graph, entry: int, loop: set[int], entries: list[int]) -> set[int]:
    """The nodes on ways from one entry of the loop to the others."""
    return _reach(entry, graph.successors, (loop - {*entries}) | {entry})


def _copy(graph: Graph, o: Order, loop: set[int], entry: int, between: set[int]) -> None:
    """Who enters the loop at `entry` goes through copies of the nodes before the other entries."""
    copies = {
        number: graph.add(Node(node.body, node.ending, node.label, node.note))
        for number in sorted(between)
        for node in (graph.nodes[number],)
    }
    for number in copies.values():
        node = graph.nodes[number]
        node.ending = redirected(node.ending, copies)
    for before in {*o.predecessors[entry]} - loop:
        node = graph.nodes[before]
        node.ending = redirected(node.ending, {entry: copies[entry]})


def _irreducible_loop(graph: Graph, o: Order) -> set[int]:
    """The nodes of one loop that has several entries, or nothing."""
    for number in o.sequence:
        for to in graph.successors(number):
            if o.rank[to] <= o.rank[number] and not o.dominates(to, number):
                return _loop_of(graph, o, number, to)
    return set()


def _entered(number: int, loop: set[int], o: Order) -> bool:
    return any(before not in loop for before in o.predecessors[number])


def _loop_of(graph: Graph, o: Order, source: int, to: int) -> set[int]:
    """The nodes on cycles through `to` below what dominates both ends of a retreating edge.

    The loops around it, whose headers dominate both ends, are left out: they may be reducible.
    """
    above = to
    while not (above != to and o.dominates(above, source)):
        above = o.dominator[above]
    inside = {n for n in o.sequence if n != above and o.dominates(above, n)}
    forward = _reach(to, graph.successors, inside)
    return _reach(to, o.predecessors.__getitem__, forward)


def _reach(start: int, step: Callable[[int], Iterable[int]], inside: set[int]) -> set[int]:
    seen = {start}
    work = [start]
    while work:
        for to in step(work.pop()):
            if to in inside and to not in seen:
                seen.add(to)
                work.append(to)
    return seen


def _dispatch(graph: Graph, o: Order, loop: set[int], entries: list[int]) -> None:
    which = local(I32, f"entry_of_{len(graph.nodes)}")
    hub = graph.add(Node(ending=Select(which, tuple(entries[:-1]), entries[-1])))
    # Edges from outside and from inside set the variable at nodes of their own: a node that both
    # go through would be one more entry.
    for sources in (loop, set(o.sequence) - loop):
        through = {
            entry: graph.add(
                Node([Set(which, const(I32, i))], Goto(hub), label=graph.nodes[entry].label)
            )
            for i, entry in enumerate(entries)
        }
        for number in sources:
            node = graph.nodes[number]
            node.ending = redirected(node.ending, through)
