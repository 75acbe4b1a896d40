"""Which flags nobody reads: known before anything is made of an instruction.

Input:  a region.
Output: each instruction without the writes of such flags.

Most flags that instructions set are set again by the next: to find that out before they are lowered saves more
than half of the work.  What leaves for good may be read by anybody; who goes on at the same point (`flow.Exit`)
reads what the code here reads.  A signal's handler sees all flags that an instruction that faults has found.
"""

from __future__ import annotations

from elfin.codegen.locals import FLAGS
from elfin.tiers.jit.lifted import Lifted, lift
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.region import CALL, Block, Region, is_direct, kind, successors


def lift_region(region: Region, policy: Policy) -> dict[int, list[Lifted]]:
    """The instructions of each block, but for one that the interpreter executes at its end."""
    lifted = {}
    for pc, block in region.blocks.items():
        found: dict[object, int] = {}
        lifted[pc] = [lift(op, found) for op in block.ops[: len(block.ops) - block.step]]
    arriving = dict.fromkeys(region.blocks, 0)  # needed where the block starts
    before: dict[int, list[int]] = {pc: [] for pc in region.blocks}
    behind = {pc: _behind(region, block) for pc, block in region.blocks.items()}
    for pc, block in region.blocks.items():
        for to in region.successors(block):
            before[to].append(pc)
    work = list(region.blocks)  # the last of them first
    waiting = set(work)
    while work:
        pc = work.pop()
        waiting.discard(pc)
        needed = behind[pc]
        for one in reversed(lifted[pc]):
            needed = _before(one, _after(one, needed, policy), policy)
        if needed != arriving[pc]:
            arriving[pc] = needed
            for other in before[pc]:
                behind[other] |= needed
                if other not in waiting:
                    waiting.add(other)
                    work.append(other)
    return {pc: _needed(lifted[pc], behind[pc], policy) for pc in region.blocks}


def _needed(block: list[Lifted], needed: int, policy: Policy) -> list[Lifted]:
    out = []
    for one in reversed(block):
        needed = _after(one, needed, policy)
        out.append(one.without(one.writes & ~needed))
        needed = _before(one, needed, policy)
    return out[::-1]


def _after(one: Lifted, needed: int, policy: Policy) -> int:
    """The flags that must be right behind an instruction: there may be other ones than were read."""
    return FLAGS if policy.rewrites and one.stores else needed


def _before(one: Lifted, needed: int, policy: Policy) -> int:
    """The flags that must be right before it.  Who is refused an access without exact state dies of it."""
    seen = one.raises or (policy.exact and one.accesses)
    return FLAGS if seen else one.before(needed)


def _behind(region: Region, block: Block) -> int:
    """What is read behind the block other than by blocks of the region."""
    last = block.ops[-1]
    inside = region.successors(block)
    if block.step or kind(last) == CALL or not inside:
        return FLAGS
    targets, goes_on = successors(last, region.edges)
    is_inside = len(inside) == len(targets) + goes_on and (goes_on or is_direct(last))
    return 0 if is_inside else FLAGS
