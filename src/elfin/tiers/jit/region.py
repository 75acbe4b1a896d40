"""A region: the code reachable from a hot entry by jumps, as basic blocks.

Input:  an entry address, a reader of decoded instructions, and the ways that indirect jumps took so far.
Output: `Region`: blocks by address.  What leaves it: calls (they come back to the next block), indirect
        jumps to where they never went, returns, instructions that only the interpreter executes, branches
        never taken so far, and the size limit.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Final

from elfin import config, layout
from elfin.core import functions as core
from elfin.decode.variant import Variant
from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put, PutAt, Raise
from elfin.ir.value import TRUE, Value
from elfin.records import dataclass, field
from elfin.tiers.jit import lifted
from elfin.tiers.jit.code import NO_EDGES, Edges, Op

# How control goes on behind an instruction; the last is for the interpreter.
LINE: Final = "line"
CALL: Final = "call"
RETURN: Final = "ret"
BRANCH: Final = "branch"
JUMP: Final = "jump"
COMPUTED: Final = "computed jump"
RAISE: Final = "raise"
LEAVE: Final = "leave"
LESS: Final = 8  # times: what an outer loop is taken less than an inner one


@dataclass(slots=True)
class Block:
    """Instructions in line.  `next` is the address behind them where control may go on in line, or
    None; `step`: the last one is for the interpreter."""

    pc: int
    ops: list[Op] = field(default_factory=list)
    step: bool = False

    @property
    def next(self) -> int:
        return self.ops[-1].next if self.ops else self.pc


@dataclass(slots=True)
class Region:
    """`full`: it lacks what was beyond the size limit; `ends`: where it does not go, as others do; `doors`: where it
    can be entered beside, and an indirect jump that leads there (`doors.py`); `tails`: if it is the `head` of a
    function, where that seldom goes on; `starts`: if it is several functions, where they begin, and
    `cut`: where some go no further because they are `full`."""

    entry: int
    blocks: dict[int, Block] = field(default_factory=dict)
    edges: Edges = field(default_factory=dict)
    full: bool = False
    ends: Container[int] = ()
    doors: Mapping[int, int] = field(default_factory=dict)
    tails: frozenset[int] = frozenset()
    starts: tuple[int, ...] = ()
    cut: frozenset[int] = frozenset()

    @property
    def size(self) -> int:
        """How many instructions it has."""
        return sum(len(block.ops) for block in self.blocks.values())

    def indirect_jumps(self) -> list[Op]:
        """Those that go to blocks of the region."""
        last = [block.ops[-1] for block in self.blocks.values()]
        return [op for op in last if is_indirect(op) and self.targets(op)]

    @property
    def ways_in(self) -> tuple[int, ...]:
        """Where it can be entered, but for what is behind its calls."""
        return self.entry, *self.starts, *self.doors

    def is_cut(self, op: Op) -> bool:
        """Was an indirect jump seen to go to where others go on?"""
        return any(pc in self.ends for pc in self.edges.get(op.pc, ()))

    def targets(self, op: Op) -> list[int]:
        """Where in the region an indirect jump goes, as far as was seen."""
        return [pc for pc in self.edges.get(op.pc, ()) if pc in self.blocks]

    def successors(self, block: Block) -> list[int]:
        """Addresses in the region where control may go on behind a block."""
        return [pc for pc in self._behind(block) if pc in self.blocks]

    def outside(self) -> set[int]:
        """Addresses out of the region where control may go on."""
        return {
            pc for block in self.blocks.values() for pc in self._behind(block)
        } - self.blocks.keys()

    def _behind(self, block: Block) -> list[int]:
        targets, goes_on = successors(block.ops[-1], self.edges)
        return [*targets, *[block.next] * goes_on]

    def is_loop(self) -> bool:
        """Does control come back to the entry?"""
        return any(self.entry in self.successors(block) for block in self.blocks.values())

    def depths(self) -> dict[int, int]:
        """In how many loops a block is, about: those between where a branch goes back to and the last that does."""
        ends: dict[int, int] = {}
        for block in self.blocks.values():
            for pc in self.successors(block):
                if pc <= block.pc:
                    ends[pc] = max(ends.get(pc, 0), block.pc)
        return {at: sum(pc <= at <= end for pc, end in ends.items()) for at in self.blocks}

    def loop(self) -> Region | None:
        """The innermost loop that goes round at the entry, by what its branches back have counted: the outer ones
        come there more seldom.  None if it calls something."""
        back = {b.pc: b.ops[-1].taken for b in self.blocks.values() if self._goes_round(b)}
        often = max(back.values(), default=0)
        work = [pc for pc, taken in back.items() if taken and taken * LESS >= often]
        if not work:
            return None
        before: dict[int, list[int]] = {}
        for block in self.blocks.values():
            for pc in self.successors(block):
                before.setdefault(pc, []).append(block.pc)
        inside = {self.entry}
        while work:
            pc = work.pop()
            if pc not in inside:
                inside.add(pc)
                work += before.get(pc, ())
        blocks = {pc: block for pc, block in self.blocks.items() if pc in inside}
        if any(kind(block.ops[-1]) == CALL for block in blocks.values()):
            return None
        return Region(self.entry, blocks, self.edges, full=True)

    def _goes_round(self, block: Block) -> bool:
        last = block.ops[-1]
        return is_direct(last) and kind(last) != CALL and self.entry in self.successors(block)

    def only_predecessors(self) -> dict[int, int]:
        """The block before, for blocks that only one leads to, and only once."""
        before: dict[int, list[int]] = {pc: [-1] for pc in self.ways_in}
        for block in self.blocks.values():
            for pc in self.successors(block):
                before.setdefault(pc, []).append(block.pc)
        return {pc: found[0] for pc, found in before.items() if len(found) == 1 and found[0] >= 0}


def discover(
    entry: int,
    read: Callable[[int], list[Op]],
    edges: Edges = NO_EDGES,
    most: int = config.REGION_OPS,
    ends: Container[int] = (),
) -> Region:
    """The region of an entry; `most`: goes no further when it has as many instructions; `ends`: nor to there."""
    ops: dict[int, Op] = {}
    leaders = {entry}
    begun: set[int] = set()
    work = [entry]
    while work and len(ops) < most:
        pc = work.pop()
        while pc not in begun and len(ops) < most:
            begun.add(pc)
            line = read(pc)
            if not line:
                break
            for found in line:
                op = ops.setdefault(found.pc, found)
                pc = op.next
                if onward(op) is LINE:
                    continue
                if op is not found and is_direct(op):
                    op.imm += found.taken  # runs that were entered elsewhere count for themselves
                targets, goes_on = successors(op, edges)
                for to in targets:
                    leaders.add(to)
                    # A branch that was never taken is not worth its place.
                    was_taken = not goes_on or op.taken or to in edges.get(op.pc, ())
                    if was_taken and (to == entry or to not in ends):
                        work.append(to)
                leaders.add(op.next)
                if not goes_on or op.next in ends:
                    break
            else:
                continue
            break
    return Region(entry, _blocks(ops, leaders), edges, full=len(ops) >= most, ends=ends)


def together(entry: int, regions: Sequence[Region]) -> Region:
    """Regions that have the same edges as one, of which `entry` is one way in; functions start where each of them
    begins."""
    ops = {op.pc: op for region in regions for block in region.blocks.values() for op in block.ops}
    leaders = {pc for region in regions for pc in region.blocks}
    return Region(
        entry,
        _blocks(ops, leaders),
        regions[0].edges,
        ends=regions[0].ends,
        doors={pc: site for region in regions for pc, site in region.doors.items()},
        starts=tuple(region.entry for region in regions),
        cut=frozenset(pc for region in regions if region.full for pc in region.outside()),
    )


def head(entry: int, read: Callable[[int], list[Op]], edges: Edges, seldom: int) -> Region | None:
    """What runs of a function without the ways that were taken less than `seldom` times: those are its `tails`.  None
    if it is more than may be part of a caller, or has no such ways."""
    ops: dict[int, Op] = {}
    leaders = {entry}
    tails: set[int] = set()
    begun: set[int] = set()
    work = [entry]
    while work:
        pc = work.pop()
        while pc not in begun:
            begun.add(pc)
            line = read(pc)
            for at, op in enumerate(line):
                ops.setdefault(op.pc, op)
                pc = op.next
                way = onward(op)
                if way is LINE:
                    continue
                targets, goes_on = successors(op, edges)
                leaders.update(targets, (pc,))
                if way is BRANCH and op.taken < seldom:
                    tails.update(targets)
                else:
                    work += targets
                if way is BRANCH and _is_seldom(line[at + 1 :], op.taken // config.COLD):
                    tails.add(pc)
                    goes_on = False
                if not goes_on:
                    break
            else:
                if line and len(ops) <= config.INLINE_OPS:
                    continue
            break
        if len(ops) > config.INLINE_OPS:
            return None
    tails -= ops.keys()
    return Region(entry, _blocks(ops, leaders), edges, tails=frozenset(tails)) if tails else None


def _is_seldom(line: list[Op], seldom: int) -> bool:
    """Do the counts of calls and jumps say that these instructions ran less than `seldom` times?"""
    for op in line:
        way = onward(op)
        if way is not LINE:
            if not is_direct(op) or op.taken >= seldom:
                return False
            if way is not BRANCH:
                return True
    return False


def _blocks(ops: dict[int, Op], leaders: set[int]) -> dict[int, Block]:
    blocks: dict[int, Block] = {}
    for pc in sorted(leaders & ops.keys()):
        block = blocks[pc] = Block(pc)
        at = pc
        while at in ops and (at == pc or at not in leaders):
            op = ops[at]
            block.ops.append(op)
            at = op.next
            way = onward(op)
            if way is not LINE:
                block.step = way is LEAVE
                break
    return blocks


def kind(op: Op) -> str:
    """CALL, RETURN, or nothing of interest."""
    way = onward(op)
    return way if way is CALL or way is RETURN else ""


def is_direct(op: Op) -> bool:
    """Is it a jump or call whose target is in the instruction?"""
    return op.variant is not None and lifted.is_direct(op.variant)


def is_indirect(op: Op) -> bool:
    """Is it a jump whose target is computed?"""
    return onward(op) is COMPUTED


def translatable(op: Op) -> bool:
    """May it stand in translated code?  Else the interpreter executes it."""
    return onward(op) is not LEAVE


def successors(op: Op, edges: Edges) -> tuple[Sequence[int], bool]:
    """Targets inside a region, and whether control may go on in line."""
    way = onward(op)
    if way is LINE or way is CALL:
        return (), True
    if way is BRANCH or way is JUMP:
        return (op.disp & MASK,), way is BRANCH
    return (edges.get(op.pc, ()) if way is COMPUTED else ()), False


MASK = (1 << 64) - 1
_ways: dict[Variant | None, str] = {None: LEAVE}


def onward(op: Op) -> str:
    """How control goes on behind the instruction."""
    found = _ways.get(op.variant)
    if found is None:
        found = _ways[op.variant] = _way_of(op)
    return found


def _way_of(op: Op) -> str:
    assert op.variant is not None
    shape = _shape_of(lifted.effects(op))
    if shape is JUMP:
        name = op.variant.form.mnemonic
        known = {CALL: CALL, RETURN: RETURN}.get(name)
        return known or (JUMP if is_direct(op) else COMPUTED)
    return shape


def _leaves(effect: Effect) -> bool:
    return isinstance(effect, Leave) and effect.when is TRUE


def _unmasks(effect: Effect) -> bool:
    """May float exceptions trap behind it?  Translated code expects that they do not."""
    match effect:
        case Put(layout.MXCSR, _):
            return True
        case Let(_, Value(op="call", imm=name)):
            row = core.row(name)
            return row.may_fault and "mxcsr" in row.writes
    return False


def _shape_of(body: list[Effect]) -> str:
    if any(isinstance(e, PutAt) or _leaves(e) or _unmasks(e) for e in body):
        return LEAVE
    match body[-1] if body else None:
        case Jump():
            return JUMP
        case Branch():
            return BRANCH
        case Raise(when) if when is TRUE:
            return RAISE
    return LINE
