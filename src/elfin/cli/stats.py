"""`--stats`: how many instructions, in what time, and why the engine stopped."""

from __future__ import annotations

import time
from collections import Counter
from typing import cast

from elfin.kernel.exit import Exit
from elfin.kernel.task import Task
from elfin.machine.machine import Machine
from elfin.runtime.cpu import RegisterFile


class Stats:
    """An engine around the machine's own that counts what passes."""

    def __init__(self, machine: Machine) -> None:
        self.engine = machine.engine
        machine.scheduler.engine = self
        self.instructions = 0
        self.engine_ns = 0
        self.exits: Counter[str] = Counter()
        self.start_ns = time.perf_counter_ns()
        self.start_cpu_ns = time.process_time_ns()

    def run(self, task: Task, budget: int) -> Exit:
        """Run the task in the real engine."""
        cpu = cast(RegisterFile, task.cpu)
        before, since = cpu.instructions, time.perf_counter_ns()
        event = self.engine.run(task, budget)
        self.engine_ns += time.perf_counter_ns() - since
        self.instructions += cpu.instructions - before
        self.exits[type(event).__name__] += 1
        return event

    def report(self) -> str:
        """A few lines for a person."""
        whole = (time.perf_counter_ns() - self.start_ns) / 1e9
        processor = (time.process_time_ns() - self.start_cpu_ns) / 1e9
        engine = self.engine_ns / 1e9
        speed = self.instructions / engine / 1e6 if engine else 0.0
        exits = ", ".join(f"{count} {name}" for name, count in self.exits.most_common())
        return (
            f"elfin: {self.instructions} instructions, {speed:.1f} million a second\n"
            f"elfin: {whole:.3f} s in all, {engine:.3f} s in guest code, {processor:.3f} s of CPU\n"
            f"elfin: exits: {exits or 'none'}"
        )
