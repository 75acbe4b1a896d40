"""A region -> one Wasm function.

Input:  a `Region`, and which guest addresses have a function that can be called (`callees`).
Output: `ir.stmt.Function` `() -> i32` by the ABI of `frame.py`.

A guest CALL becomes a Wasm call: the return address is pushed as the guest does, registers go through
memory, and when the function comes back with CONTINUE at just that address, control goes on behind the
call.  Anything else is passed up: no guest state lives in the Wasm stack but the code position.
"""

from __future__ import annotations

from collections.abc import Mapping

from elfin import layout
from elfin.codegen import state
from elfin.codegen.locals import Registers
from elfin.codegen.state import BASE
from elfin.ir.stmt import Block as Label
from elfin.ir.stmt import Branch, Function, If, Jump, Let, Return, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.runtime.translated import CONTINUE
from elfin.structure.graph import Choose, End, Goto, Graph, Node, redirected
from elfin.structure.order import order
from elfin.structure.tree import structure
from elfin.tiers.interp.translated import TRANSLATED
from elfin.tiers.jit.block import Writer
from elfin.tiers.jit.frame import EXIT, LEFT, RESULT, RIP, leave
from elfin.tiers.jit.region import CALL, Block, Region, kind

BUDGET = state.raw_load(I32, BASE, layout.STATE + layout.BUDGET)
DEPTH = state.raw_load(I32, BASE, layout.STATE + layout.DEPTH)
CALLED = local(I32, "called")
INDEX = local(I32, "index")


class _Function:
    def __init__(self, region: Region, callees: Mapping[int, str], exact: bool) -> None:
        self.exact = exact
        self.region = region
        self.callees = callees
        self.registers = Registers()
        self.graph = Graph()
        self.numbers: dict[int, int] = {}

    def build(self, name: str) -> Function:
        self.graph.add(Node())  # the function's entry, so that no loop goes through node 0
        for pc in self.region.blocks:
            self.numbers[pc] = self.graph.add(Node())
        self.graph.nodes[0].ending = Goto(self.numbers[self.region.entry])
        for block in self.region.blocks.values():
            self._block(block)
        self._loop_checks()
        tree = structure(self.graph)
        self.registers.finish()
        body: list[Stmt] = [
            *self.registers.load_all(),
            Set(LEFT, BUDGET),
            Label(EXIT, tree),
            *self.registers.store_written(),
            state.store(layout.RIP, RIP),
            state.store(layout.BUDGET, LEFT),
            Return((RESULT,)),
        ]
        return Function(name, (), (I32,), body)

    def _block(self, block: Block) -> None:
        node = self.graph.nodes[self.numbers[block.pc]]
        *inside, last = block.ops
        count = len(block.ops) - block.step
        writer = Writer(self.registers, count, self.exact)
        if count:
            writer.out.append(Set(LEFT, LEFT - count))
        for op in inside:
            writer.add(op)
        if block.step:
            writer.out += writer.step(last)
        else:
            writer.add(last)
            node.ending = self._ending(block, writer)
        node.body = writer.out

    def _ending(self, block: Block, writer: Writer) -> End | Goto | Choose:
        last = block.ops[-1]
        match writer.ending:
            case Branch(when, target):
                return Choose(
                    writer.condition(when), self._node(target.imm), self._node(block.next)
                )
            case Jump(target) if kind(last) == CALL:
                self._call(writer, writer.value(target), last.next)
                return Goto(self._node(last.next))
            case Jump(target) if target.op == "const":
                return Goto(self._node(target.imm))
            case Jump(target):
                writer.out += leave(writer.value(target))
                return End()
        return Goto(self._node(block.next))

    def _node(self, pc: int) -> int:
        """The node of an address; outside the region it is one that leaves."""
        found = self.numbers.get(pc)
        if found is None:
            found = self.numbers[pc] = self.graph.add(Node(list(leave(pc))))
        return found

    def _call(self, writer: Writer, target: Value, back: int) -> None:
        """Call the target's function, if it has one; else leave to it."""
        callee = self.callees.get(target.imm) if target.op == "const" else None
        known = make("call", I32, target, const(I32, TRANSLATED), imm="translated_index")
        if callee is None:
            writer.out += [Let(INDEX, known), If(INDEX.eq(0), leave(target))]
            call = make("call_indirect", I32, INDEX - 1)
        else:
            call = make("call", I32, imm=callee)
        writer.out += [
            If(const(I32, layout.DEPTH_LIMIT).leu(DEPTH), leave(target)),
            self.registers.spill(),
            state.store(layout.BUDGET, LEFT),
            state.store(layout.DEPTH, DEPTH + 1),
            Let(CALLED, call),
            state.store(layout.DEPTH, DEPTH - 1),
            If(
                CALLED.ne(CONTINUE) | state.read(I64, layout.RIP).ne(back) | BUDGET.les(0),
                [Return((CALLED,))],
            ),
            self.registers.reload(),
            Set(LEFT, BUDGET),
        ]

    def _loop_checks(self) -> None:
        """Each way back to a loop's start leaves when the budget is spent.

        It does so before the start, so that what leaving needs is not needed in the loop.
        """
        found = order(self.graph)
        by_number = {number: pc for pc, number in self.numbers.items()}
        for number in found.sequence:
            for to in {*self.graph.successors(number)}:
                if found.rank[to] <= found.rank[number]:
                    check: list[Stmt] = [If(LEFT.les(0), leave(by_number[to]))]
                    node = self.graph.nodes[number]
                    way = self.graph.add(Node(check, Goto(to)))
                    node.ending = redirected(node.ending, {to: way})


def function(region: Region, name: str, callees: Mapping[int, str], exact: bool) -> Function:
    """The region's function; `exact`: see `block.Writer`."""
    return _Function(region, callees, exact).build(name)
