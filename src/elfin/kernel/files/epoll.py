"""epoll: a description that watches others (man 7 epoll).

An entry belongs to a description, not to a descriptor: it goes when the description is closed.
Edges are counted by the descriptions (`File.edge`); what does not count them is reported again
when it has been seen not ready in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.poll import (
    ALWAYS,
    EPOLLET,
    EPOLLEXCLUSIVE,
    EPOLLONESHOT,
    POLLWRBAND,
    READABLE,
    WRITABLE,
)
from elfin.kernel.abi.stat import S_IFDIR, S_IFREG
from elfin.kernel.files.file import File
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.files.location import Location

MAX_NESTING = 5


@dataclass(slots=True)
class Watch:
    """One watched description: for which events, and what the program wants told with them."""

    file: File
    events: int
    data: int
    enabled: bool = True
    told: int = 0  # events reported since they were last seen gone
    edge: int = -1  # the description's edge count when it was last reported

    def ready(self) -> int:
        """The events to report now."""
        if not self.enabled:
            return 0
        now = self.file.poll_events() & (self.events & 0xFFFF | ALWAYS)
        if not self.events & EPOLLET:
            return now
        if self.file.edge != self.edge:
            self.told = 0
        self.told &= now
        return now if now & ~self.told else 0

    def host_read(self) -> frozenset[int]:
        return self.file.host_read() if self.enabled else frozenset()

    def host_write(self) -> frozenset[int]:
        """Only where it was asked and is news: a terminal, say, nearly always can be written to."""
        if not self.enabled or not (self.events & (WRITABLE | POLLWRBAND) or self._is_epoll()):
            return frozenset()
        told = self.events & EPOLLET and self.told & WRITABLE and self.file.edge == self.edge
        return frozenset() if told else self.file.host_write()

    def _is_epoll(self) -> bool:
        return isinstance(self.file, EpollFile)  # its own events say what it waits for

    def report(self, events: int) -> None:
        self.told |= events
        self.edge = self.file.edge
        if self.events & EPOLLONESHOT:
            self.enabled = False


class EpollFile(File):
    """What epoll_create gives."""

    def __init__(self, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.watches: dict[tuple[int, int], Watch] = {}

    def _watches(self) -> dict[tuple[int, int], Watch]:
        """Those whose descriptions are still open."""
        for key in [k for k, w in self.watches.items() if w.file.references <= 0]:
            del self.watches[key]
        return self.watches

    @property
    def edge(self) -> int:  # type: ignore[override]
        return sum(watch.file.edge for watch in self._watches().values())

    def _find(self, fd: int, file: File) -> Watch:
        watch = self._watches().get((fd, id(file)))
        if watch is None:
            raise LinuxError(Errno.ENOENT)
        return watch

    def add(self, fd: int, file: File, events: int, data: int) -> None:
        if file.node.type in {S_IFREG, S_IFDIR}:
            raise LinuxError(Errno.EPERM)
        if isinstance(file, EpollFile):
            if events & EPOLLEXCLUSIVE:
                raise LinuxError(Errno.EINVAL)
            if file.depth_to(self) > MAX_NESTING:
                raise LinuxError(Errno.ELOOP)
        if (fd, id(file)) in self._watches():
            raise LinuxError(Errno.EEXIST)
        self.watches[fd, id(file)] = Watch(file, events, data)

    def depth_to(self, other: File, depth: int = 1) -> int:
        """How deep the nesting of epolls below this one is; too deep if `other` is in it."""
        if self is other or depth > MAX_NESTING:
            return MAX_NESTING + 1
        inner = [w.file for w in self._watches().values() if isinstance(w.file, EpollFile)]
        return max((f.depth_to(other, depth + 1) for f in inner), default=depth)

    def modify(self, fd: int, file: File, events: int, data: int) -> None:
        watch = self._find(fd, file)
        if (watch.events | events) & EPOLLEXCLUSIVE:
            raise LinuxError(Errno.EINVAL)
        watch.events, watch.data = events, data
        watch.enabled, watch.told, watch.edge = True, 0, -1

    def remove(self, fd: int, file: File) -> None:
        self._find(fd, file)
        del self.watches[fd, id(file)]

    def collect(self, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` pairs of events and data; those reported go to the end of the line."""
        found: list[tuple[int, int]] = []
        for key, watch in list(self._watches().items()):
            if len(found) == limit:
                break
            events = watch.ready()
            if events:
                watch.report(events)
                found.append((events, watch.data))
                self.watches[key] = self.watches.pop(key)
        return found

    def poll_events(self) -> int:
        return READABLE if any(w.ready() for w in self._watches().values()) else 0

    def host_read(self) -> frozenset[int]:
        return frozenset().union(*(w.host_read() for w in self._watches().values()))

    def host_write(self) -> frozenset[int]:
        return frozenset().union(*(w.host_write() for w in self._watches().values()))

    def ready_in(self) -> float | None:
        times = [w.file.ready_in() for w in self._watches().values()]
        return min((left for left in times if left is not None), default=None)
