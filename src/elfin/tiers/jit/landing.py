"""Guest calls and returns as jumps inside one Wasm function.

Input:  the graph of a function that holds the code of many of the guest's, and where each of these begins.
Output: the *hub*: a node that goes on where GOAL says, at a beginning or behind a call.

A call pushes its return address, as the guest's does, and jumps; a return looks its address up among all those behind
calls.  So nothing is kept of who has called whom: what returns to such an address goes on there, also when control was
elsewhere meanwhile, and what has been returned to otherwise is entered there.  Only where it says so (`EXPECTED`, see
`frame.py`) whoever has entered the function goes on.

A call jumps straight to a function that can be called without a cycle, but for that of a function that calls itself:
each cycle then comes through the hub or begins at one place, as Wasm has loops.  Other calls go through the hub.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from elfin.bits import M64
from elfin.ir.stmt import Set
from elfin.ir.types import I64
from elfin.ir.value import const
from elfin.records import dataclass, field
from elfin.structure.graph import Goto, Graph, Node
from elfin.tiers.jit.dispatch import GOAL, Chooser
from elfin.tiers.jit.inlining import Part
from elfin.tiers.jit.region import CALL, Region, is_direct, kind

Calls = Mapping[int, Mapping[int, AbstractSet[int]]]  # by caller and callee: the calls' addresses


@dataclass(slots=True)
class Landing:
    """`starts`: the nodes where functions begin; `straight`: calls, by address and callee, that need not go through the
    hub; `behind`: nodes behind calls, by address: one of them, if the same instruction stands in several places.
    `returns`: there are such calls."""

    graph: Graph
    hub: int
    starts: dict[int, int]
    straight: AbstractSet[tuple[int, int]]
    returns: bool
    behind: dict[int, int] = field(default_factory=dict)

    def call(self, site: int, callee: int) -> int:
        """The node to which a call jumps."""
        if (site, callee) in self.straight:
            return self.starts[callee]
        through = Node([Set(GOAL, const(I64, callee))], Goto(self.hub), label=callee)
        return self.graph.add(through)

    @property
    def places(self) -> dict[int, int]:
        """The node of each address at which the function can be entered."""
        return {**self.behind, **self.starts}

    def finish(self, otherwise: Callable[[], int]) -> int:
        """Let the hub choose, or go on `otherwise`; the node where the function begins, the hub or its one place."""
        places = self.places
        if len(places) == 1 and not self.returns:
            return next(iter(places.values()))
        choice = Chooser(self.graph, places, otherwise())
        self.graph.nodes[self.hub].ending = choice.ending([*places])
        return self.hub


def landing(graph: Graph, part: Part) -> Landing:
    """For the functions of a region; where they begin is an empty node so far."""
    region = part.region
    hub = graph.add(Node(label=GOAL))
    starts = {pc: graph.add(Node(label=pc)) for pc in region.starts}
    straight = _straight(_calls(region))
    return Landing(graph, hub, starts, straight, part.jumps(starts))


def _calls(region: Region) -> Calls:
    """Who calls whom among the functions of a region."""
    found: dict[int, dict[int, set[int]]] = {}
    for start in region.starts:
        calls = found[start] = {}
        seen, work = {start}, [start]
        while work:
            block = region.blocks[work.pop()]
            last = block.ops[-1]
            if kind(last) == CALL:
                callees = [last.disp & M64] if is_direct(last) else region.edges.get(last.pc, ())
                for to in callees:
                    if to in region.starts:
                        calls.setdefault(to, set()).add(last.pc)
            for to in region.successors(block):
                if to not in seen:
                    seen.add(to)
                    work.append(to)
    return found


def _straight(calls: Calls) -> set[tuple[int, int]]:
    """Calls that make no cycle of several functions."""
    back: set[tuple[int, int]] = set()
    found: set[tuple[int, int]] = set()
    done: set[int] = set()
    above: list[int] = []

    def visit(caller: int) -> None:
        above.append(caller)
        for callee, sites in calls[caller].items():
            cyclic = callee != caller and callee in above
            (back if cyclic else found).update((site, callee) for site in sites)
            if callee not in done and callee not in above:
                visit(callee)
        above.pop()
        done.add(caller)

    for caller in calls:
        if caller not in done:
            visit(caller)
    return found - back
