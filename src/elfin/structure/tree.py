"""A reducible graph -> nested statements: block, loop, if.

Ramsey: "Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control
Flow" (ICFP 2022).  Each node is translated where its immediate dominator ends.  A node with several
forward edges into it (a merge) stands behind a Block that those edges leave; a node that a back edge
goes to is wrapped in a Loop.
"""

from __future__ import annotations

from elfin.ir.stmt import Block, Br, If, Loop, Stmt, Switch
from elfin.structure.graph import Choose, Goto, Graph, Select
from elfin.structure.order import Order
from elfin.structure.reduce import make_reducible


def structure(graph: Graph, o: Order | None = None) -> list[Stmt]:
    """The graph as a tree.  If its order is not known, it may be changed (see `reduce`)."""
    return _Translation(graph, o or make_reducible(graph)).tree(0)


class _Translation:
    """No path comes to the end of a tree: each ends in a Br or leaves the function.  So the greater arm of a
    choice need not stand inside the If but follows it, which keeps the nesting shallow."""

    def __init__(self, graph: Graph, o: Order) -> None:
        self.graph = graph
        self.rank = o.rank
        self.merges: set[int] = set()
        self.headers: set[int] = set()
        self.children: dict[int, list[int]] = {number: [] for number in o.sequence}
        self.size = dict.fromkeys(o.sequence, 1)  # of what a node dominates
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
        for number in reversed(o.sequence[1:]):
            self.size[o.dominator[number]] += self.size[number]

    def tree(self, start: int) -> list[Stmt]:
        """The node and all that it dominates."""
        out: list[Stmt] = []
        into = out
        number: int | None = start
        while number is not None:
            if number in self.headers:
                inside: list[Stmt] = []
                into.append(Loop(_loop(number), inside))
                into = inside
            for merge in reversed(self.children[number]):
                inside = []
                into.append(Block(_block(merge), inside))
                into += self.tree(merge)
                into = inside
            into += self.graph.nodes[number].body
            number = self._ending(number, into)
        return out

    def _ending(self, number: int, into: list[Stmt]) -> int | None:
        """Append the node's ending; the node whose tree follows, if one does."""
        match self.graph.nodes[number].ending:
            case Goto(to):
                return self._go(number, to, into)
            case Choose(when, then, other):
                nested, follows = (then, other)
                if self._size(number, then) > self._size(number, other):
                    nested, follows = other, then
                arm = self._arm(number, nested)
                into.append(If(when, arm) if nested is then else If(when, [], arm))
                return self._go(number, follows, into)
            case Select(index, targets, default):
                ways = {to: self._arm(number, to) for to in (*targets, default)}
                into.append(Switch(index, [ways[to] for to in targets], ways[default]))
        return None

    def _go(self, number: int, to: int, into: list[Stmt]) -> int | None:
        """Append a jump; or the node to go on with, where it need not be jumped to."""
        if self.rank[to] <= self.rank[number]:
            into.append(Br(_loop(to)))
        elif to in self.merges:
            into.append(Br(_block(to)))
        else:
            return to
        return None

    def _arm(self, number: int, to: int) -> list[Stmt]:
        out: list[Stmt] = []
        follows = self._go(number, to, out)
        return out if follows is None else self.tree(follows)

    def _size(self, number: int, to: int) -> int:
        """Of the tree at the end of an edge."""
        is_tree = self.rank[to] > self.rank[number] and to not in self.merges
        return self.size[to] if is_tree else 0


def _loop(number: int) -> str:
    return f"L{number}"


def _block(number: int) -> str:
    return f"B{number}"
