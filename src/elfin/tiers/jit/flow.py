"""What a function's registers hold where: which must be stored on the way out, and which are dead.

Input:  a graph whose nodes carry the `Event`s of their statements, in order (`Node.note`).
Output: statements filled in: stores at exits and before calls, only of what was changed on a way there;
        loads behind calls and at the entry, only of what is used later.  Writes that nobody reads go.

Sets of registers are ints, as in `codegen.locals`.
"""

from __future__ import annotations

from collections.abc import Callable

from elfin.codegen.locals import ALL, FLAGS, loads, stores
from elfin.ir.stmt import Set
from elfin.structure.graph import Graph
from elfin.structure.order import Order
from elfin.tiers.jit.events import Call, Event, Exit
from elfin.tiers.jit.straight import Straight, steps
from elfin.tiers.jit.ways import Way, choose_ways


class Flow:
    """Analyses a graph.  What of registers is always in memory is no matter here."""

    def __init__(self, graph: Graph, order: Order) -> None:
        self.graph = graph
        self.order = order
        nodes = graph.nodes
        self.events: dict[int, list[Event]] = {n: nodes[n].note for n in order.sequence}
        lists = {
            id(events): events for events in self.events.values()
        }  # copies of nodes share them
        found = {key: steps(events) for key, events in lists.items()}
        known = [step for each in found.values() for step in each]
        self.straights = [step for step in known if isinstance(step, Straight)]
        self.exits = [step for step in known if isinstance(step, Exit)]
        self.calls = [step for step in known if isinstance(step, Call)]
        self.steps = {n: found[id(events)] for n, events in self.events.items()}

    def finish(self) -> tuple[int, list[Way]]:
        """Fill in all statements; the result is what must be loaded at the entry, and the ways out."""
        self._entry(self._read)
        self._changed()
        needed = self._entry(self._need)
        for number in self.order.sequence:
            self._remove_dead(number)
        ways = choose_ways(self.exits)
        for call in self.calls:
            call.before += stores(call.stored)
            call.behind += loads(call.loaded)
        return needed, ways

    # -- forwards ----------------------------------------------------------------------------
    def _changed(self) -> None:
        """Notes what is stored where: what may differ from memory."""
        sequence = self.order.sequence
        arriving = dict.fromkeys(sequence, 0)
        effect = {n: self._change(n, 0) for n in sequence}
        kept = {n: self._change(n, ALL) for n in sequence}
        work = True
        while work:
            work = False
            for number in sequence:
                changed = effect[number] | (arriving[number] & kept[number])
                for to in self.graph.successors(number):
                    if changed & ~arriving[to]:
                        arriving[to] |= changed
                        work = True
        for number in sequence:
            self._change(number, arriving[number], note=True)

    def _change(self, number: int, changed: int, *, note: bool = False) -> int:
        """What a node makes of the set."""
        for step in self.steps[number]:
            if isinstance(step, Straight):
                changed |= step.writes
            elif isinstance(step, Exit):
                if note:
                    step.changed |= changed & ~step.dead
            else:
                if note:
                    step.stored |= changed & step.seen
                changed &= ~step.seen
        return changed

    # -- backwards ---------------------------------------------------------------------------
    def _entry(self, step: Callable[..., int]) -> int:
        """Run a step backwards to a fixed point, then once more to note; what it finds at the entry."""
        leaving = self._backwards(step)
        for number in self.order.sequence:
            step(number, leaving[number], note=True)
        first = self.order.sequence[0]
        return step(first, leaving[first])

    def _read(self, number: int, needed: int, *, note: bool = False) -> int:
        """Which flags the guest's code may read from a point on.

        Who goes on at an exit's point does not miss the flags that the code behind it sets before it reads
        them; to keep them up for that would cost most loops more than the loop.
        """
        for step in reversed(self.steps[number]):
            if isinstance(step, Straight):
                needed = needed & ~step.writes | step.guest_reads
            elif isinstance(step, Exit):
                if not step.returns:
                    needed = ALL
                    step.dead = 0
                elif note:
                    step.dead &= FLAGS & ~needed
            else:
                needed = (needed & ~step.written) | step.seen
        return needed

    def _need(self, number: int, needed: int, *, note: bool = False) -> int:
        """Which locals are read later."""
        for step in reversed(self.steps[number]):
            if isinstance(step, Straight):
                if note:
                    step.note_needed(needed)
                needed = needed & ~step.writes | step.reads
            elif isinstance(step, Exit):
                needed |= step.changed
            else:
                if note:
                    step.loaded |= needed & step.written
                needed = (needed & ~step.written) | step.stored
        return needed

    def _backwards(self, step: Callable[..., int]) -> dict[int, int]:
        """What `step` finds to be needed at the end of each node."""
        leaving = dict.fromkeys(self.order.sequence, 0)
        effect = {n: step(n, 0) for n in self.order.sequence}
        kept = {n: step(n, ALL) for n in self.order.sequence}
        work = True
        while work:
            work = False
            for number in reversed(self.order.sequence):
                needed = effect[number] | (leaving[number] & kept[number])
                for before in self.order.predecessors[number]:
                    if needed & ~leaving[before]:
                        leaving[before] |= needed
                        work = True
        return leaving

    def needed_at(self) -> dict[int, int]:
        """Which locals are read from the start of each node on."""
        leaving = self._backwards(self._need)
        return {n: self._need(n, leaving[n]) for n in self.order.sequence}

    def _remove_dead(self, number: int) -> None:
        dead = {
            id(write.statement)
            for step in self.steps[number]
            if isinstance(step, Straight)
            for write in step.stores
            if not write.needed
        }
        if dead:
            body = self.graph.nodes[number].body
            body[:] = [s for s in body if not (isinstance(s, Set) and id(s) in dead)]
