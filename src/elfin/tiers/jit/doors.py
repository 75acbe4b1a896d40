"""Doors: where a large function around one `switch` can be entered, beside its start.

Input:  a region.
Output: addresses of its blocks, none if it is not such a function.

What control comes to in the middle of such a function, because it was interpreted so far, would get a unit of its own
with the whole loop in it, for each of a hundred cases.  But each case is a target of one indirect jump, and a way in
may go through that jump's node (`dispatch`): the graph stays reducible, and the loop's code what it was.  So these
targets are doors, and the blocks where many cases meet; regions of others end there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from elfin import config
from elfin.tiers.jit.region import Region

MEETING: Final = 4  # ways to a block where cases meet


def is_switch(region: Region) -> bool:
    """Does it jump to many places that come back to the jump?"""
    return bool(hub(region))


def hub(region: Region) -> list[int]:
    """The jumps that share the most targets, if those are many and one of them leads to such a jump again."""
    reached = {op.pc: region.targets(op) for op in region.indirect_jumps()}
    found = max(groups(reached), key=lambda sites: len(_together(reached, sites)), default=[])
    targets = _together(reached, found)
    return found if len(targets) >= config.DOORS and _comes_back(region, targets, found) else []


def doors(region: Region) -> tuple[int, ...]:
    """Where the region can be entered through its hub; the jumps' targets first."""
    sites = hub(region)
    if not sites:
        return ()
    found = _together({op.pc: region.targets(op) for op in region.indirect_jumps()}, sites)
    ways = Counter(pc for block in region.blocks.values() for pc in region.successors(block))
    found |= dict.fromkeys(pc for pc in region.blocks if ways[pc] >= MEETING)
    found |= dict.fromkeys(pc for pc, block in region.blocks.items() if block.ops[-1].pc in sites)
    found.pop(region.entry, None)
    return tuple(found)[: config.MOST_DOORS]


def groups(targets: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """The sites, those together that have targets in common."""
    found: list[tuple[list[int], set[int]]] = []
    for site, reached in targets.items():
        sites, all_reached = [site], {*reached}
        apart = []
        for group in found:
            if group[1].isdisjoint(all_reached):
                apart.append(group)
            else:
                sites += group[0]
                all_reached |= group[1]
        found = [*apart, (sites, all_reached)]
    return [sites for sites, _ in found]


def _together(targets: Mapping[int, Sequence[int]], sites: list[int]) -> dict[int, None]:
    return dict.fromkeys(pc for site in sites for pc in targets[site])


def _comes_back(region: Region, targets: dict[int, None], sites: list[int]) -> bool:
    seen = {*targets}
    work = [*targets]
    while work:
        block = region.blocks[work.pop()]
        if block.ops[-1].pc in sites:
            return True
        for to in region.successors(block):
            if to not in seen:
                seen.add(to)
                work.append(to)
    return False
