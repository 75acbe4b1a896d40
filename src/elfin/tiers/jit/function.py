"""Regions -> Wasm functions.

Input:  `Region`s that are translated together, with their lifted instructions.
Output: `ir.stmt.Function`s by the ABI of `frame.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from elfin import layout
from elfin.bits import M64
from elfin.codegen.locals import Registers
from elfin.ir.stmt import Branch, Function, If, Jump, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const
from elfin.runtime.translated import CONTINUE, STEP
from elfin.structure.graph import Choose, End, Ending, Goto, Graph, Node, redirected
from elfin.structure.nest import separate_nests
from elfin.structure.order import order
from elfin.structure.reduce import make_reducible
from elfin.structure.tree import structure
from elfin.tiers.jit.access import Addresses
from elfin.tiers.jit.block import Writer
from elfin.tiers.jit.calls import Calls
from elfin.tiers.jit.clock import Clock
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.dispatch import GOAL, Dispatch, missed
from elfin.tiers.jit.events import Event, Exit, Summary
from elfin.tiers.jit.floats import Floats
from elfin.tiers.jit.flow import Flow
from elfin.tiers.jit.frame import LEFT, NESTED, entry, frame, leave, signature, spend
from elfin.tiers.jit.inline import lasting
from elfin.tiers.jit.lifted import Lifted
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.region import CALL, RETURN, Block, Region, is_direct, kind
from elfin.tiers.jit.scalars import scalars
from elfin.tiers.jit.settle import settle
from elfin.tiers.jit.wild import Wild

SPENT = LEFT.lts(0)
MANY_BACK = 1  # ways back to a loop's start; from there on the budget is looked at there


class _Function:
    """`own` is the function's summary if others call it; `callees` are those that it can call; `unit` is the
    address that its unit is made for."""

    def __init__(
        self,
        region: Region,
        lifted: Mapping[int, list[Lifted]],
        own: Summary | None,
        callees: Mapping[int, Summary],
        policy: Policy,
        unit: int,
    ) -> None:
        self.unit = unit
        self.policy = policy
        self.region = region
        self.lifted = lifted
        self.own = own
        self.registers = Registers(scalars(region))
        self.graph = Graph()
        self.numbers: dict[int, int] = {}
        self.floats = Floats(policy.sticky)
        self.wild = Wild(policy.paged)
        self.calls = Calls(
            self.graph,
            region,
            callees,
            own is not None,
            unit,
            self.registers,
            self.wild,
            self.floats,
        )
        self.dispatch: Dispatch
        self.before: dict[int, int] = {}
        # What is known at the ends of blocks: addresses, and registers that hold normal numbers.
        self.done: dict[int, tuple[Addresses, set[Value]]] = {}

    def flow(self, clock: Clock) -> Flow:
        """The graph is made; what registers do in it can be asked."""
        start = Node(note=[])  # the function's entry, so that no loop goes through node 0
        self.graph.add(start)
        for pc in self.region.blocks:
            self.numbers[pc] = self.graph.add(Node(label=pc, note=[]))
        start.ending = Goto(self.numbers[self.region.entry])
        self.dispatch = Dispatch(self.graph, self.region, self.numbers, self.unit)
        self.before = self.region.only_predecessors()
        for pc in self.region.blocks:
            self._block(pc)
        if self.calls.nests:  # there may be too many on the stack
            start.body.append(If((LEFT & NESTED).eq(0), self._leave_at(start, CONTINUE), rare=True))
        start.body += self.floats.finish(lambda: self._leave_at(start, STEP))
        self.wild.finish()
        clock.done("lift")
        make_reducible(self.graph)
        separate_nests(self.graph)
        for node in self.graph.nodes:
            node.note = [] if node.note is None else node.note
        self._loop_checks()
        flow = Flow(self.graph, order(self.graph), self.own)
        clock.done("structure")
        return flow

    def build(self, name: str, flow: Flow, clock: Clock) -> Function:
        """The function, when all summaries are settled."""
        needed, ways = flow.finish()
        clock.done("opt")
        tree = structure(self.graph)
        body = frame(needed, tree, ways, self.own, self.wild, calls=self.calls.nests)
        clock.done("structure")
        if self.own is None:
            return Function(name, (), (I32,), body)
        params, results = signature(self.own)
        return Function(name, params, results, body)

    def _block(self, pc: int) -> None:
        """The block at an address, behind the one that it only can come behind."""
        if pc in self.done:
            return
        addresses, normal = Addresses(), set[Value]()
        self.done[pc] = addresses, normal
        if pc in self.before:
            self._block(self.before[pc])
            addresses, normal = self.done[self.before[pc]]
            addresses, normal = addresses.follow(), lasting(normal)
        elif self.own is not None and pc == self.region.entry and not self.region.is_loop():
            addresses.near_checked(layout.RSP)  # the return address was written there
        block = self.region.blocks[pc]
        node = self.graph.nodes[self.numbers[block.pc]]
        *inside, last = block.ops
        count = len(block.ops) - block.step
        writer = Writer(
            self.registers,
            self.policy.exact,
            self.wild,
            node.body,
            node.note,
            addresses,
            self.floats,
            normal,
            careful=self.policy.careful,
            rewrites=self.policy.rewrites,
        )
        lifted = self.lifted[pc]
        for op, known in zip(inside, lifted, strict=False):
            writer.add(op, known)
        if block.step:
            writer.out += writer.step(last)
            writer.events[-1] = Exit(writer.out)  # it may read any flag
        else:
            if self.own is not None and kind(last) == RETURN:
                writer.returning = self.calls.give_back
            writer.add(last, lifted[-1])
            writer.settle()
            writer.out.append(spend(count))  # last, so that it is not kept beside the old
            node.ending = self._ending(block, writer)
        writer.pages.close()
        self.done[pc] = addresses, writer.normal

    def _ending(self, block: Block, writer: Writer) -> Ending:
        last = block.ops[-1]
        match writer.ending:
            case Branch(when, target):
                ways = self._way(last, target.imm), self._way(last, block.next)
                return Choose(writer.condition(when), *ways)
            case Jump(target) if kind(last) == CALL:
                behind = self._node(last.next)
                return self.calls.call(writer, writer.value(target), last, behind)
            case Jump(target) if target.op == "const":
                return Goto(self._node(target.imm))
            case Jump(target) if kind(last) == RETURN:
                writer.leave(writer.value(target))
                return End()
            case Jump(target):
                writer.out.append(Set(GOAL, writer.value(target)))
                if last.pc in self.dispatch.targets:
                    return self.dispatch.ending(last.pc, writer.out)
                writer.out += missed(GOAL, last.pc, self.unit)
                writer.events.append(Exit(writer.out))
                return End()
        return Goto(self._node(block.next))

    def _way(self, branch: Op, pc: int) -> int:
        """The node of an address that a branch goes to; where it never went so far that is told."""
        if pc in self.numbers or self.region.full:
            return self._node(pc)
        body = missed(const(I64, pc), branch.pc, self.unit)
        return self.graph.add(Node(body, label=pc, note=[Exit(body)]))

    def _node(self, pc: int) -> int:
        """The node of an address; outside the region it is one that leaves."""
        found = self.numbers.get(pc)
        if found is None:
            body = leave(pc)
            found = self.numbers[pc] = self.graph.add(Node(body, label=pc, note=[Exit(body)]))
        return found

    def _leave_at(self, start: Node, result: int) -> list[Stmt]:
        """Leave before anything is done."""
        body = leave(self.region.entry, result)
        start.note.append(Exit(body, returns=True))
        return body

    def _loop_checks(self) -> None:
        """Who goes back to a loop's start leaves when the budget is spent.

        It does so before the branch: what comes then is one conditional branch back, and no other is taken.
        But at the start where there are many ways back.
        """
        graph = self.graph
        found = order(graph)
        ways: Counter[int] = Counter()
        back: dict[int, set[int]] = {}
        for number in found.sequence:
            later = {to for to in graph.successors(number) if found.rank[to] <= found.rank[number]}
            if later:
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
        for number, later in back.items():
            node = graph.nodes[number]
            later = {to for to in later if id(graph.nodes[to].body) not in starts}
            if not later or id(node.body) in done:
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


def _address(label: Value | int) -> Value:
    """Where a node is: the address of its code, or GOAL."""
    return label if isinstance(label, Value) else const(I64, label)


def functions(
    regions: Sequence[Region],
    lifted: Sequence[Mapping[int, list[Lifted]]],
    policy: Policy,
    unit: int,
    clock: Clock,
) -> tuple[list[Function], list[str]]:
    """The functions of regions that call one another, in the unit that is made for an address: first one for
    each, in order, then the outer ones of inner ones; and the name of each region's in the table."""
    called = _called(regions)
    callees = {r.entry: Summary(f"at_{r.entry:x}") for r in regions if r.entry in called}
    made = [
        _Function(region, ops, callees.get(region.entry), callees, policy, unit)
        for region, ops in zip(regions, lifted, strict=True)
    ]
    flows = [function.flow(clock) for function in made]
    settle(flows)
    clock.done("opt")
    out: list[Function] = []
    outer: list[Function] = []
    names: list[str] = []
    for region, function, flow in zip(regions, made, flows, strict=True):
        name = f"at_{region.entry:x}"
        out.append(function.build(name, flow, clock))
        names.append(name if function.own is None else f"{name}_entry")
        if function.own is not None:
            outer.append(entry(function.own, region.entry, names[-1]))
    return [*out, *outer], names


def _called(regions: Collection[Region]) -> set[int]:
    """What the regions call, as far as was seen."""
    found: set[int] = set()
    for region in regions:
        for block in region.blocks.values():
            op = block.ops[-1]
            if kind(op) == CALL:
                found.update([op.disp & M64] if is_direct(op) else region.edges.get(op.pc, ()))
    return found
