"""A region -> one Wasm function.

Input:  a `Region`, its lifted instructions, and which guest addresses have a function that can be called (`callees`).
Output: `ir.stmt.Function` `() -> i32` by the ABI of `frame.py`.

A guest CALL becomes a Wasm call: the return address is pushed as the guest does, registers go through
memory, and when the function comes back with CONTINUE at just that address, control goes on behind the
call.  Anything else is passed up: no guest state lives in the Wasm stack but the code position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from elfin import layout
from elfin.codegen import state
from elfin.codegen.locals import Registers
from elfin.codegen.state import BASE
from elfin.ir.stmt import Block as Statements
from elfin.ir.stmt import Branch, Function, If, Jump, Return, Set, Stmt, Switch
from elfin.ir.types import I16, I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.runtime.translated import CONTINUE
from elfin.structure.graph import Choose, End, Ending, Goto, Graph, Node, redirected
from elfin.structure.nest import separate_nests
from elfin.structure.order import order
from elfin.structure.reduce import make_reducible
from elfin.structure.tree import structure
from elfin.tiers.interp.translated import SPREAD, TRANSLATED
from elfin.tiers.jit.access import Addresses
from elfin.tiers.jit.block import Writer
from elfin.tiers.jit.clock import Clock
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.dispatch import FEW, GOAL, Dispatch, Spread, missed
from elfin.tiers.jit.floats import Floats
from elfin.tiers.jit.flow import Call, Event, Exit, Flow
from elfin.tiers.jit.frame import BUDGET, GIVE_BUDGET, LEFT, TAKE_BUDGET, frame, leave
from elfin.tiers.jit.inline import lasting
from elfin.tiers.jit.lifted import Lifted
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.region import CALL, RETURN, Block, Region, kind
from elfin.tiers.jit.scalars import scalars
from elfin.tiers.jit.wild import Wild

DEPTH = state.raw_load(I32, BASE, layout.STATE + layout.DEPTH)
CALLED = local(I32, "called")
ENTRY = local(I32, "entry")
SPENT = LEFT.lts(0)
MANY_BACK = 1  # ways back to a loop's start; from there on the budget is looked at there


class _Function:
    def __init__(
        self,
        region: Region,
        lifted: Mapping[int, list[Lifted]],
        callees: Mapping[int, str],
        policy: Policy,
        unit: int,
    ) -> None:
        self.unit = unit
        self.policy = policy
        self.region = region
        self.lifted = lifted
        self.callees = callees
        self.registers = Registers(scalars(region))
        self.graph = Graph()
        self.numbers: dict[int, int] = {}
        self.floats = Floats(policy.sticky)
        self.wild = Wild()
        self.dispatch: Dispatch
        self.before: dict[int, int] = {}
        # What is known at the ends of blocks: addresses, and registers that hold normal numbers.
        self.done: dict[int, tuple[Addresses, set[Value]]] = {}

    def build(self, name: str, clock: Clock) -> Function:
        self.graph.add(Node(note=[]))  # the function's entry, so that no loop goes through node 0
        for pc in self.region.blocks:
            self.numbers[pc] = self.graph.add(Node(label=pc, note=[]))
        self.graph.nodes[0].ending = Goto(self.numbers[self.region.entry])
        self.dispatch = Dispatch(self.graph, self.region, self.numbers, self.unit)
        self.before = self.region.only_predecessors()
        for pc in self.region.blocks:
            self._block(pc)
        self.wild.finish()
        clock.done("lift")
        make_reducible(self.graph)
        separate_nests(self.graph)
        for node in self.graph.nodes:
            node.note = [] if node.note is None else node.note
        self._loop_checks()
        flow = Flow(self.graph, order(self.graph))
        clock.done("structure")
        needed = flow.finish()
        clock.done("opt")
        body = frame(needed, structure(self.graph), flow.exits, self.wild)
        body = [*self.floats.finish(self.region.entry), *body]
        clock.done("structure")
        return Function(name, (), (I32,), body)

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
        )
        lifted = self.lifted[pc]
        for op, known in zip(inside, lifted, strict=False):
            writer.add(op, known)
        if block.step:
            writer.out += writer.step(last)
            writer.events[-1] = Exit(writer.out)  # it may read any flag
        else:
            writer.add(last, lifted[-1])
            writer.settle()
            writer.out.append(
                Set(LEFT, LEFT - count)
            )  # last, so that it is not kept beside the old
            node.ending = self._ending(block, writer)
        self.done[pc] = addresses, writer.normal

    def _ending(self, block: Block, writer: Writer) -> Ending:
        last = block.ops[-1]
        match writer.ending:
            case Branch(when, target):
                return Choose(
                    writer.condition(when), self._node(target.imm), self._node(block.next)
                )
            case Jump(target) if kind(last) == CALL:
                self._call(writer, writer.value(target), last)
                return Goto(self._node(last.next))
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

    def _node(self, pc: int) -> int:
        """The node of an address; outside the region it is one that leaves."""
        found = self.numbers.get(pc)
        if found is None:
            body = leave(pc)
            found = self.numbers[pc] = self.graph.add(Node(body, label=pc, note=[Exit(body)]))
        return found

    def _call(self, writer: Writer, target: Value, op: Op) -> None:
        """Call the target's function, if it has one; else leave to it."""
        deep = const(I32, layout.DEPTH_LIMIT).leu(DEPTH)
        if target.op != "const":
            writer.out.append(Set(GOAL, target))
            target = GOAL
        writer.out.append(self._leave_if(writer, deep, target))
        writer.out.append(self.wild.check())
        writer.addresses.lost()
        writer.normal = set()
        event = Call()
        writer.events.append(event)
        writer.out += [
            Statements("spill", event.before),
            GIVE_BUDGET,
            state.store(layout.DEPTH, DEPTH + 1),
            *self._function_called(writer, target, op),
            state.store(layout.DEPTH, DEPTH - 1),
            If(
                CALLED.ne(CONTINUE) | state.read(I64, layout.RIP).ne(op.next) | BUDGET.les(0),
                [Return((CALLED,))],
                rare=True,
            ),
            Statements("reload", event.behind),
            TAKE_BUDGET,
            self.floats.come_back(),
        ]

    def _function_called(self, writer: Writer, target: Value, op: Op) -> list[Stmt]:
        """CALLED becomes what the target's function returns.  Registers are in memory."""
        if target.op == "const":
            callee = self.callees.get(target.imm)
            return self._call_by_table(writer, target, op) if callee is None else [_call(callee)]
        seen = [pc for pc in self.region.edges.get(op.pc, ()) if pc in self.callees]
        otherwise = self._call_by_table(writer, target, op)
        if len(seen) <= FEW:
            return self._call_one(seen, otherwise)
        spread = Spread(seen)
        rows = [self._call_one(row, otherwise) if row else otherwise for row in spread.rows]
        return [Switch(spread.index, rows, otherwise)]

    def _call_one(self, seen: list[int], otherwise: list[Stmt]) -> list[Stmt]:
        """The one of these that GOAL is."""
        for pc in reversed(seen):
            otherwise = [If(GOAL.eq(pc), [_call(self.callees[pc])], otherwise)]
        return otherwise

    def _call_by_table(self, writer: Writer, target: Value, op: Op) -> list[Stmt]:
        """What `core.cache.translated_index` finds, in line."""
        slot = ((target.trunc(I32) * SPREAD) >> (32 - layout.HASH_BITS)) << 2
        known = state.raw_load(I32, ENTRY, layout.ENTRY_PC).zext(I64).eq(target)
        handler = state.raw_load(I16, ENTRY, layout.ENTRY_HANDLER).zext(I32)
        body = [
            state.store(layout.DEPTH, DEPTH - 1),
            *(leave(target) if target.op == "const" else missed(target, op.pc, self.unit)),
        ]
        writer.events.append(Exit(body))
        index = state.raw_load(I32, ENTRY, layout.ENTRY_IMM)
        return [
            Set(ENTRY, state.raw_load(I32, slot, layout.HASH)),
            If((known & handler.eq(TRANSLATED)).eq(0), body, rare=True),
            Set(CALLED, make("call_indirect", I32, index)),
        ]

    def _leave_if(self, writer: Writer, when: Value, target: Value) -> Stmt:
        body = leave(target)
        writer.events.append(Exit(body))
        return If(when, body, rare=True)

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


def _call(callee: str) -> Stmt:
    return Set(CALLED, make("call", I32, imm=callee))


def function(
    region: Region,
    lifted: Mapping[int, list[Lifted]],
    name: str,
    callees: Mapping[int, str],
    policy: Policy,
    unit: int,
    clock: Clock,
) -> Function:
    """The region's function; `lifted` are its blocks' instructions, `unit` is the address that its unit is made for."""
    return _Function(region, lifted, callees, policy, unit).build(name, clock)
