"""Timers that send signals: setitimer, alarm and timer_create, on one heap of deadlines.

Real-time timers are looked at between turns of tasks; those that count processor time after a
task of their process has run.  Source: man 2 setitimer, timer_create.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.process import Process


class Clock(Enum):
    """What a timer counts."""

    MONOTONIC = auto()
    WALL = auto()
    USER = auto()  # processor time of the process in user mode
    CPU = auto()  # user and system


@dataclass(eq=False)
class Timer:
    """Armed while `expires` is set: ns on its clock, or for MONOTONIC and WALL on Kernel.now_ns."""

    process: Process
    clock: Clock
    fire: Callable[[Timer], None]
    expires: int = 0  # 0: disarmed
    interval: int = 0
    expirations: int = 0  # of the last firing, beyond the first: the overrun

    def now(self) -> int:
        kernel = self.process.kernel
        match self.clock:
            case Clock.MONOTONIC:
                return kernel.now_ns()
            case Clock.WALL:
                return kernel.wall_ns()
            case Clock.USER:
                return self.process.total_usage().utime
            case Clock.CPU:
                usage = self.process.total_usage()
                return usage.utime + usage.stime

    def left(self) -> int:
        """ns until it fires; 0 if it is disarmed, at least 1 if not."""
        return max(1, self.expires - self.now()) if self.expires else 0

    def arm(self, expires: int, interval: int) -> None:
        """Fire at `expires` on its clock (0 disarms), then every `interval`."""
        self.expires, self.interval = expires, interval
        if expires:
            self.process.kernel.timers.watch(self)

    def check(self) -> None:
        """Fire if it is time."""
        now = self.now()
        if not self.expires or now < self.expires:
            return
        self.expirations = 0
        if self.interval:
            self.expirations = (now - self.expires) // self.interval
            self.expires += (self.expirations + 1) * self.interval
        else:
            self.expires = 0
        self.fire(self)
        if self.expires:
            self.process.kernel.timers.watch(self)


class Timers:
    """All armed timers of a machine."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0
        self.cpu: dict[Process, set[Timer]] = {}

    def watch(self, timer: Timer) -> None:
        if timer.clock in {Clock.USER, Clock.CPU}:
            self.cpu.setdefault(timer.process, set()).add(timer)
            return
        left = max(0, timer.expires - timer.now())
        self._count += 1
        due = timer.process.kernel.now_ns() + left
        heappush(self._heap, (due, self._count, timer))

    def run_due(self, now_ns: int) -> None:
        while self._heap and self._heap[0][0] <= now_ns:
            heappop(self._heap)[2].check()

    def run_cpu(self, process: Process) -> None:
        """After a task of the process has run."""
        for timer in tuple(self.cpu.get(process, ())):
            timer.check()
            if not timer.expires:
                self.cpu[process].discard(timer)

    def next_due(self) -> int | None:
        """When to look again, on Kernel.now_ns()."""
        while self._heap and not self._heap[0][2].expires:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def drop_created(self, process: Process) -> None:
        """execve deletes what timer_create made; setitimer's go on."""
        for key in [k for k in process.timers if k >= 0]:
            process.timers.pop(key).arm(0, 0)

    def cancel_all(self, process: Process) -> None:
        for timer in process.timers.values():
            timer.arm(0, 0)
        process.timers.clear()
        self.cpu.pop(process, None)
