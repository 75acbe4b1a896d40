"""Doors: where a large function around one `switch` can be entered, beside its start.

Input:  a region.
Output: addresses of its blocks, and of the jump; none if it is not such a function.

What control comes to in the middle of such a function, because it was interpreted so far, would get a unit of its own
with the whole loop in it, for each of a hundred cases.  But each case is a target of one indirect jump, and a way in
may go through that jump's node (`dispatch`): the graph stays reducible, and the loop's code what it was.  So these
targets are doors, and the blocks where many cases meet; regions of others end there.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from elfin import config
from elfin.tiers.jit.region import Region

MEETING: Final = 4  # ways to a block where cases meet


class Switch(NamedTuple):
    """Indirect jumps that have targets in common, by address, and all their targets, as keys."""

    sites: list[int]
    targets: dict[int, None]


def switches(region: Region) -> list[Switch]:
    """The indirect jumps of a region, those together that have targets in common."""
    found: list[Switch] = []
    for jump in region.indirect_jumps():
        sites, targets = [jump.pc], dict.fromkeys(region.targets(jump))
        apart = []
        for other in found:
            if other.targets.keys().isdisjoint(targets):
                apart.append(other)
            else:
                sites += other.sites
                targets |= other.targets
        found = [*apart, Switch(sites, targets)]
    return found


def hub(region: Region) -> Switch | None:
    """The one with the most targets, if those are many and lead to it again: the region is a function around it."""
    found = max(switches(region), key=lambda switch: len(switch.targets), default=None)
    if found is None or len(found.targets) < config.DOORS or not _comes_back(region, found):
        return None
    return found


def doors(region: Region) -> dict[int, int]:
    """Where the region can be entered through its hub, and one of the jumps to that; the jumps' targets first."""
    switch = hub(region)
    if switch is None:
        return {}
    ways = Counter(pc for block in region.blocks.values() for pc in region.successors(block))
    found = dict.fromkeys(switch.targets)
    found |= dict.fromkeys(pc for pc in region.blocks if ways[pc] >= MEETING)
    jumps = (pc for pc, block in region.blocks.items() if block.ops[-1].pc in switch.sites)
    found |= dict.fromkeys(jumps)
    found.pop(region.entry, None)
    return dict.fromkeys([*found][: config.MOST_DOORS], switch.sites[0])


def _comes_back(region: Region, switch: Switch) -> bool:
    seen = {*switch.targets}
    work = [*switch.targets]
    while work:
        block = region.blocks[work.pop()]
        if block.ops[-1].pc in switch.sites:
            return True
        for to in region.successors(block):
            if to not in seen:
                seen.add(to)
                work.append(to)
    return False
