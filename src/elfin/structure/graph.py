"""The control-flow graph that `structure` turns into a tree.

Nodes are numbered; node 0 is the entry.  A node has statements and one ending.  Nothing here knows
where the statements came from.
"""

from __future__ import annotations

from typing import Any

from elfin.ir.stmt import Stmt
from elfin.ir.value import Value
from elfin.records import dataclass, field


@dataclass(slots=True)
class Goto:
    to: int


@dataclass(slots=True)
class Choose:
    """`then` if the condition holds, else `other`."""

    when: Value
    then: int
    other: int


@dataclass(slots=True)
class Select:
    """`targets[index]`, or `default` where the index (i32) is out of range."""

    index: Value
    targets: tuple[int, ...]
    default: int


@dataclass(slots=True)
class End:
    """Control does not go on: the node's statements leave the function."""


Ending = Goto | Choose | Select | End


@dataclass(slots=True)
class Node:
    """`label` and `note` are for who made the graph: a copy of a node shares them, as it shares the body, and a node
    that only leads to another has its label."""

    body: list[Stmt] = field(default_factory=list)
    ending: Ending = field(default_factory=End)
    label: Any = None
    note: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Graph:
    nodes: list[Node] = field(default_factory=list)

    def add(self, node: Node) -> int:
        """The number of the new node."""
        self.nodes.append(node)
        return len(self.nodes) - 1

    def successors(self, number: int) -> tuple[int, ...]:
        """Where the node goes, in the ending's order; a target may stand more than once."""
        ending = self.nodes[
            number
        ].ending  # `match` would take twice as long, and this is asked often
        if type(ending) is Goto:
            return (ending.to,)
        if type(ending) is Choose:
            return (ending.then, ending.other)
        if type(ending) is Select:
            return (*ending.targets, ending.default)
        return ()


def redirected(ending: Ending, to: dict[int, int]) -> Ending:
    """The same ending with targets replaced by those in `to`."""
    match ending:
        case Goto(target):
            return Goto(to.get(target, target))
        case Choose(when, then, other):
            return Choose(when, to.get(then, then), to.get(other, other))
        case Select(index, targets, default):
            return Select(index, tuple(to.get(t, t) for t in targets), to.get(default, default))
        case End():
            return ending
