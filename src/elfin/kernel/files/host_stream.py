"""Descriptors of the host passed through, as the standard streams.

A host descriptor is never made non-blocking (its file description is shared with the caller's
shell): it is asked with poll first, and a pipe is written in pieces that cannot block.
"""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import PIPE_BUF
from elfin.kernel.abi.ioctl import FIONREAD
from elfin.kernel.abi.poll import POLLERR, POLLHUP, POLLIN, POLLOUT, READABLE, WRITABLE
from elfin.kernel.abi.stat import S_IFIFO, S_IFMT, S_IFREG
from elfin.kernel.files.file import File
from elfin.kernel.files.host_error import host_error
from elfin.kernel.files.location import Location
from elfin.kernel.files.unnamed import UnnamedNode

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller, GuestMemory
    from elfin.kernel.files.stat import Stat
    from elfin.kernel.files.vfs import Vfs


def host_ready(fd: int, events: int) -> int:
    """The poll events of a host descriptor, now."""
    poll = select.poll()
    poll.register(fd, events)
    answer = poll.poll(0)
    return answer[0][1] if answer else 0


class HostStream(File):
    """A host descriptor that is a pipe, a socket, a file or a device, but no terminal."""

    fd = -1

    def __init__(self, fd: int, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.fd = fd
        self._is_file = location.node.type == S_IFREG
        self.seekable = self._is_file

    # The position is the host's: whoever shares the description, outside too, moves it.
    @property
    def position(self) -> int:
        return self.seek(0, os.SEEK_CUR) if self.seekable else 0

    @position.setter
    def position(self, value: int) -> None:
        if self.seekable and self.fd >= 0:
            self.seek(value, os.SEEK_SET)

    def read(self, n: int) -> bytes:
        self.edge += 1  # the host does not tell when data comes: after each use it may have
        if not self._is_file and not host_ready(self.fd, select.POLLIN):
            raise LinuxError(Errno.EAGAIN)
        try:
            return os.read(self.fd, n)
        except OSError as error:
            raise host_error(error) from None

    def write(self, data: bytes) -> int:
        self.edge += 1
        try:
            if self._is_file:
                return os.write(self.fd, data)
            return self._write_pieces(data)
        except OSError as error:
            raise host_error(error) from None

    def _write_pieces(self, data: bytes) -> int:
        done = 0
        while done < len(data) or not data:
            ready = host_ready(self.fd, select.POLLOUT)
            if ready & (select.POLLERR | select.POLLHUP) and not done:
                return os.write(self.fd, data[:1])  # EPIPE, said by the host itself
            if not ready & select.POLLOUT:
                break
            if not data:
                return 0
            done += os.write(self.fd, data[done : done + PIPE_BUF])
        if not done:
            raise LinuxError(Errno.EAGAIN)
        return done

    def pread(self, offset: int, n: int) -> bytes:
        try:
            return os.pread(self.fd, n, offset)
        except OSError as error:
            raise host_error(error) from None

    def pwrite(self, offset: int, data: bytes) -> int:
        try:
            return os.pwrite(self.fd, data, offset)
        except OSError as error:
            raise host_error(error) from None

    def seek(self, offset: int, whence: int) -> int:
        try:
            return os.lseek(self.fd, offset, whence)
        except OSError as error:
            raise host_error(error) from None

    def truncate(self, length: int) -> None:
        try:
            os.ftruncate(self.fd, length)
        except OSError as error:
            raise host_error(error) from None

    def map_read(self, offset: int, n: int) -> bytes:
        if not self._is_file:
            raise LinuxError(Errno.ENODEV)
        return self.pread(offset, n)

    def map_write(self, offset: int, data: bytes) -> None:
        size = os.fstat(self.fd).st_size
        self.pwrite(offset, data[: max(0, size - offset)])

    def sync(self) -> None:
        if not self._is_file:
            raise LinuxError(Errno.EINVAL)
        os.fsync(self.fd)

    def stat(self) -> Stat:
        stat, host = self.location.node.stat(), os.fstat(self.fd)
        stat.nlink, stat.size, stat.blocks = host.st_nlink, host.st_size, host.st_blocks
        stat.atime, stat.mtime, stat.ctime = host.st_atime_ns, host.st_mtime_ns, host.st_ctime_ns
        return stat

    def poll_events(self) -> int:
        wanted = (select.POLLIN if self.readable else 0) | (select.POLLOUT if self.writable else 0)
        ready = host_ready(self.fd, wanted)
        events = ready & (POLLERR | POLLHUP)
        if ready & POLLIN:
            events |= READABLE
        return events | WRITABLE if ready & POLLOUT else events

    def host_read(self) -> frozenset[int]:
        return frozenset((self.fd,))

    def host_write(self) -> frozenset[int]:
        return frozenset((self.fd,))

    def ioctl(self, caller: Caller, memory: GuestMemory, request: int, argument: int) -> int:
        if request == FIONREAD and self._is_file:
            left = os.fstat(self.fd).st_size - os.lseek(self.fd, 0, os.SEEK_CUR)
            memory.write_memory(argument, max(0, left).to_bytes(4, "little"))
            return 0
        return super().ioctl(caller, memory, request, argument)


def host_location(vfs: Vfs, fd: int, same: dict[tuple[int, int], Location]) -> Location:
    """A place for a host descriptor; two descriptors of one host file share it (`same`)."""
    host = os.fstat(fd)
    key = host.st_dev, host.st_ino
    if key not in same:
        node = UnnamedNode(vfs.unnamed, host.st_mode, host.st_uid, host.st_gid)
        node.rdev = host.st_rdev
        kind = b"pipe" if host.st_mode & S_IFMT == S_IFIFO else b"host"
        same[key] = Location(vfs.nowhere, node, None, b"%s:[%d]" % (kind, node.ino))
    return same[key]
