"""The one door through which time, chance and waiting come into the kernel.

Everything that could differ between two runs of the same program passes here, so a world that
counts instead of looking at the clock makes runs repeatable.
"""

from __future__ import annotations

import os
import select
import time
from typing import Protocol

_LONGEST_MS = 86_400_000  # poll takes 32 bits; who sleeps longer goes round once a day


class World(Protocol):
    """What the host gives a kernel.  `real`: its clocks are the host's own, so that a guest may be
    shown the host's without asking it."""

    real: bool

    def monotonic_ns(self) -> int: ...
    def monotonic(self) -> float:
        """The same in seconds."""
        ...

    def wall_ns(self) -> int: ...
    def cpu_ns(self) -> int:
        """Processor time of whoever runs the guest: differences are charged to tasks."""
        ...

    def random(self, n: int) -> bytes: ...
    def wait(self, read: frozenset[int], write: frozenset[int], timeout: float | None) -> None:
        """Sleep until a host descriptor is ready or the seconds are over; may return early."""
        ...


class HostWorld:
    """The real clock, the real dice, `poll` on real descriptors."""

    real = True

    monotonic_ns = staticmethod(time.monotonic_ns)
    monotonic = staticmethod(time.monotonic)
    wall_ns = staticmethod(time.time_ns)
    cpu_ns = staticmethod(time.perf_counter_ns)

    def random(self, n: int) -> bytes:
        return os.urandom(n)

    def wait(self, read: frozenset[int], write: frozenset[int], timeout: float | None) -> None:
        poller = select.poll()
        for fd in read | write:
            events = (select.POLLIN if fd in read else 0) | (select.POLLOUT if fd in write else 0)
            poller.register(fd, events)
        # Rounded up, because waking a moment too early would only mean to go round again.
        poller.poll(None if timeout is None else min(int(timeout * 1000) + 1, _LONGEST_MS))
