"""Which calls of a region become part of it: those of small functions.

Input:  a region, and small ones that can be called.
Output: `Part`s: a region's code, and in place of some of its calls the parts that they go to.

A call in line is all that the guest sees of one, the return address on the stack and the comparison with it; the
Wasm call, its checks and the passing of registers are saved.  What comes back elsewhere leaves.  The head of a
larger function (`region.head`) goes on in its tails by a call of those.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from elfin import config
from elfin.bits import M64
from elfin.records import dataclass, field
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.lifted import Lifted
from elfin.tiers.jit.region import CALL, Region, is_direct, kind

Small = Mapping[
    int, tuple[Region, Mapping[int, list[Lifted]]]
]  # by address, with their instructions


@dataclass(slots=True)
class Part:
    """`back`: where it returns to if it stands in place of a call.  `inlined`: by address of a call, and its target."""

    region: Region
    lifted: Mapping[int, list[Lifted]]
    back: int | None = None
    inlined: dict[tuple[int, int], Part] = field(default_factory=dict)

    def all(self) -> Iterator[Part]:
        yield self
        for part in self.inlined.values():
            yield from part.all()

    def jumps(self, starts: Container[int]) -> bool:
        """Does some call go to one of these functions that is not in line there?"""
        return any(
            to in starts and (op.pc, to) not in part.inlined
            for part in self.all()
            for op in part.calls()
            for to in part.targets(op)
        )

    def calls(self) -> list[Op]:
        last = [block.ops[-1] for block in self.region.blocks.values()]
        return [op for op in last if kind(op) == CALL]

    def targets(self, op: Op) -> list[int]:
        """Where a call goes, as far as was seen."""
        return [op.disp & M64] if is_direct(op) else [*self.region.edges.get(op.pc, ())]


def with_inlined(region: Region, lifted: Mapping[int, list[Lifted]], small: Small) -> Part:
    """The region's part; `small`: functions that may be in line.  Callees come before those that they call."""
    whole = Part(region, lifted)
    room = max(config.INLINE_ROOM, region.size // config.INLINE_SHARE)
    level = [whole]
    for _ in range(config.INLINE_LEVELS):
        inner: list[Part] = []
        for part in level:
            for op in part.calls():
                if is_direct(op) and op.taken < config.WARM:
                    continue
                for to in part.targets(op)[: config.CALL_TARGETS]:
                    if to not in small or small[to][0].size > room:
                        continue
                    callee, its = small[to]
                    room -= callee.size
                    part.inlined[op.pc, to] = Part(callee, its, op.next)
                    inner.append(part.inlined[op.pc, to])
        level = inner
    return whole
