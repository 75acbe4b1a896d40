"""`FileTable`: the descriptors of a process, each a description and its close-on-exec mark.

Source: man 2 dup, close, close_range, execve.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.layout import DESCRIPTORS, DESCRIPTORS_LIMIT, FD_OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from elfin.kernel.files.file import File
    from elfin.kernel.files.locks import Locks

MARKED = DESCRIPTORS_LIMIT - DESCRIPTORS
DEFAULT_LIMIT = 1024  # RLIMIT_NOFILE as Linux sets it for the first process


class FileTable:
    """Descriptors; the lowest free one is given out. Copied by fork, shared with CLONE_FILES."""

    def __init__(self, locks: Locks, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        self.locks = locks
        self.users = 1  # processes that share it
        self._files: dict[int, File] = {}
        self._cloexec: set[int] = set()
        # Every free descriptor below `_end` is in the heap, which may also hold stale ones.
        self._free: list[int] = []
        self._end = 0
        # What quick system calls know (kernel/mirror.py): a byte a descriptor, layout.FD_... bits.
        self.marks = bytearray(MARKED)
        self.changes = 0  # of `marks` and `end`

    @property
    def end(self) -> int:
        """Descriptors from here on have never been open."""
        return self._end

    def get(self, fd: int) -> File:
        file = self._files.get(fd)
        if file is None:
            raise LinuxError(Errno.EBADF)
        return file

    def find(self, fd: int) -> File | None:
        return self._files.get(fd)

    def items(self) -> Iterable[tuple[int, File]]:
        return sorted(self._files.items())

    def __len__(self) -> int:
        return len(self._files)

    # -- giving out ------------------------------------------------------------------------

    def lowest_free(self, lowest: int = 0) -> int:
        if lowest:
            fd = lowest
            while fd in self._files:
                fd += 1
        else:
            while self._free and (self._free[0] in self._files or self._free[0] >= self._end):
                heappop(self._free)
            fd = self._free[0] if self._free else self._end
        if fd >= self.limit:
            raise LinuxError(Errno.EMFILE)
        return fd

    def install(self, file: File, *, cloexec: bool = False, lowest: int = 0) -> int:
        """Put a description at the lowest free descriptor; takes one reference (EMFILE)."""
        try:
            fd = self.lowest_free(lowest)
        except LinuxError:
            file.retain().release()  # nobody will own it: close what was just opened
            raise
        self._put(fd, file, cloexec=cloexec)
        return fd

    def replace(self, fd: int, file: File, owner: object, *, cloexec: bool = False) -> None:
        """Put a description at a given descriptor, closing what was there (dup2)."""
        if not 0 <= fd < self.limit:
            raise LinuxError(Errno.EBADF)
        file.retain()
        if fd in self._files:
            self.close(fd, owner)
        self._put(fd, file, cloexec=cloexec)
        file.release()

    def _put(self, fd: int, file: File, *, cloexec: bool) -> None:
        self._files[fd] = file.retain()
        self._cloexec.discard(fd)
        if cloexec:
            self._cloexec.add(fd)
        for gap in range(self._end, fd):
            heappush(self._free, gap)
        self._end = max(self._end, fd + 1)
        self._mark(fd, FD_OPEN | file.quick)

    # -- taking back -----------------------------------------------------------------------

    def close(self, fd: int, owner: object) -> None:
        """Close a descriptor; the owner's record locks on that file go, whichever took them."""
        file = self._files.pop(fd, None)
        if file is None:
            raise LinuxError(Errno.EBADF)
        self._cloexec.discard(fd)
        heappush(self._free, fd)
        self._mark(fd, 0)
        self.locks.drop_process(file, owner)
        file.release()

    def _mark(self, fd: int, mark: int) -> None:
        self.changes += 1
        if fd < MARKED:
            self.marks[fd] = mark

    def close_on_exec(self, owner: object) -> None:
        for fd in sorted(self._cloexec):
            self.close(fd, owner)

    def unshare(self) -> FileTable:
        """A table of one's own, if others use this one too."""
        if self.users == 1:
            return self
        self.users -= 1
        return self.copy()

    def close_all(self, owner: object) -> None:
        for fd in sorted(self._files):
            self.close(fd, owner)

    def copy(self) -> FileTable:
        other = FileTable(self.locks, self.limit)
        for file in self._files.values():
            file.retain()
        other._files = dict(self._files)
        other._cloexec = set(self._cloexec)
        other._free = list(self._free)
        other._end = self._end
        other.marks = bytearray(self.marks)
        return other

    # -- close-on-exec ---------------------------------------------------------------------

    def is_cloexec(self, fd: int) -> bool:
        return fd in self._cloexec

    def set_cloexec(self, fd: int, *, on: bool) -> None:
        self.get(fd)
        if on:
            self._cloexec.add(fd)
        else:
            self._cloexec.discard(fd)
