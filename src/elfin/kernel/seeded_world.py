"""A world that repeats exactly: a file of its own, because its dice take 3 ms to import."""

from __future__ import annotations

import random

from elfin.kernel.world import HostWorld


class SeededWorld:
    """A clock that counts how often it was looked at, and dice from a seed: runs repeat exactly."""

    real = False
    STEP_NS = 1000

    def __init__(self, seed: int, start_ns: int = 1_000_000_000 * 10**9) -> None:
        self._dice = random.Random(seed)
        self._start = start_ns
        self._now = 0

    def monotonic_ns(self) -> int:
        self._now += self.STEP_NS
        return self._now

    def monotonic(self) -> float:
        return self.monotonic_ns() / 1e9

    def wall_ns(self) -> int:
        return self._start + self.monotonic_ns()

    def cpu_ns(self) -> int:
        return self.monotonic_ns()

    def random(self, n: int) -> bytes:
        return self._dice.randbytes(n)

    def wait(self, read: frozenset[int], write: frozenset[int], timeout: float | None) -> None:
        if timeout is not None:
            self._now += int(timeout * 1e9)
        elif read or write:
            HostWorld().wait(read, write, None)
