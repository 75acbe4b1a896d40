"""Reverse postorder and immediate dominators of a graph.

Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm" (2001).
"""

from __future__ import annotations

from elfin.records import dataclass
from elfin.structure.graph import Graph


@dataclass(slots=True)
class Order:
    """`sequence` lists the reachable nodes in reverse postorder; `rank` is its inverse."""

    sequence: list[int]
    rank: dict[int, int]
    predecessors: dict[int, list[int]]  # of reachable nodes, an edge once for each time it stands
    dominator: dict[int, int]  # immediate; the entry is its own

    def ways_back(self, header: int) -> list[int]:
        """The nodes that go back to a loop's start; none if it is not one."""
        before = dict.fromkeys(self.predecessors[header])
        return [number for number in before if self.rank[number] >= self.rank[header]]

    def between(self, header: int, end: int) -> set[int]:
        """The nodes on ways from a loop's start to one of its ends."""
        seen = {header, end}
        work = [end] if end != header else []
        while work:
            for before in self.predecessors[work.pop()]:
                if before not in seen:
                    seen.add(before)
                    work.append(before)
        return seen

    def dominates(self, above: int, below: int) -> bool:
        while self.rank[below] > self.rank[above]:
            below = self.dominator[below]
        return below == above


def order(graph: Graph) -> Order:
    """Reverse postorder from node 0, and what follows from it."""
    sequence = _postorder(graph)
    sequence.reverse()
    rank = {number: i for i, number in enumerate(sequence)}
    predecessors: dict[int, list[int]] = {number: [] for number in sequence}
    for number in sequence:
        for to in graph.successors(number):
            predecessors[to].append(number)
    dominator = {0: 0}
    changed = True
    while changed:
        changed = False
        for number in sequence[1:]:
            new = -1
            for before in predecessors[number]:
                if before in dominator:
                    new = before if new < 0 else _meet(new, before, dominator, rank)
            if dominator.get(number) != new:
                dominator[number] = new
                changed = True
    return Order(sequence, rank, predecessors, dominator)


def _meet(a: int, b: int, dominator: dict[int, int], rank: dict[int, int]) -> int:
    while a != b:
        while rank[a] > rank[b]:
            a = dominator[a]
        while rank[b] > rank[a]:
            b = dominator[b]
    return a


def _postorder(graph: Graph) -> list[int]:
    seen = {0}
    out: list[int] = []
    stack = [(0, iter(graph.successors(0)))]
    while stack:
        number, rest = stack[-1]
        for to in rest:
            if to not in seen:
                seen.add(to)
                stack.append((to, iter(graph.successors(to))))
                break
        else:
            stack.pop()
            out.append(number)
    return out
