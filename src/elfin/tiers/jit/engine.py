"""The translator as the kernel's `Engine`: the interpreter runs, hot code is translated when found.

Input:  a task, as for the interpreter, on memories made with the profiled core module.
Output: an `Exit`.  Translations are kept for the whole machine and used again in every memory that
        holds the same code: after fork, after exec of the same program, after a write to the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, cast
from weakref import WeakKeyDictionary

from elfin import config, layout
from elfin.isa.leave import LEAVE_EDGE, LEAVE_HOT, LEAVE_SLOW, OUT_OF_BUDGET
from elfin.kernel.abi.signal import SIG_IGN, Signal
from elfin.kernel.exit import Exit
from elfin.kernel.task import Task
from elfin.records import dataclass, field
from elfin.runtime.cpu import MXCSR_DEFAULT, RegisterFile
from elfin.runtime.host import Module
from elfin.runtime.memory import GuestMemory
from elfin.tiers.interp.engine import enter, exit_of
from elfin.tiers.jit.copies import Wish, make
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.store import Store
from elfin.tiers.jit.units import Known, Unit, Units
from elfin.tiers.jit.worth import Worth

if TYPE_CHECKING:
    from elfin.tiers.jit.inside import Watcher

FAULTS = (Signal.SIGSEGV, Signal.SIGBUS)
CONTROL = 0xFFC0  # MXCSR but for its sticky flags


@dataclass(slots=True)
class Started:
    """Which units of a generation have instances on a memory, by their first index."""

    generation: int
    units: set[int] = field(default_factory=set)

    def is_full(self) -> bool:
        return len(self.units) >= config.UNITS_OF_MEMORY


class Maker(Protocol):
    """Makes units while programs run."""

    def ask(self, memory: GuestMemory, wish: Wish) -> None:
        """Make a unit, and let it be adopted (`Translator.adopt`)."""
        ...

    def has(self, pc: int) -> bool:
        """Is a unit of the address on its way?"""
        ...

    def look(self) -> bool:
        """The time to adopt what is finished; should there soon be another?"""
        ...


class Translator:
    """Runs tasks; owns what was translated for them.

    `hot`: how often a branch is taken before its target may be translated (see `worth`).  `sticky`: float
    flags are exact from the start, not only when the guest has written to MXCSR (see `Policy`).  `name`:
    the symbol at an address of a memory, for the name sections.  `watch` is told of each translation.
    `maker` makes units elsewhere; without one they are made here, when they are wanted.
    `store`: where units of earlier runs are; `lasts`: is the code there of a file, so that later runs may have it?
    """

    name: Callable[[GuestMemory, int], str | None] | None = None
    watch: Watcher | None = None
    maker: Maker | None = None
    store: Store | None = None

    def __init__(self, hot: int = config.HOT, *, sticky: bool = False) -> None:
        self.hot = hot
        self.worth = Worth(hot)
        self.lasts: Callable[[GuestMemory, int], bool] = lambda *_: True
        self.sticky = sticky
        self.units = Units()
        self.has_made = False  # units, so that all that it takes is there
        self.ran = 0  # guest instructions, as far as it was looked
        self.careful: set[int] = set()  # entries with a careful policy
        self.rounds: Counter[int] = Counter()  # by entry: how often made anew with more ways
        self.waiting: WeakKeyDictionary[GuestMemory, dict[int, float]] = WeakKeyDictionary()
        self.started: WeakKeyDictionary[GuestMemory, Started] = WeakKeyDictionary()

    def run(self, task: Task, budget: int) -> Exit:
        cpu = cast(RegisterFile, task.cpu)
        memory = cast(GuestMemory, task.memory)
        if memory.hot != self.hot:
            memory.set_hot(self.hot)
        self._choose_policy(task, memory)
        end = cpu.instructions + budget
        others = self.ran - cpu.instructions
        while True:
            left = end - cpu.instructions
            if self.maker is not None and self.maker.look():
                left = min(left, config.PIECE)
            if self.waiting:
                self._translate_late(memory)
            try:
                reason = enter(task, memory, cpu, left) if left > 0 else OUT_OF_BUDGET
            except memory.host.trap as trap:
                fault = memory.fault_of(trap)
                if fault is None:
                    raise
                return fault
            self.ran = others + cpu.instructions
            if reason == LEAVE_HOT:
                self.worth.note(cpu.rip)
                self.translate(memory, cpu.rip, weigh=True)
            elif reason == LEAVE_EDGE:
                self.extend(memory)
            elif reason == LEAVE_SLOW:
                self.call_slow_paths(memory, cpu.rip)
            elif reason != OUT_OF_BUDGET or cpu.instructions >= end:
                return exit_of(reason, task)

    def _translate_late(self, memory: GuestMemory) -> None:
        """What had to wait, because its code kept changing, or for its unit to be made."""
        waiting = self.waiting.get(memory, {})
        now = perf_counter()
        for pc in [pc for pc, due in waiting.items() if due <= now]:
            del waiting[pc]
            self.translate(memory, pc)
        if not waiting:
            self.waiting.pop(memory, None)

    def close(self) -> None:
        """No more is run: let go of all that the engine holds for translations, without waiting for the collector."""
        self.maker = None
        self.started.clear()
        self.waiting.clear()
        self._drop_all()

    def _drop_all(self) -> None:
        """There are as many units as there may be: begin anew."""
        self.units.drop_all()
        self.careful.clear()
        self.rounds.clear()
        self.worth = Worth(self.hot)

    def make_room(self, memory: GuestMemory) -> None:
        """The host has none for another module: begin anew, and give back what was started in the memory."""
        self._drop_all()
        if self.started.pop(memory, None) is not None and not memory.is_closed:
            with suppress(MemoryError):  # nor for a copy: the old one goes on
                memory.renew()

    def _choose_policy(self, task: Task, memory: GuestMemory) -> None:
        """A program that handles SIGSEGV sees the registers of a fault: they must be exact then.  One that has
        written to MXCSR may look at its sticky flags, or wants other results than the usual."""
        if not memory.exact:
            actions = task.process.signal_actions
            if actions and any(s in actions and actions[s].handler > SIG_IGN for s in FAULTS):
                memory.make_exact()
        if not memory.sticky:
            control = cast(RegisterFile, task.cpu).mxcsr & CONTROL
            if self.sticky or control != MXCSR_DEFAULT or memory.watched:
                memory.make_sticky()

    def translate(self, memory: GuestMemory, pc: int, *, weigh: bool = False) -> None:
        """Let the code at `pc` run translated from now on, if that can be done.  `weigh`: and is worth it."""
        if (around := self._around(memory, pc)) is not None:
            self._start(memory, around)
            return
        policy = self._policy(memory, pc)
        due = self.units.due(pc, policy)
        found = self.units.find(memory, pc, policy)
        if found is None and perf_counter() >= due:
            found = self._recall(memory, pc, policy)
        if found is not None and pc not in found.unit.entries:
            self._start(memory, found)  # it has the code inside, and may do
            found = None
        if found is None:
            if perf_counter() < due:
                self.waiting.setdefault(memory, {})[pc] = due
                return
            again = self.units.has_inside(pc)
            most = self.worth.most(pc, again) if weigh else None
            if most is not None and not self.has_made and self._is_early(most):
                return
            own = frozenset(self.units.own(pc))
            ways = [way for known in self.units.of(pc)[-1:] for way in known.unit.ways]
            loop = self.worth.loop(pc, again) if weigh else 0
            wish = Wish(pc, policy, most, own, tuple(ways), loop, self.ends(memory, pc))
            if self.maker is not None:
                self.maker.ask(memory, wish)
                return
            found = self._make(memory, wish)
        if found is not None:
            self._start(memory, found)

    def _around(self, memory: GuestMemory, pc: int) -> Known | None:
        """The unit in whose middle there is a door at `pc`."""
        at = self.units.behind(pc)
        if at == pc:
            return None
        found = self.units.newest(memory, at, self._policy(memory, at))
        return found if found is not None and pc in found.unit.doors else None

    def ends(self, memory: GuestMemory, pc: int) -> frozenset[int]:
        """The doors of what was started in this memory, but for those of the unit of `pc`."""
        started = self.started.get(memory)
        if started is None or started.generation != self.units.generation:
            return frozenset()
        return self.units.doors(started.units, pc)

    def _is_early(self, most: int) -> bool:
        """To import the translator costs as much as to interpret millions of instructions, or to translate hundreds."""
        first = config.FIRST_RUN if self.maker is None else config.FIRST_RUN_BEHIND
        return most < config.FIRST_OPS or self.ran < first

    def _policy(self, memory: GuestMemory, pc: int) -> Policy:
        """How the code at `pc` is to be translated."""
        return Policy(
            exact=memory.exact,
            careful=pc in self.careful,
            sticky=memory.sticky,
            wide=memory.host.wide,
            round=self.rounds[pc],
            paged=not memory.exact and not memory.guarded,
            rewrites=memory.rewrites,
        )

    def _recall(self, memory: GuestMemory, pc: int, policy: Policy) -> Known | None:
        """The unit of an earlier run, if that had the experience of this one."""
        if self.store is None:
            return None
        start = perf_counter()
        found = self.store.find(memory, pc, policy)
        if found is None:
            return None
        unit, module, size = found
        if pc not in unit.entries or pc in unit.doors:
            pc = unit.entries[0]
            if (known := self.units.find(memory, pc, policy)) is not None:
                return known
        learned = unit.policy
        if learned.round < policy.round or learned.careful < policy.careful:
            return None
        self.rounds[pc] = learned.round
        if learned.careful:
            self.careful.add(pc)
        if self.units.is_full:
            self._drop_all()
        if self.watch is not None:
            self.watch.found(unit, perf_counter() - start)
        return self.units.add(pc, unit, module, size)

    def _make(self, memory: GuestMemory, wish: Wish) -> Known | None:
        """Translate; None if there is nothing to translate, or more than is wanted."""
        unit = make(memory, wish, self.name, None if self.watch is None else self.watch.made)
        if unit is None:
            return None
        start = perf_counter()
        try:
            module = memory.host.compile(unit.wasm)
        except MemoryError:
            self.make_room(memory)
            return None
        if self.watch is not None:
            self.watch.compiled(unit, perf_counter() - start)
        return self._add(memory, wish.pc, unit, module)

    def adopt(self, memory: GuestMemory, pc: int, unit: Unit, module: Module) -> None:
        """Keep what `maker` has made for `pc`; it starts when `memory` runs again, if it is still right."""
        self._add(memory, pc, unit, module)
        self.waiting.setdefault(memory, {})[pc] = 0.0

    def _add(self, memory: GuestMemory, pc: int, unit: Unit, module: Module) -> Known:
        """Keep what was made, for this run and others."""
        if self.units.is_full:
            self._drop_all()
        self.has_made = True
        often = self.units.made(pc, unit)
        if self.store is not None and often <= config.UNITS_OF_ENTRY and self._lasts(memory, unit):
            self.store.keep(memory, pc, unit, module)
        return self.units.add(pc, unit, module, len(unit.wasm))

    def _lasts(self, memory: GuestMemory, unit: Unit) -> bool:
        """May later runs have the code, as far as this memory shows?  Of one that is closed nobody knows."""
        return (
            not memory.is_closed
            and unit.is_of(memory, unit.policy)
            and self.lasts(memory, unit.entries[0])
        )

    def extend(self, memory: GuestMemory) -> None:
        """Translate anew, with the ways that control took since, the unit that lacks one of them."""
        at = int.from_bytes(memory.space.read(layout.STATE + layout.EDGE_UNIT, 4), "little")
        known = self.units.of(at)
        if not known or self.rounds[at] >= config.ROUNDS:
            return
        if self.maker is not None and self.maker.has(at):
            return
        if self.worth.has_missed_enough(at, known[-1].unit, _uses(memory)):
            self.rounds[at] += 1
            self.translate(memory, at)

    def call_slow_paths(self, memory: GuestMemory, pc: int) -> None:
        """Translate anew, to call slow paths, what leaves at `pc` too often."""
        for entry in self.units.addresses_of(pc):
            if entry not in self.careful:
                self.careful.add(entry)
                self.translate(memory, entry)

    def _start(self, memory: GuestMemory, known: Known) -> None:
        started = self.started.get(memory)
        generation = self.units.generation
        if started is None or started.generation != generation or started.is_full():
            if started is not None:
                memory.renew()
            started = self.started[memory] = Started(generation)
        if known.first not in started.units:
            started.units.add(known.first)
            memory.space.instantiate(known.module, first=known.first)
        for page in known.unit.pages():  # a write to it must be seen
            memory.exports["mark_code"](page * layout.PAGE)
        for i, entry in enumerate(known.unit.entries):
            memory.exports["install"](entry, known.first + i, memory.translated_handler)


def _uses(memory: GuestMemory) -> int:
    """How often the branch at EDGE_FROM went where its unit does not: what `interp.translated` has counted."""
    source = int.from_bytes(memory.space.read(layout.STATE + layout.EDGE_FROM, 4), "little")
    return memory.branch_count(source) or 1 << 16
