"""Which calls of a function become part of it: those of small functions.

Input:  a region, and the regions of its unit that can be called.
Output: `Part`s: a region's code, and in place of some of its calls the parts that they go to.

A call in line is all that the guest sees of one, the return address on the stack and the comparison with it; the
Wasm call, its checks and the passing of registers are saved.  What comes back elsewhere leaves.  The head of a
larger function (`region.head`) goes on in its tails by a call of those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from elfin import config
from elfin.bits import M64
from elfin.records import dataclass, field
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.lifted import Lifted
from elfin.tiers.jit.region import CALL, Region, is_direct, kind


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

    def called(self) -> set[int]:
        """What is called as a function of its own, as far as was seen."""
        return {
            to
            for part in self.all()
            for op in part.calls()
            for to in part.targets(op)
            if (op.pc, to) not in part.inlined
        }

    def calls(self) -> list[Op]:
        last = [block.ops[-1] for block in self.region.blocks.values()]
        return [op for op in last if kind(op) == CALL]

    def targets(self, op: Op) -> list[int]:
        """Where a call goes, as far as was seen."""
        return [op.disp & M64] if is_direct(op) else [*self.region.edges.get(op.pc, ())]


def needed(parts: list[Part], spare: Collection[int]) -> list[Part]:
    """The parts that must be functions: of `spare` ones, which have a translation elsewhere, only those that are
    called."""
    found = [part for part in parts if part.region.entry not in spare]
    others = [part for part in parts if part.region.entry in spare]
    for part in found:
        called = part.called() if others else set()
        found += [other for other in others if other.region.entry in called]
        others = [other for other in others if other.region.entry not in called]
    return found


def plan(region: Region, known: Mapping[int, tuple[Region, Mapping[int, list[Lifted]]]]) -> Part:
    """The region's part; `known`: regions, and their lifted instructions, by address.  Callees come before those
    that they call."""
    whole = Part(region, known[region.entry][1])
    room = config.INLINE_ROOM
    level = [whole]
    for _ in range(config.INLINE_LEVELS):
        inner: list[Part] = []
        for part in level:
            for op in part.calls():
                if is_direct(op) and op.taken < config.WARM:
                    continue
                for to in part.targets(op)[: config.CALL_TARGETS]:
                    callee, lifted = known.get(to, (None, {}))
                    if callee is None or not callee.size <= min(room, config.INLINE_OPS):
                        continue
                    room -= callee.size
                    part.inlined[op.pc, to] = Part(callee, lifted, op.next)
                    inner.append(part.inlined[op.pc, to])
        level = inner
    return whole
