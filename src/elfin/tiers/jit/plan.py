"""What is translated together: a hot address's region and those that it calls, as far as it is worth it.

Input:  a hot guest address, the memory it is in, and what is known of its code.
Output: a `Plan`: all that the translation needs, so that it may be made while the guest goes on (`background`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

from elfin import config, layout
from elfin.records import dataclass
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.clock import now
from elfin.tiers.jit.code import Edges, Op, joined, read_edges, read_run
from elfin.tiers.jit.doors import doors, hub
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.region import CALL, Region, discover, head, is_direct, kind, together

Reader = Callable[[GuestMemory, int], list[Op]]
Known = Callable[[int], bool]
LEAST: Final = 4  # instructions of a loop that is worth looking for
NOTHING: Final[Mapping[int, Container[int]]] = {}
Namer = Callable[[GuestMemory, int], str | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """`region`: the functions that are translated, in one; `small`: those that may be in line as well.
    `doors`: the entries of functions around a `switch`.
    `labels`: symbols for the name section.  `seconds`: what the plan has cost.  The memory is for those who look on:
    it may have changed, or be closed, when the plan is carried out."""

    memory: GuestMemory
    pc: int
    policy: Policy
    region: Region
    small: list[Region]
    doors: tuple[int, ...]
    code: tuple[tuple[int, bytes], ...]  # guest address and bytes of each piece of code
    ways: tuple[tuple[int, int], ...]  # of branches, that made the regions what they are
    labels: dict[str, str]
    seconds: float

    @property
    def size(self) -> int:
        """How many instructions it has."""
        return self.region.size + sum(
            r.size for r in self.small if r.entry not in self.region.blocks
        )

    @property
    def executed(self) -> int:
        """How many instructions the interpreter has executed of it, at least: what is in line behind branches taken."""
        found = 0
        blocks = self.region.blocks
        for block in blocks.values():
            last = block.ops[-1]
            if is_direct(last) and (to := blocks.get(last.disp)) is not None:
                found += last.taken * len(to.ops)
        return found

    def begins(self, pc: int) -> bool:
        """Does one of its functions begin there?"""
        return pc in self.region.starts

    def has_inside(self, pc: int) -> bool:
        """Does one of its blocks start there?"""
        return pc in self.region.blocks


def plan(
    memory: GuestMemory,
    pc: int,
    policy: Policy,
    *,
    read: Reader = read_run,
    edges: Edges | None = None,
    most: int | None = None,
    loop: int = 0,
    is_known: Known = lambda _: False,
    ways: Iterable[tuple[int, int]] = (),
    also: Mapping[int, Container[int]] = NOTHING,
    ends: Container[int] = (),
    name: Namer | None = None,
) -> Plan | None:
    """The plan for a hot address; None if there is nothing to translate, or more than `most` instructions.
    `loop`: then its loop alone, if that has no more.
    `is_known`: is there a translation already that starts at an address?  `name` gives symbols for the
    name section; `edges`: where branches go, if not as the memory has noted; `ways`: further
    ones; `also`: addresses that get regions of their own, and where these do not go; `ends`: where none goes."""
    start = now()
    edges = joined(read_edges(memory) if edges is None else edges, ways)

    def discovered(at: int, limit: int) -> Region:
        return discover(at, lambda pc: read(memory, pc), edges, limit, also.get(at, ends))

    def begun(at: int, seldom: int) -> Region | None:
        return None if policy.paged else head(at, lambda pc: read(memory, pc), edges, seldom)

    again = config.AGAIN_OPS_PAGED if policy.paged else config.AGAIN_OPS
    regions, spare = _regions([pc, *also], discovered, begun, edges, is_known, again, most)
    if not regions:
        return None
    if most is not None and sum(region.size for region in regions) > most:
        alone = None if loop < LEAST else discovered(pc, loop * config.LOOP_READ).loop()
        if alone is None or alone.size > loop:
            return None
        regions, spare = [alone], set()
    _open_doors(regions)
    small = [r for r in regions if r.size <= config.INLINE_OPS]
    in_line = {r.entry for r in small if r.tails or r.entry in spare}
    others = [r for r in regions if r.entry not in in_line]
    region = together(pc, others)
    labels = {} if name is None else _labels(memory, region, name)
    whole = [region, *small]
    code = tuple(dict.fromkeys(_code(memory, whole)))
    taken = tuple(dict.fromkeys(_ways(whole, _warm(most))))
    way_in = tuple(pc for r in regions if r.doors for pc in (r.entry, *r.doors))
    return Plan(memory, pc, policy, region, small, way_in, code, taken, labels, now() - start)


def _regions(
    work: list[int],
    discovered: Callable[[int, int], Region],
    begun: Callable[[int, int], Region | None],
    edges: Edges,
    is_known: Known,
    again: int,
    most: int | None,
) -> tuple[list[Region], set[int]]:
    """The regions of the addresses, then those it calls, nearest first, up to the limits of a unit.  Of those that are
    translated already only ones of up to `again` instructions: others are called through the table.  Which of them are.
    What has more than `most` instructions is not read to its end.  `begun` gives the head of what is too large to be in
    line, if it has one, by how often a way that it leaves out may have been taken: that stands for it."""
    end = config.REGION_OPS if most is None else min(config.REGION_OPS, most + 1)
    warm = _warm(most)
    spare: set[int] = set()
    runs: Counter[int] = Counter()  # by address: how often it was called
    found: dict[int, Region] = {}
    seen: set[int] = set()
    pc = work[0]
    size = 0
    while work and len(found) < config.UNIT_REGIONS and size < end:
        at = work.pop(0)
        if at in seen:
            continue
        seen.add(at)
        known = at != pc and is_known(at)
        limit = again + 1 if known else config.REGION_OPS
        if most is not None:
            limit = min(limit, end - size)
        region = discovered(at, limit)
        if at != pc and region.size > config.INLINE_OPS:
            region = begun(at, _seldom(runs[at], known)) or region
        if region.full and limit == config.REGION_OPS and hub(region) is not None:
            region = discovered(at, config.SWITCH_OPS)
        entry = region.blocks.get(at)
        if entry is None or (entry.step and len(entry.ops) == 1):
            continue  # nothing but the interpreter can execute it
        if known and region.size > again:
            continue
        found[at] = region
        if known:
            spare.add(at)
        size += region.size
        for block in region.blocks.values():
            last = block.ops[-1]
            if kind(last) == CALL:
                if not is_direct(last):
                    work += edges.get(last.pc, ())[: config.CALL_TARGETS]
                elif last.taken >= warm or last.pc in edges:
                    work.append(last.disp)
                    runs[last.disp] += last.taken
    return list(found.values()), spare


def _seldom(runs: int, again: bool) -> int:
    """How often a function that was called `runs` times goes ways that its head need not have.  When it has got a
    translation its own branches are counted no more."""
    if not again:
        return runs // config.COLD
    return max(min(runs, config.HOT) // config.COLD, runs // config.RARE)


def _open_doors(regions: Sequence[Region]) -> None:
    """Each address leads into one region."""
    ways_in = {region.entry for region in regions}
    for region in regions:
        region.doors = {pc: site for pc, site in doors(region).items() if pc not in ways_in}
        ways_in.update(region.doors)


def _warm(most: int | None) -> int:
    """How often a call must have been made for its target to be part of the unit: not seldom, beside its entry."""
    runs = 0 if most is None else most * config.PATIENCE
    return max(config.WARM, runs // config.SELDOM)


def _ways(regions: Iterable[Region], warm: int) -> Iterator[tuple[int, int]]:
    for region in regions:
        for block in region.blocks.values():
            last = block.ops[-1]
            if not is_direct(last):
                yield from ((last.pc, to) for to in region.edges.get(last.pc, ()))
            elif last.taken >= (warm if kind(last) == CALL else 1):
                yield last.pc, last.disp


def _code(memory: GuestMemory, regions: Iterable[Region]) -> list[tuple[int, bytes]]:
    pieces = []
    for region in regions:
        for block in region.blocks.values():
            size = block.next - block.pc
            pieces.append((block.pc, memory.space.read(layout.GUEST_BASE + block.pc, size)))
    return pieces


def _labels(memory: GuestMemory, region: Region, name: Namer) -> dict[str, str]:
    """Symbols for the names of functions."""
    named = {pc: symbol for pc in region.starts if (symbol := name(memory, pc))}
    labels = {f"door_{pc:x}": f"{symbol} (entry)" for pc, symbol in named.items()}
    if region.entry in named:
        labels[f"at_{region.entry:x}"] = named[region.entry]
    return labels
