"""A region's code in the graph of a function: a node for each block.

Input:  a `Part`, the `Body` of its function, and what is known where it starts.
Output: nodes with statements, events and endings; its calls with what is inlined in their place.
"""

from __future__ import annotations

from elfin.codegen.locals import FLAGS
from elfin.ir.stmt import Branch, Group, If, Jump, Set, Stmt
from elfin.ir.types import I64
from elfin.ir.value import Value, const
from elfin.structure.graph import Choose, End, Ending, Goto, Node
from elfin.tiers.jit.access import Addresses
from elfin.tiers.jit.block import Writer
from elfin.tiers.jit.body import Body
from elfin.tiers.jit.calls import call, call_rest
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.dispatch import GOAL, Dispatch, missed
from elfin.tiers.jit.events import Call, Event, Exit
from elfin.tiers.jit.float_calls import lasting
from elfin.tiers.jit.frame import EXPECTED, leave, spend
from elfin.tiers.jit.inlining import Part
from elfin.tiers.jit.region import CALL, RETURN, Block, kind

Flags = dict[int, Value]  # by slot: the condition that a flag was set to
Known = tuple[Addresses, set[Value], Flags]  # addresses, registers that hold normal numbers, flags


class PartWriter:
    """`behind`: the node where it returns to, if it stands in place of a call."""

    def __init__(self, body: Body, part: Part, start: Known, behind: int = -1) -> None:
        self.body = body
        self.part = part
        self.start = start
        self.behind = behind
        self.region = part.region
        self.numbers = {pc: body.graph.add(Node(label=pc)) for pc in self.region.blocks}
        self.entry = self.numbers[self.region.entry]
        odd = None if body.policy.exact else self._refuse_odd
        self.dispatch = Dispatch(body.graph, self.region, self.numbers, body.unit, odd)
        self.before = self.region.only_predecessors()
        self.done: dict[int, Known] = {}  # what is known at the ends of blocks
        self.jumps = False  # some call in here jumps to a function of the unit
        for pc in self.region.blocks:
            for each in self._line(pc):
                self._block(each)

    def _line(self, pc: int) -> list[int]:
        """The block at an address, and before it those that it only can come behind; what is not done yet."""
        line: dict[int, None] = {}
        while pc not in self.done and pc not in line:
            line[pc] = None
            pc = self.before.get(pc, pc)
        return [*reversed(line)]

    def _block(self, pc: int) -> None:
        addresses, normal, flags = Addresses(), set[Value](), Flags()
        if self.before.get(pc) in self.done:
            addresses, normal, flags = self.done[self.before[pc]]
            addresses, normal, flags = addresses.follow(), lasting(normal), {**flags}
        elif pc == self.region.entry and not self.region.is_loop():
            addresses, normal, _ = self.start
        block = self.region.blocks[pc]
        node = self.body.graph.nodes[self.numbers[block.pc]]
        *inside, last = block.ops
        count = len(block.ops) - block.step
        writer = Writer(
            registers=self.body.registers,
            exact=self.body.policy.exact,
            wild=self.body.wild,
            out=node.body,
            events=node.note,
            addresses=addresses,
            floats=self.body.floats,
            normal=normal,
            flags=flags,
            careful=self.body.policy.careful,
            rewrites=self.body.policy.rewrites,
        )
        lifted = self.part.lifted[pc]
        for op, known in zip(inside, lifted, strict=False):
            writer.add(op, known)
        if block.step:
            writer.out += writer.step(last)
            writer.events[-1] = Exit(writer.out)  # it may read any flag
        else:
            if kind(last) == RETURN:
                writer.unchecked = self.part.back is not None or self.body.landing.returns
            elif last.pc in self.dispatch.targets:
                writer.unchecked = True
            writer.add(last, lifted[-1])
            writer.settle()
            writer.out.append(spend(count))  # last, so that it is not kept beside the old
            node.ending = self._ending(block, writer)
        flags = {} if kind(last) == CALL else writer.flags
        self.done[pc] = addresses, writer.finish(), flags

    def _ending(self, block: Block, writer: Writer) -> Ending:
        last = block.ops[-1]
        match writer.ending:
            case Branch(when, target):
                ways = self._way(last, target.imm), self._way(last, block.next)
                return Choose(writer.condition(when), *ways)
            case Jump(target) if kind(last) == CALL:
                return self._call(writer, writer.value(target), last)
            case Jump(target) if target.op == "const":
                return Goto(self._node(target.imm))
            case Jump(target) if kind(last) == RETURN:
                return self._return(writer, writer.value(target))
            case Jump(target):
                writer.out.append(Set(GOAL, writer.value(target)))
                if last.pc in self.dispatch.targets:
                    return self.dispatch.ending(last.pc, writer.out)
                if self.region.is_cut(last):
                    writer.out += leave(GOAL)
                else:
                    writer.out += missed(GOAL, last.pc, self.body.unit)
                writer.events.append(Exit(writer.out))
                return End()
        return Goto(self._node(block.next))

    def _way(self, branch: Op, pc: int) -> int:
        """The node of an address that a branch goes to; where it never went so far that is told."""
        region = self.region
        if pc in self.numbers or any(
            pc in known for known in (region.ends, region.cut, region.tails)
        ):
            return self._node(pc)
        body = missed(const(I64, pc), branch.pc, self.body.unit)
        return self.body.graph.add(Node(body, label=pc, note=[Exit(body)]))

    def _node(self, pc: int) -> int:
        """The node of an address; outside the region it is one that leaves."""
        found = self.numbers.get(pc)
        if found is None:
            found = self.numbers[pc] = self.body.graph.add(self._outside(pc))
        return found

    def _outside(self, pc: int) -> Node:
        if pc in self.region.tails:
            assert self.part.back is not None
            node = Node(ending=Goto(self.behind), label=pc)
            call_rest(self.body, node.body, node.note, pc, self.part.back)
            return node
        body = leave(pc)
        return Node(body, label=pc, note=[Exit(body)])

    def _call(self, writer: Writer, target: Value, op: Op) -> Ending:
        known = writer.addresses, writer.finish()
        behind = self._node(op.next)
        ways = {}
        jumps = False
        for (at, to), part in self.part.inlined.items():
            if at == op.pc:
                start = known[0].follow(), lasting(known[1]), Flags()
                inner = PartWriter(self.body, part, start, behind)
                ways[to] = inner.entry
                jumps |= inner.jumps  # what comes back there may return from another copy
        starts = self.body.landing.starts
        callees = [to for to in self.part.targets(op) if to in starts and to not in ways]
        if callees or jumps:
            self.jumps = True
            if op.next in self.region.blocks:
                self.body.landing.behind.setdefault(op.next, behind)
        return call(self.body, writer, target, op, behind, ways, callees)

    def _return(self, writer: Writer, to: Value) -> Ending:
        """In place of a call: to behind it.  Else to where who has entered the function goes on, or wherever
        GOAL says."""
        graph, landing, back = self.body.graph, self.body.landing, self.part.back
        if back is None and not landing.returns:
            writer.leave(to)
            return End()
        writer.out.append(Set(GOAL, to))
        if back is None:
            self._store_flags(writer.out, writer.events)
            body = leave(GOAL)
            away = graph.add(Node(body, label=GOAL, note=[Exit(body)]))
            return Choose(GOAL.ne(EXPECTED), landing.hub, away)
        if not landing.returns:
            return Choose(GOAL.ne(back), self.elsewhere(), self.behind)
        body, events = list[Stmt](), list[Event]()
        self._store_flags(body, events)
        others = graph.add(Node(body, Goto(landing.hub), label=GOAL, note=events))
        return Choose(GOAL.ne(back), others, self.behind)

    def _store_flags(self, out: list[Stmt], events: list[Event]) -> None:
        """Hardly anybody to whom is returned reads them: so none keeps them up."""
        event = Call(FLAGS, 0)
        events.append(event)
        out.append(Group("spill", event.before))

    def elsewhere(self) -> int:
        """A node that leaves to GOAL, which is nothing of the function's."""
        body = leave(GOAL)
        if not self.body.policy.exact:  # else that was looked at before
            body.insert(0, self._refuse_odd())
        return self.body.graph.add(Node(body, label=GOAL, note=[Exit(body)]))

    def _refuse_odd(self) -> Stmt:
        """GOAL is not an address that could be executed."""
        odd = (GOAL << 16).ashr(16).ne(GOAL)
        return If(odd, self.body.wild.refuse(), rare=True)
