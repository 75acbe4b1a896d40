"""A unit's region -> Wasm functions.

Input:  a region, with its lifted instructions and what is in line of others.
Output: `ir.stmt.Function`s by the ABI of `frame.py`: the region's, and those that enter it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from elfin import config, layout
from elfin.codegen.locals import BIT, Registers
from elfin.ir.stmt import Function, If, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const
from elfin.runtime.translated import STEP, UNWIND
from elfin.structure.graph import Choose, Goto, Graph, Node, redirected
from elfin.structure.nest import peel_first, separate_nests
from elfin.structure.order import Order, order
from elfin.structure.reduce import make_reducible
from elfin.structure.tree import structure
from elfin.tiers.jit.access import Addresses
from elfin.tiers.jit.body import Body
from elfin.tiers.jit.clock import Clock
from elfin.tiers.jit.dispatch import GOAL
from elfin.tiers.jit.events import Event, Exit, Read
from elfin.tiers.jit.floats import Floats
from elfin.tiers.jit.flow import Flow
from elfin.tiers.jit.frame import EXPECTED, LEFT, NESTED, SPENT, WANTED, door, frame, leave
from elfin.tiers.jit.hoist import hoist_notes
from elfin.tiers.jit.inlining import Part
from elfin.tiers.jit.landing import landing
from elfin.tiers.jit.part import PartWriter
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.resting import resting
from elfin.tiers.jit.scalars import scalars
from elfin.tiers.jit.sinking import sink_flags
from elfin.tiers.jit.soft import look_before_loops
from elfin.tiers.jit.strips import strip_loops
from elfin.tiers.jit.wild import Wild
from elfin.tiers.jit.window import look_at_stack, near_stack

MANY_BACK = 1  # ways back to a loop's start; from there on the budget is looked at there


class _Function:
    """The region's."""

    def __init__(self, part: Part, policy: Policy) -> None:
        self.part = part
        regions = [p.region for p in part.all()]
        self.graph = Graph()
        self.start = self.graph.add(Node())  # the function's entry, so that no loop goes through it
        self.goal = GOAL  # where it is entered
        self.body = Body(
            policy,
            part.region.entry,
            part.region.edges,
            Registers(scalars(regions), resting(part)),
            Floats(policy.sticky, masks=policy.paged),  # which is how browsers' engines are known
            Wild(policy.paged),
            self.graph,
            landing(self.graph, part),
        )
        self.body.weight += sum(region.size for region in regions) // config.NESTED_OPS

    def flow(self, clock: Clock) -> Flow:
        """The graph is made; what registers do in it can be asked."""
        graph, places = self.graph, self.body.landing
        start = graph.nodes[self.start]
        self._write(start)
        if self.body.nests:  # there may be too many on the stack
            deep = (LEFT & NESTED).ltu(self.body.weight)
            start.body.append(If(deep, self._leave_at(start, UNWIND), rare=True))
        start.body += self.body.floats.finish(lambda: self._leave_at(start, STEP))
        self.body.wild.finish()
        clock.done("lift")
        for number in places.starts.values():
            peel_first(graph, number, places.hub)
        found = separate_nests(graph, make_reducible(graph), places.hub)
        found = hoist_notes(graph, found)
        looked = set[int]()
        if self.body.policy.paged:
            blocks = (block for p in self.part.all() for block in p.region.blocks.values())
            last = {block.pc: block.ops[-1] for block in blocks}
            if look_at_stack(self.graph, found, self.body.wild.spans):
                near, odd = near_stack()
                start.note.append(Read(BIT[layout.RSP]))
                start.body += [*near, If(odd, self._leave_at(start, STEP), rare=True)]
            found, looked = strip_loops(self.graph, found, self.body.wild.spans, last)
            found = look_before_loops(self.graph, found, self.body.wild.spans)
        checked = self._loop_checks(found, looked)
        clock.done("structure")
        return Flow(self.graph, checked)

    def _write(self, start: Node) -> None:
        """The code, and what leads into it."""
        places, region = self.body.landing, self.part.region
        written = PartWriter(self.body, self.part, (Addresses(), set(), {}))
        for pc, number in places.starts.items():
            self.graph.nodes[number].ending = Goto(written.numbers[pc])
        for pc in places.behind:  # rather than a copy that is in line
            if pc in region.blocks:
                places.behind[pc] = written.numbers[pc]
        places.behind |= written.dispatch.doors
        first = places.finish(written.elsewhere)
        start.ending = Goto(first)
        if first != places.hub:
            self.goal = const(I64, region.entry)
        elif places.returns:
            start.body.append(Set(EXPECTED, WANTED))

    def build(self, name: str, flow: Flow, clock: Clock) -> Function:
        """The function."""
        needed, ways = flow.finish()
        if self.body.policy.paged:
            sink_flags(flow, self.body.landing.hub)
        clock.done("opt")
        tree = structure(self.graph, flow.order)
        body = frame(needed, tree, ways, self.body.wild)
        clock.done("structure")
        return Function(name, (GOAL,) if self.goal is GOAL else (), (I32,), body)

    def _leave_at(self, start: Node, result: int) -> list[Stmt]:
        """Leave before anything is done."""
        body = leave(self.goal, result)
        start.note.append(Exit(body, returns=True))
        return body

    def _loop_checks(self, found: Order, looked: Collection[int]) -> Order:
        """Who goes back to a loop's start leaves when the budget is spent, but those who have `looked`.  The order
        before, and behind.

        A branch that ends the loop comes before: what the turn has changed is changed in place then, as nobody needs
        what was before, and the look is the one conditional branch back.  But it is at the start where there
        are many ways back.
        """
        graph = self.graph
        size = len(graph.nodes)
        ways: Counter[int] = Counter()
        back: dict[int, set[int]] = {}
        for number in found.sequence:
            later = {to for to in graph.successors(number) if found.rank[to] <= found.rank[number]}
            if later and number not in looked:
                back[number] = later
                ways.update(later)
        starts, done = set[int](), set[int]()  # bodies: a copy of a node has the same
        for header, count in ways.items():
            start = graph.nodes[header]
            if count > MANY_BACK and start.label is not None and id(start.body) not in starts:
                starts.add(id(start.body))
                body = leave(start.label)
                start.body.insert(0, If(SPENT, body, rare=True))
                start.note.insert(0, Exit(body, returns=True))
        alike: dict[int, list[int]] = {}
        for number in found.sequence:
            alike.setdefault(id(graph.nodes[number].body), []).append(number)
        for number, later in back.items():
            node = graph.nodes[number]
            later = {to for to in later if id(graph.nodes[to].body) not in starts}
            if not later or id(node.body) in done:
                continue
            if len(later) == 1 and isinstance(node.ending, Choose) and _spends(node):
                done.add(id(node.body))
                spent = node.body.pop()
                for copy in alike[id(node.body)]:
                    self._spend_on_ways(copy, spent, back.get(copy, set()), starts)
                continue
            target = self._target(number)
            if target is not None:
                done.add(id(node.body))
                body = leave(target)
                node.body.append(If(SPENT, body, rare=True))
                node.note.append(Exit(body, returns=True))
                continue
            for to in later:
                body = leave(graph.nodes[to].label)
                events: list[Event] = [Exit(body, returns=True)]
                way = graph.add(Node([If(SPENT, body, rare=True)], Goto(to), note=events))
                node.ending = redirected(node.ending, {to: way})
        return found if len(graph.nodes) == size else order(graph)

    def _spend_on_ways(
        self, number: int, spent: Stmt, back: Collection[int], starts: Collection[int]
    ) -> None:
        """The budget is taken on each of a node's ways on, not before its branch; on a way back it is looked at."""
        graph = self.graph
        ways: dict[int, int] = {}
        for to in graph.successors(number):
            label = graph.nodes[to].label
            way = Node([spent], Goto(to), label=label)
            if to in back and id(graph.nodes[to].body) not in starts:
                body = leave(label)
                way.body.append(If(SPENT, body, rare=True))
                way.note.append(Exit(body, returns=True))
            ways[to] = graph.add(way)
        node = graph.nodes[number]
        node.ending = redirected(node.ending, ways)

    def _target(self, number: int) -> Value | None:
        """The guest address to which a node goes on; None if there are many."""
        node = self.graph.nodes[number]
        labels = [self.graph.nodes[to].label for to in self.graph.successors(number)]
        match node.ending:
            case Goto():
                (label,) = labels  # a dispatcher has none: `node` says which entry
                return _address(node.label if label is None else label)
            case Choose(when):
                return when.select(*map(_address, labels))
        return None


def _spends(node: Node) -> bool:
    """Does it take its budget last?"""
    last = node.body[-1] if node.body else None
    return isinstance(last, Set) and last.var is LEFT


def _address(label: Value | int) -> Value:
    """Where a node is: the address of its code, or GOAL."""
    return label if isinstance(label, Value) else const(I64, label)


def functions(part: Part, policy: Policy, clock: Clock) -> tuple[list[Function], dict[int, str]]:
    """The function of a unit's code, then those that enter it; by address in that order their names in the table."""
    function = _Function(part, policy)
    flow = function.flow(clock)
    inside = f"at_{part.region.entry:x}"
    made = [function.build(inside, flow, clock)]
    if not made[0].params:
        return made, {part.region.entry: inside}
    names = {pc: f"door_{pc:x}" for pc in (part.region.entry, *function.body.landing.places)}
    return [*made, *(door(pc, inside, name) for pc, name in names.items())], names
