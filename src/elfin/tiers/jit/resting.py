"""Which registers of a unit stay in memory: those that it hardly uses beside all its calls of other units.

Input:  the unit's code, with what stands in line.
Output: a set of registers.  It is a guess: a wrong one costs a load or a store at each use.

Around a call a register in a local is stored if it may have changed, loaded if it may be used later, and kept on the
engine's stack until then, because engines do not put off loads.  One that stays in the register file costs
nothing there: that is what most registers are to a function whose work is to call others.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from elfin import layout
from elfin.codegen.locals import BIT, GPR_SLOTS, XMM_SLOTS
from elfin.tiers.jit.inlining import Part
from elfin.tiers.jit.region import CALL, Region, kind

# Those that pass arguments and results are in use at every call; RSP is all the time.
PASSING: Final = frozenset((layout.RAX, layout.RCX, layout.RDX, layout.RSI, layout.RDI, layout.RSP))
CANDIDATES: Final = frozenset({*GPR_SLOTS, *XMM_SLOTS} - PASSING)
LOOP: Final = 8  # times that a loop is expected to go round
DEEPEST: Final = 3  # of loops in loops
USES: Final = 2  # for each call, at most


def resting(part: Part) -> int:
    """The registers of a function's code that stay in memory."""
    uses: Counter[int] = Counter()
    calls = 0
    starts = {*part.region.starts}
    for each in part.all():
        inside = {at for at, _ in each.inlined}
        inside |= {op.pc for op in each.calls() if starts & {*each.targets(op)}}
        for pc, weight in _weights(each.region).items():
            block = each.region.blocks[pc]
            last = block.ops[-1]
            if kind(last) == CALL and last.pc not in inside:
                calls += weight
            for op in block.ops:
                for slot in {op.r, op.b, op.x, op.v} & CANDIDATES:
                    uses[slot] += weight
    return sum(BIT[slot] for slot in CANDIDATES if uses[slot] < USES * calls)


def _weights(region: Region) -> dict[int, int]:
    """How often each block runs, judged by the jumps back over it; not if it never comes to such a jump."""
    ends: dict[int, int] = {}
    sources: dict[int, list[int]] = {}
    for block in region.blocks.values():
        for to in region.successors(block):
            sources.setdefault(to, []).append(block.pc)
            if to <= block.pc:
                ends[to] = max(block.pc, ends.get(to, 0))
    loops = [_reaching(start, end, sources) for start, end in ends.items()]
    return {pc: LOOP ** min(DEEPEST, sum(pc in inside for inside in loops)) for pc in region.blocks}


def _reaching(start: int, end: int, sources: dict[int, list[int]]) -> set[int]:
    """The blocks from `start` to `end` from which control may come back to the first."""
    seen = {start}
    work = [start]
    while work:
        for before in sources.get(work.pop(), ()):
            if start <= before <= end and before not in seen:
                seen.add(before)
                work.append(before)
    return seen
