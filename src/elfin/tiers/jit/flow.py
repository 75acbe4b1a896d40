"""What a function's registers hold where: which must be stored on the way out, and which are dead.

Input:  a graph whose nodes carry the `Event`s of their statements, in order (`Node.note`); the summaries of the
        functions it calls, and its own if others call it.
Output: statements filled in: stores at exits and before calls, only of what was changed on a way there;
        loads behind calls and at the entry, only of what is used later.  Writes that nobody reads go.
        Until then, what callers must know (`used`, `flags`, `moved`; see `settle`).

Sets of registers are ints, as in `codegen.locals`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Final

from elfin.codegen.locals import ALL, FLAGS, XMMS, Registers, loads, stores, whole
from elfin.ir.stmt import Set
from elfin.records import dataclass
from elfin.structure.graph import Graph
from elfin.structure.order import Order
from elfin.tiers.jit.events import Call, Event, Exit, Invoke, Ret, Summary
from elfin.tiers.jit.frame import go_up, invocation, owed, returning
from elfin.tiers.jit.straight import Straight, steps
from elfin.tiers.jit.ways import Way, choose_ways

# By step: what it depends on of the function's own summary, and of those of the functions that it calls.
DEPENDS: Final = {
    "written": ("", "writes"),
    "used": ("wanted", "uses"),
    "flags": ("flags_out", "flags_in"),
    "moved": ("forced", "forced"),
}


@dataclass(slots=True)
class _Facts:
    """Forwards: `changed` may differ from memory.  `sure`: on all ways to here the caller's value has become
    older, because the register was changed or its value is in memory.  `touched`: on some way the
    latter."""

    changed: int
    sure: int
    touched: int = 0


class Flow:
    """Analyses a graph.  `own`: the function's summary, None if nobody calls it.  What of `registers` is always in
    memory is no matter here, but for callers and callees."""

    def __init__(
        self, graph: Graph, order: Order, registers: Registers, own: Summary | None = None
    ) -> None:
        self.graph = graph
        self.order = order
        self.own = own
        self.resting = registers.resting
        if own is not None:
            own.resting = registers.resting
            own.writes |= whole(registers.written)
            own.forced |= whole(registers.used)
        self.needed = 0
        nodes = graph.nodes
        self.events: dict[int, list[Event]] = {n: nodes[n].note for n in order.sequence}
        lists = {
            id(events): events for events in self.events.values()
        }  # copies of nodes share them
        found = {key: steps(events) for key, events in lists.items()}
        known = [step for each in found.values() for step in each]
        self.straights = [step for step in known if isinstance(step, Straight)]
        self.all = [step for step in known if not isinstance(step, Straight)]
        self.steps = {n: found[id(events)] for n, events in self.events.items()}
        self.invokes = [e for e in self.all if isinstance(e, Invoke)]
        self.callees = [*{id(e.callee): e.callee for e in self.invokes}.values()]
        self._done: dict[str, list[int]] = {}  # what steps depended on when they were done

    def run(self, step: str) -> bool:
        """Do a step unless nothing has changed since that it depends on.  Was it done?"""
        mine, theirs = DEPENDS[step]
        known = [getattr(callee, theirs) for callee in self.callees]
        if self.own is not None and mine:
            known.append(getattr(self.own, mine))
        if self._done.get(step) == known:
            return False
        self._done[step] = known
        _STEPS[step](self)
        return True

    # -- what callers must know --------------------------------------------------------------
    def written(self) -> None:
        """`writes`, as far as the callees' are known."""
        assert self.own is not None
        for straight in self.straights:
            self.own.writes |= straight.writes
        for event in self.all:
            if isinstance(event, Call):
                self.own.writes |= event.written
            elif isinstance(event, Invoke):
                self.own.writes |= event.callee.writes
        self.own.writes = whole(self.own.writes)

    def used(self) -> None:
        """`uses`, and `wanted` of callees: what real code reads, ways out aside."""
        used = self._entry(self._use)
        if self.own is not None:
            self.own.uses |= used & ~FLAGS & ~self.resting

    def flags(self) -> None:
        """`flags_in`, and `flags_out` of callees."""
        read = self._entry(self._read)
        if self.own is not None:
            self.own.flags_in |= read & FLAGS

    def moved(self) -> None:
        """Where registers are in memory and where in locals: `forced`."""
        forced = self._changed()
        self.needed = self._entry(self._need)
        if self.own is not None:
            forced |= self.needed & ~self.own.params | self.own.writes & XMMS
            self.own.forced |= whole(forced)

    def finish(self) -> tuple[int, list[Way]]:
        """Fill in all statements; the result is what must be loaded at the entry, and the ways out."""
        self.run("flags")
        self.run("moved")
        for number in self.order.sequence:
            self._remove_dead(number)
        inner = self.own is not None
        exits = [event for event in self.all if isinstance(event, Exit)]
        upwards = reduce(or_, (invoke.changed for invoke in self.invokes), 0) if inner else 0
        ways = choose_ways(exits, upwards, inner=inner)
        for event in self.all:
            if isinstance(event, Call):
                event.before += stores(event.stored)
                event.behind += loads(event.loaded)
            elif isinstance(event, Invoke):
                event.before += stores(event.stored)
                call, results = invocation(event.callee, event.back, event.weight, self.resting)
                event.call += call
                event.results += results
                event.up += go_up(event.changed, event.owned) if inner else owed(event.changed)
                event.again += loads(event.needed)
                event.behind += loads(event.loaded)
            elif isinstance(event, Ret):
                assert self.own is not None
                event.body += [*stores(event.stored), returning(self.own)]
        needed = self.needed if self.own is None else self.needed & ~self.own.params
        return needed, ways

    # -- forwards ----------------------------------------------------------------------------
    def _changed(self) -> int:
        """Notes what is stored where; the result is what the function needs in memory at its start."""
        sequence = self.order.sequence
        arriving = {n: _Facts(0, ALL) for n in sequence}
        first = arriving[sequence[0]]
        if self.own is not None:
            first.changed = self.own.owned
            first.sure = self.own.forced | self.own.owned
        effect: dict[int, _Facts] = {}
        kept: dict[int, int] = {}
        for n in sequence:
            effect[n] = self._change(n, _Facts(0, 0))
            kept[n] = self._change(n, _Facts(ALL, 0)).changed
        work = True
        while work:
            work = False
            for number in sequence:
                here, new = arriving[number], effect[number]
                changed = new.changed | (here.changed & kept[number])
                sure, touched = here.sure | new.sure, here.touched | new.touched
                for to in self.graph.successors(number):
                    there = arriving[to]
                    if changed & ~there.changed or there.sure & ~sure or touched & ~there.touched:
                        there.changed |= changed
                        there.sure &= sure
                        there.touched |= touched
                        work = True
        for straight in self.straights:
            for write in straight.stores:
                write.needed = False
        for event in self.all:
            if isinstance(event, Exit):
                event.changed, event.owned = 0, ALL
            elif isinstance(event, Call):
                event.stored = event.loaded = 0
            elif isinstance(event, Invoke):
                event.stored, event.loaded, event.changed, event.owned = 0, 0, 0, ALL
            elif isinstance(event, Ret):
                event.stored = 0
        forced = 0
        for number in sequence:
            forced |= self._note_change(number, arriving[number])
        return forced

    def _change(self, number: int, at: _Facts) -> _Facts:
        """What a node makes of the facts."""
        changed, sure, touched = at.changed, at.sure, at.touched
        for step in self.steps[number]:
            if isinstance(step, Straight):
                changed |= step.writes
                sure |= step.writes
            elif isinstance(step, Call):
                changed &= ~step.seen
                sure |= step.seen
                touched |= step.seen
            elif isinstance(step, Invoke):
                callee, forced = step.callee, self._forced(step.callee)
                results = callee.results & ~self.resting
                changed = (changed & ~(forced | callee.writes)) | results
                sure |= forced | callee.writes
                touched |= forced | (callee.writes & ~results)
        return _Facts(changed, sure, touched)

    def _note_change(self, number: int, at: _Facts) -> int:
        """The same, written down in the events; the result is what would have to be in memory already."""
        forced = 0
        for step in self.steps[number]:
            known = at.changed | at.sure
            if isinstance(step, Straight):
                at.changed |= step.writes
                at.sure |= step.writes
            elif isinstance(step, Exit):
                step.changed |= at.changed & ~step.dead
                step.owned &= known
                forced |= at.touched & ~known & ~step.dead
            elif isinstance(step, Call):
                seen = step.seen
                step.stored |= at.changed & seen
                forced |= seen & ~known
                at.changed &= ~seen
                at.sure |= seen
                at.touched |= seen
            elif isinstance(step, Invoke):
                callee = step.callee
                wants, results = self._forced(callee), callee.results & ~self.resting
                step.stored |= at.changed & wants
                forced |= (wants | (at.touched & ~_dead(callee))) & ~known
                step.changed |= at.changed & ~wants & ~_dead(callee) & ~callee.owned
                step.owned &= known
                at.changed = (at.changed & ~(wants | callee.writes)) | results
                at.sure |= wants | callee.writes
                at.touched |= wants | (callee.writes & ~results)
            else:
                assert self.own is not None
                left = ~self.own.results & ~(FLAGS & ~self.own.flags_out)
                step.stored |= (at.changed | step.written) & left
                forced |= self.own.writes & left & ~known & ~step.written
        return forced

    def _forced(self, callee: Summary) -> int:
        """What must be in memory when the callee starts; a parameter that is always there is."""
        return callee.forced & ~_dead(callee) | callee.params & self.resting

    # -- backwards ---------------------------------------------------------------------------
    def _entry(self, step: Callable[..., int]) -> int:
        """Run a step backwards to a fixed point, then once more to note; what it finds at the entry."""
        leaving = self._backwards(step)
        for number in self.order.sequence:
            step(number, leaving[number], note=True)
        first = self.order.sequence[0]
        return step(first, leaving[first])

    def _use(self, number: int, used: int, *, note: bool = False) -> int:
        for step in reversed(self.steps[number]):
            if isinstance(step, Straight):
                used = used & ~step.writes | step.reads
            elif isinstance(step, Call):
                used &= ~step.written
            elif isinstance(step, Invoke):
                callee = step.callee
                if note:
                    callee.wanted |= used & callee.writes & ~FLAGS
                used = (used & ~callee.writes) | callee.uses & ~self.resting
            elif isinstance(step, Ret):
                assert self.own is not None
                used |= self.own.wanted & ~step.written
        return used

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
            elif isinstance(step, Call):
                needed = (needed & ~step.written) | step.seen
            elif isinstance(step, Invoke):
                if note:
                    step.callee.flags_out |= needed & FLAGS
                needed = step.callee.flags_in
            else:
                assert self.own is not None
                needed |= self.own.flags_out
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
            elif isinstance(step, Call):
                if note:
                    step.loaded |= needed & step.written
                needed = (needed & ~step.written) | step.stored
            elif isinstance(step, Invoke):
                callee = step.callee
                if note:
                    step.needed |= needed
                    step.loaded |= needed & callee.writes & ~callee.results
                needed &= ~callee.writes
                needed |= callee.params & ~self.resting | step.stored | step.changed
            else:
                assert self.own is not None
                needed |= (self.own.results | step.stored) & ~step.written
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


_STEPS: Final[dict[str, Callable[[Flow], None]]] = {
    "written": Flow.written,
    "used": Flow.used,
    "flags": Flow.flags,
    "moved": Flow.moved,
}


def _dead(callee: Summary) -> int:
    """Flags that nobody can read any more where the callee starts."""
    return FLAGS & ~callee.flags_in
