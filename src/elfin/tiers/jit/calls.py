"""Guest calls: jumps to functions of the unit, and Wasm calls of others.

Input:  the writer of a block that ends in CALL; a graph, for what an indirect call may reach.
Output: statements and events; the ending of the block.

A function of the unit is in line, or the call jumps to it (`landing.py`).  Others are called through the table,
everything goes to them through memory, and when one comes back to just the return address, control goes on behind the
call; else it is tried in a nested run, or passed up: each caller leaves, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elfin import layout
from elfin.bits import M32
from elfin.codegen import state
from elfin.codegen.locals import BIT, HOMES
from elfin.ir.stmt import Group, If, Return, Set, Stmt
from elfin.ir.types import I1, I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.layout import SPREAD
from elfin.runtime.translated import CONTINUE, MISSED, RETURNED
from elfin.structure.graph import Ending, Goto, Node
from elfin.tiers.interp.nested import RESUME
from elfin.tiers.interp.translated import TRANSLATED
from elfin.tiers.jit.block import Writer
from elfin.tiers.jit.body import Body
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.dispatch import GOAL, Chooser, note_missed
from elfin.tiers.jit.events import Call, Event, Exit, Read
from elfin.tiers.jit.frame import FUEL, LEFT, leave

CALLED = local(I32, "called")
ENTRY = local(I32, "entry")
KEPT = local(I64, "kept")  # RSP before a call
# What an entry begins with: a handler, and 32 bits on the address.
PC_BITS = 8 * (layout.ENTRY_PC - layout.ENTRY_HANDLER)
HEAD = M32 << PC_BITS | 0xFFFF


def call(
    body: Body,
    writer: Writer,
    target: Value,
    op: Op,
    behind: int,
    inlined: Mapping[int, int],
    callees: Sequence[int],
) -> Ending:
    """Call the target's function, if it has one, else leave to it.  `behind`: the node where to go on;
    `inlined`: nodes that stand in place of calls, by address; `callees`: functions to which it jumps."""
    writer.addresses.lost()
    writer.normal = set()
    if target.op == "const":
        if target.imm in inlined:
            if not body.landing.returns:
                # The callee has just read the return address there.
                writer.addresses.near_checked(layout.RSP)
            return Goto(inlined[target.imm])
        if target.imm in callees:
            return Goto(body.landing.call(op.pc, target.imm))
        body.nests = True
        _by_table(body, writer.out, writer.events, target, op.pc, op.next)
        return Goto(behind)
    body.nests = True
    writer.out.append(Set(GOAL, target))
    ways = {**inlined, **{pc: body.landing.call(op.pc, pc) for pc in callees}}
    if not ways:
        _by_table(body, writer.out, writer.events, GOAL, op.pc, op.next)
        return Goto(behind)
    often = [pc for pc in body.edges.get(op.pc, ()) if pc in ways]  # the most frequent first
    events: list[Event] = []
    otherwise = Node(ending=Goto(behind), label=GOAL, note=events)
    _by_table(body, otherwise.body, events, GOAL, op.pc, op.next)
    return Chooser(body.graph, ways, body.graph.add(otherwise)).ending(often)


def call_rest(body: Body, out: list[Stmt], events: list[Event], pc: int, back: int) -> None:
    """What is in line in place of a call goes on at `pc`, until it returns to `back`."""
    body.nests = True
    _by_table(body, out, events, const(I64, pc), pc, back)


def _by_table(
    body: Body, out: list[Stmt], events: list[Event], target: Value, site: int, back: int
) -> None:
    """The function of an address that the unit may not have: what `core.cache.translated_index` finds, in
    line."""
    slot = ((target.trunc(I32) * SPREAD) >> (32 - layout.HASH_BITS)) << 2
    head = state.raw_load(I64, ENTRY, layout.ENTRY_HANDLER) & HEAD
    if target.op == "const":
        is_there = target.imm >> 32 == 0
        known = head.eq(target.imm << PC_BITS | TRANSLATED) if is_there else const(I1, 0)
    else:
        known = head.eq((target << PC_BITS) + TRANSLATED) & (target >> 32).eq(0)
    index = state.raw_load(I32, ENTRY, layout.ENTRY_IMM)
    unknown: list[Stmt] = [state.store(layout.RIP, target)]
    if target.op == "const":
        unknown.append(Set(CALLED, const(I32, CONTINUE)))
    else:
        unknown += [note_missed(site, body.unit), Set(CALLED, const(I32, MISSED))]
    event = Call()
    keeps = body.policy.paged
    events += [*([Read(BIT[layout.RSP])] * keeps), event]
    gone = (state.read(I64, layout.RIP) ^ back) | CALLED.zext(I64) | (FUEL >> 63)
    out += [
        body.wild.check(),
        Set(ENTRY, state.raw_load(I32, slot, layout.HASH)),
        *([Set(KEPT, HOMES[layout.RSP])] * keeps),
        Group("spill", event.before),
        state.store(layout.FUEL, LEFT - body.weight),
        state.store(layout.EXPECTED, const(I64, back)),
        If(known.eq(0), unknown, [Set(CALLED, make("call_indirect", I32, index))], rare=True),
        If(gone.ne(0), _resume(body, back), rare=True),
        Group("reload", event.behind),
        Set(LEFT, FUEL + body.weight),
        body.floats.come_back([Return((const(I32, CONTINUE),))]),
    ]
    if keeps:
        out.append(_on_the_same_stack(back, events))


def _resume(body: Body, back: int) -> list[Stmt]:
    """A callee has come back with CALLED, not to where control goes on: try to go on there all the same.  All
    state is in memory, before and behind."""
    resumed = make("call", I32, const(I64, back), CALLED, LEFT - body.weight, imm=RESUME.name)
    return [Set(CALLED, resumed), If(CALLED.ne(RETURNED), [Return((CALLED,))])]


def _on_the_same_stack(back: int, events: list[Event]) -> Stmt:
    """Leave if RSP is not what it was before the call: what was looked at of the stack is known behind it, too."""
    away = leave(back)
    events += [Read(BIT[layout.RSP]), Exit(away, returns=True)]
    return Group("kept", [If(HOMES[layout.RSP].ne(KEPT + 8), away, rare=True)])
