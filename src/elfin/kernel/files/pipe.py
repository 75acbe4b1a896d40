"""Pipes and FIFOs (man 7 pipe, fifo): a bounded buffer between two kinds of descriptions.

A write of up to PIPE_BUF bytes goes whole or not at all; a longer one goes as far as there is
room. What must wait raises EAGAIN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY, PIPE_BUF
from elfin.kernel.abi.ioctl import FIONREAD
from elfin.kernel.abi.poll import POLLERR, POLLHUP, READABLE, WRITABLE
from elfin.kernel.files.file import File

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller, GuestMemory
    from elfin.kernel.files.location import Location

DEFAULT_SIZE = 1 << 16
MAX_SIZE = 1 << 20  # /proc/sys/fs/pipe-max-size


class Pipe:
    """The buffer, and how many descriptions read and write it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.size = DEFAULT_SIZE
        self.readers = 0
        self.writers = 0
        self.readers_seen = 0  # how often one was opened: an open waits for the next
        self.writers_seen = 0
        self.filled = 0  # how often data came, and room: edges for epoll
        self.drained = 0

    @property
    def room(self) -> int:
        return self.size - len(self.data)

    def take(self, n: int) -> bytes:
        data = bytes(self.data[:n])
        del self.data[:n]
        self.drained += 1
        return data

    def put(self, data: bytes) -> int:
        """Append what fits; EAGAIN if nothing may go."""
        room = self.room
        if len(data) > room:
            if len(data) <= PIPE_BUF or not room:
                raise LinuxError(Errno.EAGAIN)
            data = data[:room]
        self.data += data
        self.filled += 1
        return len(data)

    def resize(self, size: int) -> int:
        if size > MAX_SIZE:
            raise LinuxError(Errno.EPERM)
        size = max(PIPE_BUF, 1 << max(0, size - 1).bit_length())
        if size < len(self.data):
            raise LinuxError(Errno.EBUSY)
        self.size = size
        return size


class PipeEnd(File):
    """A description of a pipe: the reading end, the writing end, or both (a FIFO)."""

    def __init__(self, pipe: Pipe, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.pipe = pipe
        if self.readable:
            pipe.readers += 1
            pipe.readers_seen += 1
        if self.writable:
            pipe.writers += 1
            pipe.writers_seen += 1
        self._met = pipe.writers_seen, pipe.readers_seen

    def close(self) -> None:
        self.pipe.readers -= self.readable
        self.pipe.writers -= self.writable
        self.pipe.filled += 1
        self.pipe.drained += 1
        if not self.pipe.readers and not self.pipe.writers:
            self.pipe.data.clear()

    def open_pending(self) -> bool:
        writers, readers = self._met
        if not self.writable:
            return not self.pipe.writers and self.pipe.writers_seen == writers
        return not self.pipe.readers and self.pipe.readers_seen == readers

    @property
    def edge(self) -> int:  # type: ignore[override]
        return self.pipe.filled * self.readable + self.pipe.drained * self.writable

    def read(self, n: int) -> bytes:
        if n == 0:
            return b""
        if not self.pipe.data:
            if self.pipe.writers:
                raise LinuxError(Errno.EAGAIN)
            return b""
        return self.pipe.take(n)

    def peek(self, n: int) -> bytes:
        """As `read`, but what was read stays."""
        if not self.pipe.data and self.pipe.writers:
            raise LinuxError(Errno.EAGAIN)
        return bytes(self.pipe.data[:n])

    def write(self, data: bytes) -> int:
        if not self.pipe.readers:
            raise LinuxError(Errno.EPIPE)
        return self.pipe.put(data) if data else 0

    def poll_events(self) -> int:
        events = 0
        if self.readable:
            if self.pipe.data:
                events |= READABLE
            # A FIFO whose writer has not come yet has not hung up either.
            if not self.pipe.writers and self.pipe.writers_seen != self._unmet_writers():
                events |= POLLHUP
        if self.writable:
            if self.pipe.room >= PIPE_BUF:
                events |= WRITABLE
            if not self.pipe.readers:
                events |= POLLERR
        return events

    def _unmet_writers(self) -> int:
        return self._met[0] if self.flags & O_NONBLOCK and not self.writable else -1

    def ioctl(self, caller: Caller, memory: GuestMemory, request: int, argument: int) -> int:
        if request == FIONREAD:
            memory.write_memory(argument, len(self.pipe.data).to_bytes(4, "little"))
            return 0
        return super().ioctl(caller, memory, request, argument)


class Fifos:
    """The pipes behind the FIFOs that are open somewhere."""

    def __init__(self) -> None:
        self._pipes: WeakValueDictionary[tuple[int, int], Pipe] = WeakValueDictionary()

    def open(self, location: Location, flags: int) -> File:
        key = location.node.key
        pipe = self._pipes.get(key)
        if pipe is None:
            pipe = self._pipes[key] = Pipe()
        mode = flags & O_ACCMODE
        if mode == O_WRONLY and flags & O_NONBLOCK and not pipe.readers:
            raise LinuxError(Errno.ENXIO)
        end = PipeEnd(pipe, location, flags)
        if mode not in {O_RDONLY, O_WRONLY} and not end.readable:
            end.close()
            raise LinuxError(Errno.EINVAL)
        return end
