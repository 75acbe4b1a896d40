"""`--stats`: how many instructions in which tier, in what time, what was translated, and why code stopped.

Input:  the runs of the machine's engine, and what the translator says of its work.
Output: a table for a person.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from typing import Final, cast

from elfin.cli.leaves import Leaves
from elfin.kernel.abi.signal import signal_name
from elfin.kernel.abi.syscalls import name_of
from elfin.kernel.exit import Exit, Fault, SystemCall
from elfin.kernel.task import Task
from elfin.machine.machine import Machine
from elfin.runtime.cpu import RegisterFile
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.clock import STEPS
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.unit import Making
from elfin.tiers.jit.units import Unit

LAST_CALLS: Final = frozenset({"exit", "exit_group", "execve"})
OFTEN: Final = 100  # runs after which a memory's counters are read, as it may go without notice
ENGINE: Final = "engine"  # the host's compiler, the last step of a translation
COLUMN: Final = 20


class Stats:
    """An engine around the machine's own that counts what passes; watches the translator."""

    def __init__(self, machine: Machine) -> None:
        self.engine = machine.engine
        self.names = machine.names
        machine.scheduler.engine = self
        self.translates = isinstance(self.engine, Translator)
        self.instructions = 0
        self.engine_ns = 0
        self.runs = 0
        self.exits: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.leaves = Leaves(machine.names)
        self.units: list[tuple[int, int, int]] = []  # regions, instructions, bytes
        self.seconds = dict.fromkeys((*STEPS, ENGINE), 0.0)
        self.kept: list[tuple[int, int]] = []  # units of earlier runs: regions, instructions
        self.kept_seconds = 0.0
        self.start_ns = time.perf_counter_ns()
        self.start_cpu_ns = time.process_time_ns()

    # -- as the engine -----------------------------------------------------------------------

    def run(self, task: Task, budget: int) -> Exit:
        """Run the task in the real engine."""
        cpu = cast(RegisterFile, task.cpu)
        before, since = cpu.instructions, time.perf_counter_ns()
        event = self.engine.run(task, budget)
        self.engine_ns += time.perf_counter_ns() - since
        self.instructions += cpu.instructions - before
        self.exits[type(event).__name__] += 1
        last = False
        match event:
            case SystemCall():
                name = name_of(cpu.gpr[0] & 0xFFFF_FFFF)
                self.calls[name] += 1
                last = name in LAST_CALLS
            case Fault(signal=signal):
                place = self.names.of(task.process, cpu.rip) or f"{cpu.rip:#x}"
                self.faults[f"{signal_name(signal)} at {place}"] += 1
                last = True
        self.runs += 1
        if self.translates and (last or self.runs % OFTEN == 0):
            self.leaves.collect(cast(GuestMemory, task.memory))
        return event

    # -- as the translator's watcher ------------------------------------------------------------

    def made(self, making: Making) -> None:
        """Count a unit."""
        unit = making.unit
        self.units.append((len(making.plan.region.starts), unit.ops, len(unit.wasm)))
        for step, seconds in making.seconds.items():
            self.seconds[step] += seconds

    def compiled(self, unit: Unit, seconds: float) -> None:
        """Count what the engine took."""
        self.seconds[ENGINE] += seconds

    def found(self, unit: Unit, seconds: float) -> None:
        """Count a unit that need not be made."""
        self.kept.append((len(unit.entries), unit.ops))
        self.kept_seconds += seconds

    # -- the table -------------------------------------------------------------------------------

    def report(self, machine: Machine) -> str:
        """The table."""
        if self.translates:
            for process in machine.living():
                self.leaves.collect(cast(GuestMemory, process.address_space.memory))
        rows = [f"elfin: {self.instructions} instructions", *self._time()]
        rows.append(_row("exits", _counts(self.exits)))
        rows += [_row("system calls", _counts(self.calls, 12))] if self.calls else []
        rows += [_row("faults", _counts(self.faults, 6))] if self.faults else []
        rows += self._translations() if self.translates else []
        return "\n".join(rows)

    def _time(self) -> list[str]:
        whole = (time.perf_counter_ns() - self.start_ns) / 1e9
        processor = (time.process_time_ns() - self.start_cpu_ns) / 1e9
        engine = self.engine_ns / 1e9
        speed = self.instructions / engine / 1e6 if engine else 0.0
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        return [
            _row("time", f"{whole:.3f} s in all, {processor:.3f} s of CPU"),
            _row("guest code", f"{engine:.3f} s, {speed:.1f} million instructions a second"),
            _row("memory", f"{memory} MiB of the host at most"),
        ]

    def _translations(self) -> list[str]:
        inside = self.leaves.inside
        share = 100 * inside / self.instructions if self.instructions else 0.0
        regions, ops, size = map(sum, zip(*self.units, (0, 0, 0), strict=True))
        spent = sum(self.seconds.values())
        parts = ", ".join(f"{step} {seconds:.3f}" for step, seconds in self.seconds.items())
        each = f"; {spent / ops * 1e6:.0f} us an instruction" if ops else ""
        return [
            _row("interpreted", f"{self.instructions - inside} ({100 - share:.2f} %)"),
            _row("translated", f"{inside} ({share:.2f} %)"),
            _row(
                "translations",
                f"{len(self.units)} units, {regions} regions, {ops} instructions, {size} bytes",
            ),
            _row(
                "kept translations",
                f"{len(self.kept)} units, {sum(ops for _, ops in self.kept)} instructions, in "
                f"{self.kept_seconds:.3f} s",
            ),
            _row("translation time", f"{spent:.3f} s: {parts}{each}"),
            *(_row(f"left: {kind}", text) for kind, text in self.leaves.rows()),
        ]


def _counts(counter: Counter[str], most: int | None = None) -> str:
    """`12 read, 3 write`, the commonest first."""
    shown = [f"{count} {name}" for name, count in counter.most_common(most)]
    rest = counter.total() - sum(count for _, count in counter.most_common(most))
    return ", ".join([*shown, f"{rest} others"] if rest else shown) or "none"


def _row(name: str, text: str) -> str:
    return f"elfin: {name:{COLUMN}} {text}"
