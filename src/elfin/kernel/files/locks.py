"""File locks: record locks of processes (POSIX), of descriptions (OFD), and flock.

Locks hang on a node's key, so every name and description of a file sees them. Nothing waits here:
a conflict raises EAGAIN and the call makes a `Wait`. Source: man 2 fcntl (advisory record locking),
flock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import F_RDLCK, F_UNLCK, F_WRLCK
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.files.file import File

END = 1 << 63  # one past the last offset: a lock "to the end of the file" ends here
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Lock:
    """A locked range [start, end) of a file; the owner is a process or a description."""

    owner: object
    kind: int  # F_RDLCK or F_WRLCK
    start: int
    end: int
    pid: int  # what F_GETLK tells: -1 for a description's lock

    def without(self, start: int, end: int) -> list[Lock]:
        """What is left of the lock when [start, end) is taken out of it."""
        if end <= self.start or self.end <= start:
            return [self]
        left = []
        if self.start < start:
            left.append(Lock(self.owner, self.kind, self.start, start, self.pid))
        if end < self.end:
            left.append(Lock(self.owner, self.kind, end, self.end, self.pid))
        return left


class Locks:
    """Every lock of one machine."""

    def __init__(self) -> None:
        self._records: dict[Key, list[Lock]] = {}
        self._flocks: dict[Key, dict[File, int]] = {}
        self._waiting: dict[object, object] = {}  # owner -> the owner it waits for

    # -- record locks ----------------------------------------------------------------------

    def conflict(self, key: Key, wanted: Lock) -> Lock | None:
        """The first lock of somebody else that excludes `wanted`."""
        for held in self._records.get(key, ()):
            if (
                held.owner is not wanted.owner
                and held.start < wanted.end
                and wanted.start < held.end
                and F_WRLCK in {held.kind, wanted.kind}
            ):
                return held
        return None

    def set(self, key: Key, wanted: Lock) -> None:
        """Take, change or (F_UNLCK) give back a range; EAGAIN on a conflict."""
        if wanted.kind != F_UNLCK and self.conflict(key, wanted):
            raise LinuxError(Errno.EAGAIN)
        start, end = wanted.start, wanted.end
        kept: list[Lock] = []
        for held in self._records.get(key, ()):
            if held.owner is not wanted.owner:
                kept.append(held)
            elif held.kind == wanted.kind and held.start <= end and start <= held.end:
                start, end = min(start, held.start), max(end, held.end)  # neighbours join
            else:
                kept += held.without(wanted.start, wanted.end)
        if wanted.kind != F_UNLCK:
            kept.append(Lock(wanted.owner, wanted.kind, start, end, wanted.pid))
            kept.sort(key=lambda lock: lock.start)
        self._store(key, kept)

    def _store(self, key: Key, locks: list[Lock]) -> None:
        if locks:
            self._records[key] = locks
        else:
            self._records.pop(key, None)

    def wait_for(self, owner: object, holder: object) -> None:
        """Note who waits for whom; EDEADLK if that closes a circle."""
        step: object | None = holder
        while step is not None:
            if step is owner:
                raise LinuxError(Errno.EDEADLK)
            step = self._waiting.get(step)
        self._waiting[owner] = holder

    def stop_waiting(self, owner: object) -> None:
        self._waiting.pop(owner, None)

    # -- flock -----------------------------------------------------------------------------

    def flock(self, file: File, kind: int) -> None:
        """Take, change or give back the lock of a description on the whole file."""
        key = file.node.key
        holders = self._flocks.setdefault(key, {})
        others = [k for f, k in holders.items() if f is not file]
        if (kind == F_WRLCK and others) or (kind == F_RDLCK and F_WRLCK in others):
            # A conversion is not atomic (man 2 flock): the old lock is lost.
            holders.pop(file, None)
            raise LinuxError(Errno.EAGAIN)
        if kind == F_UNLCK:
            holders.pop(file, None)
        else:
            holders[file] = kind
            file.locks = self
        if not holders:
            del self._flocks[key]

    # -- endings ---------------------------------------------------------------------------

    def drop_process(self, file: File, process: object) -> None:
        """A process closed a descriptor of the file: all its record locks on it go."""
        if self._records:
            self._drop(file.node.key, process)

    def drop_description(self, file: File) -> None:
        """The last reference to a description is gone."""
        key = file.node.key
        self._drop(key, file)
        holders = self._flocks.get(key)
        if holders is not None:
            holders.pop(file, None)
            if not holders:
                del self._flocks[key]

    def _drop(self, key: Key, owner: object) -> None:
        held = self._records.get(key)
        if held is not None:
            self._store(key, [lock for lock in held if lock.owner is not owner])
