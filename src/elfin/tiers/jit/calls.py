"""Guest calls and returns of a region as Wasm calls and returns.

Input:  the writer of a block that ends in CALL or RET; a graph, for what an indirect call may reach.
Output: statements and events by the ABI of `frame.py`; the ending of the block.

A guest CALL becomes a Wasm call: the return address is pushed as the guest does, and when the function comes
back to just that address, control goes on behind the call.  Anything else is passed up: each caller leaves
too.  Registers go in locals to functions of the same unit and through memory to others.
"""

from __future__ import annotations

from collections.abc import Mapping

from elfin import layout
from elfin.bits import M32
from elfin.codegen import state
from elfin.codegen.locals import BIT, HOMES
from elfin.ir.stmt import Effect, Group, If, Jump, Put, Return, Set, Stmt
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
from elfin.tiers.jit.events import Call, Event, Exit, Invoke, Read, Ret, Summary
from elfin.tiers.jit.frame import (
    BACK,
    EXPECTED,
    FUEL,
    GONE,
    LEFT,
    STATUS,
    leave,
    leave_called,
    spend,
)

CALLED = local(I32, "called")
ENTRY = local(I32, "entry")
KEPT = local(I64, "kept")  # RSP before a call
# What an entry begins with: a handler, and 32 bits on the address.
PC_BITS = 8 * (layout.ENTRY_PC - layout.ENTRY_HANDLER)
HEAD = M32 << PC_BITS | 0xFFFF


def call(
    body: Body, writer: Writer, target: Value, op: Op, behind: int, inlined: Mapping[int, int]
) -> Ending:
    """Call the target's function, if it has one, else leave to it.  `behind`: the node where to go on;
    `inlined`: nodes that stand in place of calls, by address."""
    writer.addresses.lost()
    writer.normal = set()
    if target.op == "const":
        if target.imm in inlined or target.imm in body.callees:
            # The callee has just read the return address there.
            writer.addresses.near_checked(layout.RSP)
        if target.imm in inlined:
            return Goto(inlined[target.imm])
        body.nests = True
        if target.imm in body.callees:
            _invoke(body, writer.out, writer.events, body.callees[target.imm], op.next)
        else:
            _by_table(body, writer.out, writer.events, target, op.pc, op.next)
        return Goto(behind)
    body.nests = True
    writer.out.append(Set(GOAL, target))
    seen = [pc for pc in body.edges.get(op.pc, ()) if pc in inlined or pc in body.callees]
    if not seen:
        _by_table(body, writer.out, writer.events, GOAL, op.pc, op.next)
        return Goto(behind)
    ways = {pc: inlined[pc] if pc in inlined else _called_at(body, pc, op, behind) for pc in seen}
    events: list[Event] = []
    otherwise = Node(ending=Goto(behind), label=GOAL, note=events)
    _by_table(body, otherwise.body, events, GOAL, op.pc, op.next)
    return Chooser(body.graph, ways, body.graph.add(otherwise)).ending(seen)


def _called_at(body: Body, pc: int, op: Op, behind: int) -> int:
    """A node that calls a function of the unit."""
    node = Node(ending=Goto(behind), label=pc)
    _invoke(body, node.body, node.note, body.callees[pc], op.next)
    return body.graph.add(node)


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
        If(known.eq(0), unknown, [Set(CALLED, make("call_indirect", I32, index))], rare=True),
        If(gone.ne(0), _resume(body, back, CALLED), rare=True),
        Group("reload", event.behind),
        Set(LEFT, FUEL + body.weight),
        body.floats.come_back(_leave_called(body, const(I32, CONTINUE))),
    ]
    if keeps:
        out.append(_on_the_same_stack(back, events))


def _resume(body: Body, back: int, result: Value) -> list[Stmt]:
    """A callee has come back with `result`, not to where control goes on: try to go on there all the same.  All
    state is in memory, before and behind."""
    resumed = make("call", I32, const(I64, back), result, LEFT - body.weight, imm=RESUME.name)
    return [Set(CALLED, resumed), If(CALLED.ne(RETURNED), _leave_called(body, CALLED))]


def _leave_called(body: Body, result: Value) -> list[Stmt]:
    return leave_called(result) if body.inner else [Return((result,))]


def give_back(body: Body, writer: Writer, effects: list[Effect]) -> None:
    """In the middle of a RET: return to the caller if it expects that, else go on."""
    writer.settle()
    event = Ret(0)
    back: list[Stmt] = [spend(writer.count)]
    when = const(I1, 0)
    for effect in effects:
        match effect:
            case Put(slot, value):
                for register, statement in body.registers.write(slot, writer.value(value)):
                    event.written |= register
                    back.append(statement)
            case Jump(target):
                when = writer.value(target).eq(EXPECTED)
    writer.out.append(body.wild.check())
    writer.out.append(If(when, [*back, Group("return", event.body)]))
    writer.events.append(event)


def _invoke(body: Body, out: list[Stmt], events: list[Event], callee: Summary, back: int) -> None:
    event = Invoke(callee, back, body.weight)
    came = Group("results", event.results)
    gone: list[Stmt] = [Group("up", event.up)]
    if not body.inner:
        # Nobody else has registers in locals.
        gone += [
            body.wild.check(),
            *_resume(body, back, STATUS),
            Set(LEFT, FUEL + body.weight),
            body.floats.come_back(_leave_called(body, const(I32, CONTINUE))),
            Group("again", event.again),
        ]
    if body.policy.paged:
        events.append(Read(BIT[layout.RSP]))
        out.append(Set(KEPT, HOMES[layout.RSP]))
    spent: list[Stmt] = [came, *leave(back)]
    events += [event, Exit(spent, returns=True)]
    out += [
        Group("spill", event.before),
        Group("call", event.call),
        If(BACK.lts(0), [If(BACK.eq(GONE), gone, spent)], [came], rare=True),
        Group("reload", event.behind),
    ]
    if body.policy.paged:
        out.append(_on_the_same_stack(back, events))


def _on_the_same_stack(back: int, events: list[Event]) -> Stmt:
    """Leave if RSP is not what it was before the call: what was looked at of the stack is known behind it, too."""
    away = leave(back)
    events += [Read(BIT[layout.RSP]), Exit(away, returns=True)]
    return Group("kept", [If(HOMES[layout.RSP].ne(KEPT + 8), away, rare=True)])
