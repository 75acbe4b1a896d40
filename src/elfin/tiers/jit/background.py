"""Plans carried out in a thread, while the guest goes on being interpreted.

Input:  what the translators of several machines want made.
Output: units, for each machine when it looks.
The thread sees nothing but plans: no guest memory, and no store of the engine, in which the guest runs meanwhile.
There is one for the process, because the IR's tables are one.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event, Lock, Thread, stack_size
from time import perf_counter
from typing import TYPE_CHECKING, Final
from weakref import ref

from elfin import config
from elfin.garbage import keep_more, uncollected
from elfin.ir.value import alone
from elfin.records import dataclass, replace
from elfin.runtime.host import Module
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.copies import MAKES, PLANS, READS, Wish, has_unit
from elfin.tiers.jit.wishes import Wishes

if TYPE_CHECKING:
    from elfin.tiers.jit.code import Edges
    from elfin.tiers.jit.engine import Translator
    from elfin.tiers.jit.plan import Plan
    from elfin.tiers.jit.unit import Making

AHEAD: Final = 2  # plans of a machine under way: one is worked at, one waits
STACK: Final = (
    32 << 20
)  # bytes of the thread's; other systems give less than the engine's compiler wants


@dataclass(frozen=True, slots=True)
class Done:
    """A plan that was carried out; `seconds` took the engine.  Or the error that kept it from that."""

    plan: Plan
    making: Making | None = None
    module: Module | None = None
    seconds: float = 0.0
    error: BaseException | None = None


def is_possible() -> bool:
    """May threads be started, and is there a second core for one?"""
    if sys.platform == "emscripten":
        return False
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return (cores or 1) > 1


class Background:
    """The `Maker` of a machine, whose own thread calls all but `carry_out`."""

    def __init__(self, translator: Translator) -> None:
        self.translator = translator
        self._wishes = Wishes(translator, self._is_inside)
        self._under_way: list[Plan] = []
        self._done: deque[Done] = deque()
        self._finished = Event()  # something is in `_done`
        self._edges: tuple[ref[GuestMemory], float, Edges] | None = None  # of when

    def ask(self, memory: GuestMemory, wish: Wish) -> None:
        """Make a unit, the hottest first."""
        if not any(plan.pc == wish.pc for plan in self._under_way):
            self._wishes.add(memory, wish)

    def has(self, pc: int) -> bool:
        """Is a unit of the address on its way?"""
        return self._wishes.has(pc) or any(plan.pc == pc for plan in self._under_way)

    def look(self) -> bool:
        """Hand over what is finished, and let the next be made; is there more to come?"""
        if self._done:  # it is asked behind each system call
            self._take_finished()
        while self._wishes and len(self._under_way) < AHEAD and _worker().is_ready:
            if (plan := self._next()) is not None:
                self._under_way.append(plan)
                _worker().jobs.put((ref(self), plan))
                if 2 * plan.executed > self.translator.ran:
                    # What the guest would do meanwhile, it will do in a moment in a tenth of the time.
                    self._finished.wait(config.WAIT)
                    self._take_finished()
        return bool(self._wishes or self._under_way)

    def _take_finished(self) -> None:
        self._finished.clear()
        while self._done:
            self._hand_over(self._done.popleft())

    def carry_out(self, plan: Plan) -> None:
        """Make a unit, and let the engine compile it: in the thread."""
        try:
            making: Making = importlib.import_module(MAKES).make(plan)
            start = perf_counter()
            module = plan.memory.host.compile(making.unit.wasm)
            self._done.append(Done(plan, making, module, perf_counter() - start))
        except BaseException as error:  # the machine's thread raises it
            self._done.append(Done(plan, error=error))
        self._finished.set()

    def _is_inside(self, pc: int) -> bool:
        return any(plan.has_inside(pc) for plan in self._under_way)

    def _next(self) -> Plan | None:
        """The plan of the hottest wish, or of a wish near it whose plan has that code inside: one unit in place of two.
        None if there is nothing to be made of it."""
        found = self._wishes.next()
        if found is None:
            return None
        memory, wish = found
        plan = self._plan(memory, wish)
        if plan is None or wish.most is None:
            return plan
        for other in self._wishes.near(memory, wish.pc):
            if plan.has_inside(other.pc) or has_unit(memory, other.pc):
                continue
            # It runs as often as what it has inside.
            around = self._plan(memory, replace(other, most=wish.most, loop=0))
            if around is not None and around.has_inside(plan.pc):
                plan = around
                self._wishes.drop(other.pc)
        return plan

    def _plan(self, memory: GuestMemory, wish: Wish) -> Plan | None:
        """Read what is to be translated; None if that is nothing any more, or more than is wanted."""

        def is_known(at: int) -> bool:
            known = has_unit(memory, at) or any(plan.begins(at) for plan in self._under_way)
            return known and at not in wish.own

        found: Plan | None = importlib.import_module(PLANS).plan(
            memory,
            wish.pc,
            wish.policy,
            edges=self._known_edges(memory) if wish.most is not None else None,
            most=wish.most,
            loop=wish.loop,
            is_known=is_known,
            ways=wish.ways,
            ends=self.translator.ends(memory, wish.pc),
            name=self.translator.name,
        )
        return found

    def _known_edges(self, memory: GuestMemory) -> Edges:
        """Where branches went.  To read that takes longer than many a plan, and plans come in groups."""
        now = perf_counter()
        if self._edges is None or self._edges[0]() is not memory or self._edges[1] < now:
            edges = importlib.import_module(READS).read_edges(memory)
            self._edges = ref(memory), now + config.EDGES_LAST, edges
        return self._edges[2]

    def _hand_over(self, done: Done) -> None:
        self._under_way.remove(done.plan)
        if isinstance(done.error, MemoryError):
            self.translator.make_room(done.plan.memory)
            return
        if done.error is not None:
            raise done.error
        assert done.making is not None and done.module is not None
        unit, translator = done.making.unit, self.translator
        if translator.watch is not None:
            translator.watch.made(done.making)
            translator.watch.compiled(unit, done.seconds)
        translator.adopt(done.plan.memory, done.plan.pc, unit, done.module)


class _Worker:
    """The thread: imports the translator, then carries out what it is given, in turn.

    It is a daemon, so that nobody waits for it at the end of the process."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[tuple[ref[Background], Plan]] = SimpleQueue()
        self.is_ready = False
        self.error: BaseException | None = None  # of the import
        before = stack_size(STACK)
        try:
            Thread(target=self._work, name="elfin translator", daemon=True).start()
        finally:
            stack_size(before)

    def _work(self) -> None:
        try:
            with _yielding(), alone, uncollected():
                importlib.import_module(MAKES)
                keep_more()
        except BaseException as error:
            self.error = error
            return
        self.is_ready = True
        while True:
            owner, plan = self.jobs.get()
            background = owner()
            if background is not None:  # else the machine is gone
                with _yielding():
                    background.carry_out(plan)
            del background, plan


@contextmanager
def _yielding() -> Iterator[None]:
    """Give Python back quickly to a guest that comes out of Wasm for a system call."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(config.SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


_starting: Final = Lock()
_workers: Final[list[_Worker]] = []  # one, when it is there


def _worker() -> _Worker:
    """The process's, ready or not."""
    if not _workers:
        with _starting:
            if not _workers:
                _workers.append(_Worker())
    worker = _workers[0]
    if worker.error is not None:
        raise worker.error
    return worker


if hasattr(os, "register_at_fork"):  # a child has no such thread, and nothing half made
    os.register_at_fork(
        before=alone.acquire, after_in_parent=alone.release, after_in_child=alone.release
    )
    os.register_at_fork(after_in_child=_workers.clear)
