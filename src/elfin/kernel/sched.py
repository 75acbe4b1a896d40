"""The scheduler: tasks take turns on one engine; when none can run, it says what it waits for.

`turn` never blocks, so a browser can await between turns; `run` waits through the kernel's world.
Round robin in the order of birth, behind those whose time has come: with a seeded world, two runs are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import assert_never

from elfin import config
from elfin.kernel.abi.resource import INFINITY, Rlimit
from elfin.kernel.delivery import deliver, fault
from elfin.kernel.dispatch import enter, poll
from elfin.kernel.exit import BudgetEnd, Engine, Fault, SystemCall
from elfin.kernel.kernel import Kernel
from elfin.kernel.process import Process
from elfin.kernel.signals import enforce_cpu_limit
from elfin.kernel.task import Task
from elfin.records import dataclass


@dataclass(frozen=True)
class Idle:
    """No task can run before one of these happens: for `World.wait`."""

    read: frozenset[int]
    write: frozenset[int]
    timeout: float | None  # seconds; None: only a descriptor or a host signal helps


class Scheduler:
    """Runs the tasks of one kernel on one engine."""

    def __init__(self, kernel: Kernel, engine: Engine) -> None:
        self.kernel = kernel
        self.engine = engine
        self.longest_ns = 0  # of a turn of all, if the caller has other things to do, too
        self._share_ns = 0  # of that for each
        self.after_each: Callable[[], object] = lambda: None  # called when a task has had its turn
        self._progress = False  # did anything happen in this turn?

    def run(self, process: Process, stop: Callable[[], bool] = lambda: False) -> int | None:
        """Until the process has ended: its wait status; None if `stop` said so before."""
        while process.exit_status is None:
            if stop():
                return None
            idle = self.turn()
            if idle is not None and process.exit_status is None:
                self.kernel.world.wait(idle.read, idle.write, idle.timeout)
        return process.exit_status

    def turn(self) -> Idle | None:
        """Each task that can run does so for a while; `Idle` if there was none."""
        kernel = self.kernel
        kernel.take_host_signals()
        kernel.timers.run_due(kernel.now_ns())
        self._progress = False
        ran = 0
        for task in self._in_order():
            if self._can_run(task):
                self._run(task)
                self.after_each()
                ran += 1
        self._share_ns = self.longest_ns // max(1, ran)
        self._progress = self._progress or ran > 0
        return None if self._progress or kernel.host_signals else self._idle()

    def _in_order(self) -> list[Task]:
        """All tasks by birth; but before them those whose time has come, by that, if the machine slept too long."""
        tasks = list(self.kernel.tasks.values())
        if any(_deadline(task) < inf for task in tasks):
            now = self.kernel.monotonic()
            tasks.sort(key=lambda task: min(_deadline(task), now))
        return tasks

    def _can_run(self, task: Task) -> bool:
        if task.dead or task.process.stopped_by:
            return False
        wait = task.wait
        if wait is not None or task.deliverable():
            self._switch_to(task.process)
        if wait is not None:
            poll(task, wait, self.kernel.monotonic())
        if task.deliverable() and deliver(task):
            # Even if the task cannot run: its end may be what another one waits for.
            self._progress = True
        return task.runnable

    def _run(self, task: Task) -> None:
        """One turn of a task: until it waits, ends, or has used up its turn."""
        kernel, process, engine = self.kernel, task.process, self.engine
        self._switch_to(process)
        cpu_ns = kernel.world.cpu_ns
        task.yielded = False
        calls = config.TURN_CALLS
        begun = at = cpu_ns()
        is_short = self.longest_ns > 0
        while calls:
            event = engine.run(task, task.budget if is_short else config.TURN_BUDGET)
            before, at = at, cpu_ns()
            task.utime += at - before
            if is_short:
                self._fit_budget(task, at - before, isinstance(event, BudgetEnd))
            match event:
                case SystemCall():
                    enter(task)
                    before, at = at, cpu_ns()
                    task.stime += at - before
                    calls -= 1
                    if is_short and at - begun > self._share_ns:
                        calls = 0
                case Fault():
                    fault(task, event)
                case BudgetEnd() if is_short and at - begun < self._share_ns // 2:
                    pass  # it has time left
                case BudgetEnd():
                    task.process.usage.preemptions += 1
                    break
                case _:
                    assert_never(event)
            if task.deliverable() and task.runnable:
                deliver(task)
            if task.yielded or not task.runnable:
                process.usage.waits += 1
                break
        if process in kernel.timers.cpu:
            kernel.timers.run_cpu(process)
        if process.limits.soft(Rlimit.RLIMIT_CPU) != INFINITY:
            enforce_cpu_limit(process)

    def _fit_budget(self, task: Task, spent_ns: int, all_of_it: bool) -> None:
        """Make the task's next turn as long as it should be: devices and tiers differ by a factor of thousand."""
        if spent_ns > self._share_ns:
            task.budget = max(config.LEAST_BUDGET, task.budget // 2)
        elif all_of_it and spent_ns < self._share_ns // 4:
            task.budget = min(config.TURN_BUDGET, task.budget * 2)

    def _switch_to(self, process: Process) -> None:
        """Publish and fetch shared pages when another address space comes to run."""
        kernel, space = self.kernel, process.address_space
        if kernel.resident is not space:
            if kernel.resident is not None:
                kernel.resident.publish()
            space.fetch()
            kernel.resident = space
        kernel.current = process

    def _idle(self) -> Idle:
        read: frozenset[int] = frozenset()
        write: frozenset[int] = frozenset()
        kernel = self.kernel
        due = kernel.timers.next_due()
        deadlines = [] if due is None else [due / 1e9]
        for task in kernel.tasks.values():
            if task.wait is not None and not task.process.stopped_by:
                read |= task.wait.host_read
                write |= task.wait.host_write
                if task.wait.deadline is not None:
                    deadlines.append(task.wait.deadline)
        if not deadlines:
            return Idle(read, write, None)
        return Idle(read, write, max(0.0, min(deadlines) - kernel.monotonic()))


def _deadline(task: Task) -> float:
    """When it goes on at the latest, as of `Kernel.monotonic`."""
    wait = task.wait
    return inf if wait is None or wait.deadline is None else wait.deadline
