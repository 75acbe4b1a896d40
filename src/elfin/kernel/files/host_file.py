"""`HostFile`: a regular file of the host, open for the guest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_APPEND
from elfin.kernel.files.file import PositionedFile
from elfin.kernel.files.host_error import host_error

if TYPE_CHECKING:
    from elfin.kernel.files.host_fd import HostFd
    from elfin.kernel.files.host_fs import HostFs
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.stat import Stat


class HostFile(PositionedFile):
    """A description with its own host descriptor; the position is the guest's."""

    def __init__(self, fs: HostFs, fd: HostFd, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self._fs = fs
        self._fd: HostFd | None = fd

    @property
    def fd(self) -> int:
        if self._fd is None:
            raise LinuxError(Errno.EBADF)
        return self._fd.number

    def close(self) -> None:
        self._fd = None

    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def stat(self) -> Stat:
        return self._fs.stat_of(os.fstat(self.fd))

    def pread(self, offset: int, n: int) -> bytes:
        try:
            return os.pread(self.fd, n, offset)
        except OSError as error:
            raise host_error(error) from None

    def store(self, offset: int, data: bytes) -> int:
        try:
            return os.pwrite(self.fd, data, offset)
        except OSError as error:
            raise host_error(error) from None

    def write(self, data: bytes) -> int:
        if not self.flags & O_APPEND or not data:
            return super().write(data)
        done = self._append(data)
        self.position = self.size()
        return done

    def pwrite(self, offset: int, data: bytes) -> int:
        return self._append(data) if self.flags & O_APPEND else self.store(offset, data)

    def _append(self, data: bytes) -> int:
        """At the end, wherever other writers have moved it."""
        try:
            return os.pwritev(self.fd, [data], 0, os.RWF_APPEND)
        except OSError as error:
            raise host_error(error) from None

    def truncate(self, length: int) -> None:
        try:
            os.ftruncate(self.fd, length)
        except OSError as error:
            raise host_error(error) from None

    def allocate(self, mode: int, offset: int, length: int) -> None:
        if mode:
            raise LinuxError(Errno.EOPNOTSUPP)
        try:
            os.posix_fallocate(self.fd, offset, length)
        except OSError as error:
            raise host_error(error) from None

    def sync(self) -> None:
        try:
            os.fsync(self.fd)
        except OSError as error:
            raise host_error(error) from None

    def _find(self, offset: int, whence: int) -> int:
        try:
            return os.lseek(self.fd, offset, whence)
        except OSError as error:
            raise host_error(error) from None

    def find_data(self, offset: int) -> int:
        return self._find(offset, os.SEEK_DATA)

    def find_hole(self, offset: int) -> int:
        return self._find(offset, os.SEEK_HOLE)
