"""Descriptors for waiting: eventfd and timerfd (man 2 eventfd, timerfd_create)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.poll import READABLE, WRITABLE
from elfin.kernel.files.file import File

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.files.location import Location

COUNT_SIZE = 8
COUNT_MAX = (1 << 64) - 2


class EventFile(File):
    """A counter: reading takes it, writing adds to it."""

    def __init__(self, count: int, *, semaphore: bool, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.count = count
        self.semaphore = semaphore

    def read(self, n: int) -> bytes:
        if n < COUNT_SIZE:
            raise LinuxError(Errno.EINVAL)
        if not self.count:
            raise LinuxError(Errno.EAGAIN)
        taken = 1 if self.semaphore else self.count
        self.count -= taken
        self.edge += 1
        return taken.to_bytes(COUNT_SIZE, "little")

    def write(self, data: bytes) -> int:
        if len(data) < COUNT_SIZE:
            raise LinuxError(Errno.EINVAL)
        value = int.from_bytes(data[:COUNT_SIZE], "little")
        if value > COUNT_MAX:
            raise LinuxError(Errno.EINVAL)
        if self.count + value > COUNT_MAX:
            raise LinuxError(Errno.EAGAIN)
        self.count += value
        self.edge += 1
        return COUNT_SIZE

    def poll_events(self) -> int:
        events = READABLE if self.count else 0
        return events | WRITABLE if self.count < COUNT_MAX else events


class TimerFile(File):
    """A timer that is read: how often it went off since the last read."""

    def __init__(
        self,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        location: Location,
        flags: int,
    ) -> None:
        super().__init__(location, flags)
        self._clock = clock  # nanoseconds of the clock it was made for
        self._monotonic = monotonic
        self._next = 0  # when it goes off; 0 while disarmed
        self._interval = 0
        self._ticks = 0

    def set(self, value: int, interval: int, *, absolute: bool) -> None:
        """Arm it (value > 0) or disarm it, in nanoseconds."""
        self._ticks = 0
        self._interval = interval
        self._next = 0
        if value:
            self._next = value if absolute else self._clock() + value

    def left(self) -> tuple[int, int]:
        """The interval, and what is left until it goes off."""
        self._count()
        return self._interval, max(1, self._next - self._clock()) if self._next else 0

    def _count(self) -> None:
        """Account for the times it went off until now."""
        if not self._next or (late := self._clock() - self._next) < 0:
            return
        if self._interval:
            times = late // self._interval + 1
            self._next += times * self._interval
        else:
            times, self._next = 1, 0
        self._ticks += times
        self.edge += 1

    def read(self, n: int) -> bytes:
        if n < COUNT_SIZE:
            raise LinuxError(Errno.EINVAL)
        self._count()
        if not self._ticks:
            raise LinuxError(Errno.EAGAIN)
        ticks, self._ticks = self._ticks, 0
        return ticks.to_bytes(COUNT_SIZE, "little")

    def poll_events(self) -> int:
        self._count()
        return READABLE if self._ticks else 0

    def ready_in(self) -> float | None:
        self._count()
        if self._ticks:
            return 0.0
        return max(0, self._next - self._clock()) / 1e9 if self._next else None

    def read_deadline(self) -> float | None:
        left = self.ready_in()
        return None if left is None else self._monotonic() + left
