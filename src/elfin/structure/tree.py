"""A reducible graph -> nested statements: block, loop, if.

Ramsey: "Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control
Flow" (ICFP 2022).  Each node is translated where its immediate dominator ends.  A node with several
forward edges into it (a merge) stands behind a Block that those edges leave; a node that a back edge
goes to is wrapped in a Loop.
"""

from __future__ import annotations

from elfin.ir.stmt import Block, Br, If, Loop, Stmt, Switch
from elfin.structure.graph import Choose, End, Goto, Graph, Select
from elfin.structure.order import Order
from elfin.structure.reduce import make_reducible


def structure(graph: Graph) -> list[Stmt]:
    """The graph as a tree.  The graph may be changed (see `reduce`)."""
    return _Translation(graph, make_reducible(graph)).tree(0)


class _Translation:
    def __init__(self, graph: Graph, o: Order) -> None:
        self.graph = graph
        self.rank = o.rank
        self.merges: set[int] = set()
        self.headers: set[int] = set()
        self.children: dict[int, list[int]] = {number: [] for number in o.sequence}
        for number in o.sequence:
            forward = 0
            for before in o.predecessors[number]:
                if o.rank[before] >= o.rank[number]:
                    self.headers.add(number)
                else:
                    forward += 1
            if forward > 1:
                self.merges.add(number)
        for number in o.sequence[1:]:
            if number in self.merges:
                self.children[o.dominator[number]].append(number)

    def tree(self, number: int) -> list[Stmt]:
        """The node and all that it dominates."""
        body = self._within(number, self.children[number])
        return [Loop(_loop(number), body)] if number in self.headers else body

    def _within(self, number: int, merges: list[int]) -> list[Stmt]:
        """The node inside the Blocks of the merges behind it: the last in order is outermost."""
        if not merges:
            return [*self.graph.nodes[number].body, *self._ending(number)]
        *inner, last = merges
        return [Block(_block(last), self._within(number, inner)), *self.tree(last)]

    def _ending(self, number: int) -> list[Stmt]:
        match self.graph.nodes[number].ending:
            case End():
                return []
            case Goto(to):
                return self._go(number, to)
            case Choose(when, then, other):
                return [If(when, self._go(number, then), self._go(number, other))]
            case Select(index, targets, default):
                cases = [self._go(number, to) for to in targets]
                return [Switch(index, cases, self._go(number, default))]

    def _go(self, number: int, to: int) -> list[Stmt]:
        if self.rank[to] <= self.rank[number]:
            return [Br(_loop(to))]
        if to in self.merges:
            return [Br(_block(to))]
        return self.tree(to)


def _loop(number: int) -> str:
    return f"L{number}"


def _block(number: int) -> str:
    return f"B{number}"
