"""`File`: an open file description, shared by every descriptor that dup and fork made of it.

Nothing here blocks: what would have to wait raises EAGAIN, and the call that asked makes a `Wait`
of it, using `poll_events` and the host descriptors. Source: man 2 open, "Open file descriptions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    CREATION_FLAGS,
    O_ACCMODE,
    O_APPEND,
    O_NONBLOCK,
    O_PATH,
    O_RDONLY,
    O_WRONLY,
    SEEK_CUR,
    SEEK_DATA,
    SEEK_END,
    SEEK_HOLE,
    SEEK_SET,
)
from elfin.kernel.abi.poll import READABLE, WRITABLE

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller, GuestMemory
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.locks import Locks
    from elfin.kernel.files.node import Entry, Node
    from elfin.kernel.files.stat import Stat

_NO_HOST: frozenset[int] = frozenset()
MAX_OFFSET = (1 << 63) - 1


class Background(Exception):
    """A background process used its terminal and was sent a signal: the call starts again."""


class File:
    """A description: what was opened, how, and where the next read starts."""

    seekable = False
    locks: Locks | None = None  # set by the first flock or OFD lock through this description
    signal_owner = 0  # F_SETOWN
    signal_number = 0  # F_SETSIG
    quick = (
        0  # what read and write do, where that is so simple that no kernel is needed: layout.FD_...
    )
    edge: int = 0  # grows whenever new data or room arrives: what epoll's edge mode looks at

    def __init__(self, location: Location, flags: int) -> None:
        self.location = location
        self.flags = flags & ~CREATION_FLAGS
        self.position = 0
        self.references = 0

    # -- lifetime --------------------------------------------------------------------------

    def retain(self) -> File:
        self.references += 1
        return self

    def release(self) -> None:
        """Drop one reference; the last one closes."""
        self.references -= 1
        if self.references <= 0:
            if self.locks is not None:
                self.locks.drop_description(self)
            self.close()

    def close(self) -> None:
        """The last reference is gone."""

    # -- what it is ------------------------------------------------------------------------

    @property
    def node(self) -> Node:
        return self.location.node

    @property
    def readable(self) -> bool:
        return self.flags & (O_ACCMODE | O_PATH) in {O_RDONLY, 2}

    @property
    def writable(self) -> bool:
        return self.flags & (O_ACCMODE | O_PATH) in {O_WRONLY, 2}

    @property
    def nonblocking(self) -> bool:
        return bool(self.flags & O_NONBLOCK)

    def stat(self) -> Stat:
        return self.location.node.stat()

    # -- data ------------------------------------------------------------------------------

    def read(self, n: int) -> bytes:
        """Up to n bytes from the position; b"" at the end; EAGAIN if there are none yet."""
        raise LinuxError(Errno.EINVAL)

    def write(self, data: bytes) -> int:
        """Write at the position; how much went, or EAGAIN if nothing could."""
        raise LinuxError(Errno.EINVAL)

    def pread(self, offset: int, n: int) -> bytes:
        raise LinuxError(Errno.ESPIPE)

    def pwrite(self, offset: int, data: bytes) -> int:
        raise LinuxError(Errno.ESPIPE)

    def seek(self, offset: int, whence: int) -> int:
        raise LinuxError(Errno.ESPIPE)

    def truncate(self, length: int) -> None:
        raise LinuxError(Errno.EINVAL)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        raise LinuxError(Errno.ENODEV)

    def sync(self) -> None:
        """Bring written data to where it lasts."""
        raise LinuxError(Errno.EINVAL)

    def entries(self) -> list[Entry]:
        """Every directory entry; `position` counts those already given out."""
        raise LinuxError(Errno.ENOTDIR)

    def map_read(self, offset: int, n: int) -> bytes:
        """The bytes of a mapping; short at the end of the file, ENODEV if it cannot be mapped."""
        raise LinuxError(Errno.ENODEV)

    def map_write(self, offset: int, data: bytes) -> None:
        """Write a shared mapping back; never makes the file longer."""
        raise LinuxError(Errno.ENODEV)

    # -- readiness -------------------------------------------------------------------------

    def poll_events(self) -> int:
        return READABLE | WRITABLE

    def host_read(self) -> frozenset[int]:
        """Host descriptors that become readable when this may have something to read."""
        return _NO_HOST

    def host_write(self) -> frozenset[int]:
        return _NO_HOST

    def ready_in(self) -> float | None:
        """Seconds until it becomes readable by itself (a timer); None if that is unknown."""
        return None

    def open_pending(self) -> bool:
        """Whether open must still wait for the other side (a FIFO)."""
        return False

    def check_access(self, caller: Caller, *, write: bool) -> None:
        """Stop a background process at its terminal (`Background`); nothing for other files."""

    def read_deadline(self) -> float | None:
        """When a read that waits ends anyway, on the world's monotonic clock (VTIME)."""
        return None

    def ioctl(self, caller: Caller, memory: GuestMemory, request: int, argument: int) -> int:
        raise LinuxError(Errno.ENOTTY)


class PositionedFile(File):
    """A file with a size and a position: `pread`, `store`, `size` give all the rest."""

    seekable = True

    def size(self) -> int:
        raise NotImplementedError

    def store(self, offset: int, data: bytes) -> int:
        """Write at an offset, whatever the flags."""
        raise NotImplementedError

    def read(self, n: int) -> bytes:
        data = self.pread(self.position, n)
        self.position += len(data)
        return data

    def write(self, data: bytes) -> int:
        if self.flags & O_APPEND and data:
            self.position = self.size()
        done = self.store(self.position, data)
        self.position += done
        return done

    def pwrite(self, offset: int, data: bytes) -> int:
        # Linux appends here too, against POSIX (man 2 pwrite, BUGS).
        return self.store(self.size() if self.flags & O_APPEND else offset, data)

    def seek(self, offset: int, whence: int) -> int:
        if whence == SEEK_SET:
            to = offset
        elif whence == SEEK_CUR:
            to = self.position + offset
        elif whence == SEEK_END:
            to = self.size() + offset
        elif whence in {SEEK_DATA, SEEK_HOLE}:
            if not 0 <= offset < self.size():
                raise LinuxError(Errno.ENXIO)
            to = self.find_data(offset) if whence == SEEK_DATA else self.find_hole(offset)
        else:
            raise LinuxError(Errno.EINVAL)
        if to > MAX_OFFSET:
            raise LinuxError(Errno.EOVERFLOW if whence != SEEK_SET else Errno.EINVAL)
        if to < 0:
            raise LinuxError(Errno.EINVAL)
        self.position = to
        return to

    def find_data(self, offset: int) -> int:
        """The first offset from here on that holds data (ENXIO if only a hole is left)."""
        return offset

    def find_hole(self, offset: int) -> int:
        """The first offset from here on in a hole; the end of the file is one."""
        return self.size()

    def map_read(self, offset: int, n: int) -> bytes:
        return self.pread(offset, n)

    def map_write(self, offset: int, data: bytes) -> None:
        self.store(offset, data[: max(0, self.size() - offset)])


class PathFile(File):
    """What O_PATH opens: a place in the tree, nothing to read (man 2 open)."""

    def read(self, n: int) -> bytes:
        raise LinuxError(Errno.EBADF)

    def write(self, data: bytes) -> int:
        raise LinuxError(Errno.EBADF)
