"""Where indirect jumps and calls go inside a unit: targets that were seen, each guarded.

Input:  a region with the ways its indirect jumps took, and a graph with a node for each block.
Output: endings that go to the node of the block whose address GOAL holds, or else to one that leaves as MISSED.

Few targets are compared in turn.  For many, a hash of the address selects from a table who is compared.
Wasm has no jump from one case of a table into another: jumps that share targets (computed goto) set GOAL and
go through one node, which the loop around them begins with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from elfin import layout
from elfin.bits import M32
from elfin.codegen import state
from elfin.ir.stmt import Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local
from elfin.records import dataclass
from elfin.runtime.translated import MISSED
from elfin.structure.graph import Choose, Ending, Goto, Graph, Node, Select
from elfin.tiers.jit.doors import switches
from elfin.tiers.jit.events import Exit
from elfin.tiers.jit.frame import leave
from elfin.tiers.jit.region import Region

GOAL: Final = local(I64, "goal")
SITE: Final = local(I32, "site")
FEW: Final = 3  # targets that are compared in turn
TRIES: Final = 64  # multipliers
FIRST: Final = 0x9E3779B1  # of them; 2**32 / golden ratio
assert layout.EDGE_UNIT == layout.EDGE_FROM + 4  # stored together


def missed(goal: Value, site: Value | int, unit: int) -> list[Stmt]:
    """Leave to `goal`, where the branch at `site` of the unit of an address does not go on."""
    return [note_missed(site, unit), *leave(goal, MISSED)]


def note_missed(site: Value | int, unit: int) -> Stmt:
    """What goes with the result MISSED."""
    source = const(I64, site) if isinstance(site, int) else site.zext(I64)
    return state.store(layout.EDGE_FROM, source | unit << 32)


class Spread:
    """A hash of addresses with few collisions: `index` is the value of GOAL's, `rows` the addresses by
    hash, in the order given."""

    def __init__(self, addresses: Sequence[int]) -> None:
        bits = (2 * len(addresses) - 1).bit_length() + 1
        multiplier = best = FIRST
        fewest = len(addresses) + 1
        for _ in range(TRIES):
            shared = len(addresses) - len({_hash(pc, multiplier, bits) for pc in addresses})
            if shared < fewest:
                fewest, best = shared, multiplier
            if not shared:
                break
            multiplier = (multiplier * FIRST + 2) & M32 | 1
        self.index = (GOAL.trunc(I32) * best) >> (32 - bits)
        self.rows: list[list[int]] = [[] for _ in range(1 << bits)]
        for pc in addresses:
            self.rows[_hash(pc, best, bits)].append(pc)


def _hash(pc: int, multiplier: int, bits: int) -> int:
    return (pc * multiplier & M32) >> (32 - bits)


@dataclass(frozen=True, slots=True)
class Chooser:
    """Endings that go to the node of the address that GOAL holds, or `otherwise`."""

    graph: Graph
    nodes: Mapping[int, int]  # by address
    otherwise: int

    def ending(self, targets: Sequence[int]) -> Ending:
        if len(targets) <= FEW:
            return self._compared(targets)
        spread = Spread(targets)
        return Select(spread.index, tuple(map(self._guarded, spread.rows)), self.otherwise)

    def _guarded(self, targets: Sequence[int]) -> int:
        if not targets:
            return self.otherwise
        return self.graph.add(Node(ending=self._compared(targets), label=GOAL))

    def _compared(self, targets: Sequence[int]) -> Ending:
        first, *others = targets
        rest = self._guarded(others)
        return Choose(GOAL.ne(first), rest, self.nodes[first])


class Dispatch:
    """The indirect jumps of a region; `unit` is the address that its unit is made for.  `odd`: what is done where a
    target that nobody has seen may not be an address; else the jumps have looked."""

    def __init__(
        self,
        graph: Graph,
        region: Region,
        numbers: Mapping[int, int],
        unit: int,
        odd: Callable[[], Stmt] | None,
    ) -> None:
        self.graph = graph
        self.odd = odd
        self.numbers = numbers
        self.region = region
        self.unit = unit
        self.targets = {op.pc: region.targets(op) for op in region.indirect_jumps()}
        self.shared: dict[int, int] = {}  # by site: the node that it goes through
        self.doors: dict[int, int] = {}  # by address: the node that leads to it
        for sites, together in switches(region):
            doors = [pc for pc, site in region.doors.items() if site in sites]
            if len(sites) > 1 or doors:
                hub = graph.add(Node(label=GOAL))
                targets = {**together, **dict.fromkeys(doors)}
                graph.nodes[hub].ending = self._choose([*targets], SITE)
                self.shared |= dict.fromkeys(sites, hub)
                self.doors |= dict.fromkeys(doors, hub)

    def ending(self, site: int, body: list[Stmt]) -> Ending:
        """The ending of the jump at `site` to where GOAL says; `body` is its node's."""
        hub = self.shared.get(site)
        if hub is None:
            return self._choose(self.targets[site], site)
        body.append(Set(SITE, const(I32, site)))
        return Goto(hub)

    def _choose(self, targets: list[int], site: Value | int) -> Ending:
        body = missed(GOAL, site, self.unit)
        if self.odd is not None:
            body.insert(0, self.odd())
        otherwise = self.graph.add(Node(body, label=GOAL, note=[Exit(body)]))
        return Chooser(self.graph, self.numbers, otherwise).ending(targets)
