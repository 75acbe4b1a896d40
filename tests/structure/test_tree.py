"""The tree takes the same path as the graph, on random graphs, irreducible ones included."""

from __future__ import annotations

import random

import pytest

from elfin.ir.stmt import Block, Br, Drop, If, Loop, Return, Set, Stmt, Switch
from elfin.ir.types import I1, I32
from elfin.ir.value import Value, const, local, make
from elfin.structure.graph import Choose, End, Goto, Graph, Node, Select, redirected
from elfin.structure.nest import peel_first, separate_nests
from elfin.structure.order import order
from elfin.structure.reduce import make_reducible
from elfin.structure.tree import structure

STEPS = 60  # a path is compared up to here


class Leave(Exception):
    """A `Br`, or the end of the comparison."""

    def __init__(self, label: str) -> None:
        self.label = label


class Walk:
    """Runs a graph or a tree with decisions from a seed; `path` is the nodes it came through."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.path: list[int] = []
        self.variables: dict[Value, int] = {}

    def decide(self, value: Value) -> int:
        if value.op == "local" and value in self.variables:
            return self.variables[value]
        return self.random.randrange(2 if value.type is I1 else 5)

    def visit(self, number: int) -> None:
        self.path.append(number)
        if len(self.path) >= STEPS:
            raise Leave("enough")

    def graph(self, graph: Graph) -> None:
        number = 0
        while True:
            self.visit(number)
            match graph.nodes[number].ending:
                case Goto(to):
                    number = to
                case Choose(when, then, other):
                    number = then if self.decide(when) else other
                case Select(index, targets, default):
                    i = self.decide(index)
                    number = targets[i] if i < len(targets) else default
                case End():
                    return

    def tree(self, body: list[Stmt]) -> None:
        for stmt in body:
            match stmt:
                case Drop(value):
                    self.visit(value.imm)
                case Set(var, value):
                    self.variables[var] = value.imm
                case If(when, then, other):
                    self.tree(then if self.decide(when) else other)
                case Switch(index, cases, default):
                    i = self.decide(index)
                    self.tree(cases[i] if i < len(cases) else default)
                case Block(label, inner):
                    self.inside(label, inner)
                case Loop(label, inner):
                    while self.inside(label, inner):
                        pass
                case Return():
                    raise Leave("enough")
                case Br(label):
                    raise Leave(label)
                case _:
                    raise AssertionError(stmt)

    def inside(self, label: str, body: list[Stmt]) -> bool:
        """Run a labelled body; True if it was left by a `Br` to its label."""
        try:
            self.tree(body)
        except Leave as leave:
            if leave.label != label:
                raise
            return True
        return False


def path(run: object, *args: object) -> None:
    assert callable(run)
    try:
        run(*args)
    except Leave as leave:
        assert leave.label == "enough"


def random_graph(seed: int, *, first: bool = False) -> Graph:
    """`first`: node 0 only leads to node 1, and nobody goes back to it."""
    r = random.Random(seed)
    size = r.randrange(2, 14) if first else r.randrange(1, 14)
    graph = Graph()
    for number in range(size):
        node = Node([Drop(const(I32, number))])
        match r.randrange(6):
            case 0:
                node.ending = Goto(r.randrange(size))
            case 1:
                index = make("local", I32, imm=f"i{number}")
                targets = tuple(r.randrange(size) for _ in range(r.randrange(1, 5)))
                node.ending = Select(index, targets, r.randrange(size))
            case 2:
                node.body.append(Return())
            case _:
                when = local(I1, f"c{number}")
                node.ending = Choose(when, r.randrange(size), r.randrange(size))
        graph.add(node)
    if first:
        for node in graph.nodes:
            node.ending = redirected(node.ending, {0: 1})
        graph.nodes[0] = Node([Drop(const(I32, 0))], Goto(r.randrange(1, size)))
    return graph


@pytest.mark.parametrize("first", range(0, 600, 60))
def test_nests_take_the_same_path(first: int) -> None:
    """Where a graph begins in the middle of a nest it gets copies of nodes, no loop with two entries."""
    peeled = 0
    for seed in range(first, first + 60):
        graph = random_graph(seed, first=True)
        size = len(graph.nodes)
        peel_first(graph, 0, -1)
        peeled += len(graph.nodes) > size
        separate_nests(graph, make_reducible(graph))
        found = order(graph)
        for number in found.sequence:
            for to in graph.successors(number):
                assert found.rank[to] > found.rank[number] or found.dominates(to, number)
        tree = structure(graph)
        for decisions in range(6):
            expected, got = Walk(decisions), Walk(decisions)
            path(expected.graph, random_graph(seed, first=True))
            path(got.tree, tree)
            assert got.path == expected.path, f"graph {seed}"
    assert peeled


def test_a_nest_starts_where_its_loops_do() -> None:
    """A loop entered in its middle (3), inside another one (1, 2, 3, 4): both start as if control came from 1."""
    graph = Graph()
    for ending in (Goto(3), Goto(2), Goto(4), Choose(local(I1, "c"), 4, 1)):
        graph.add(Node(ending=ending, label=len(graph.nodes)))
    graph.add(Node(ending=Choose(local(I1, "d"), 3, 5), label=4))
    graph.add(Node(ending=Choose(local(I1, "e"), 1, 6), label=5))
    graph.add(Node([Return()], label=6))
    peel_first(graph, 0, -1)
    found = order(graph)
    starts = {
        to
        for number in found.sequence
        for to in graph.successors(number)
        if found.rank[to] <= found.rank[number]
    }
    copied = [node.label for node in graph.nodes[7:]]
    assert copied == [3, 4, 5]
    assert starts == {1, 4, 7}  # 7 is the copy of 3


@pytest.mark.parametrize("first", range(0, 600, 60))
def test_same_path(first: int) -> None:
    for seed in range(first, first + 60):
        size = len(random_graph(seed).nodes)
        tree = structure(random_graph(seed))
        for decisions in range(6):
            expected, got = Walk(decisions), Walk(decisions)
            path(expected.graph, random_graph(seed))
            path(got.tree, tree)
            assert got.path == expected.path, f"graph {seed} of {size} nodes"


@pytest.mark.parametrize(("length", "dispatchers"), [(1, 0), (50, 1)])
def test_two_entry_loop(length: int, dispatchers: int) -> None:
    """Entries 1 and 2, with `length` nodes on both ways between them: copies, or a dispatcher."""
    graph = Graph([Node(ending=Choose(local(I1, "c"), 1, 2)), Node(), Node(), Node()])
    for start, to in ((1, 2), (2, 1)):
        at = start
        for _ in range(length):
            new = graph.add(Node())
            graph.nodes[at].ending = Goto(new)
            at = new
        graph.nodes[at].ending = Choose(local(I1, "d"), to, 3)
    structure(graph)
    hubs = [n for n in graph.nodes if isinstance(n.ending, Select)]
    assert len(hubs) == dispatchers
    found = order(graph)
    for number in found.sequence:
        for to in graph.successors(number):
            assert found.rank[to] > found.rank[number] or found.dominates(to, number)


@pytest.mark.parametrize("branches", [False, True])
def test_long_line(branches: bool) -> None:
    """A line of nodes, with a way out at each or without, makes no deep tree."""
    graph = Graph()
    for number in range(0, 6000, 2):
        out, to = number + 1, number + 2
        graph.add(Node(ending=Choose(local(I1, "c"), out, to) if branches else Goto(to)))
        graph.add(Node([Return()]))
    graph.add(Node([Return()]))
    assert structure(graph)[-1] == Return()
