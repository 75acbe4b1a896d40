"""memfd_create: a memory file without a name, whose changes can be sealed (man 2 memfd_create)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    F_SEAL_EXEC,
    F_SEAL_FUTURE_WRITE,
    F_SEAL_GROW,
    F_SEAL_SEAL,
    F_SEAL_SHRINK,
    F_SEAL_WRITE,
)
from elfin.kernel.files.memory_fs import MemoryFile, MemoryRegular

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.memory_fs import MemoryFs

_KNOWN = (
    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC
)


class MemNode(MemoryRegular):
    """The file; its seals are its own, whoever has it open."""

    def __init__(self, fs: MemoryFs, mode: int, uid: int, gid: int, seals: int) -> None:
        super().__init__(fs, mode, uid, gid)
        self.seals = seals

    def open(self, flags: int, location: Location) -> File:
        return MemFile(self, location, flags)

    def truncate(self, length: int) -> None:
        old = self.content.size
        if (length < old and self.seals & F_SEAL_SHRINK) or (
            length > old and self.seals & F_SEAL_GROW
        ):
            raise LinuxError(Errno.EPERM)
        super().truncate(length)


class MemFile(MemoryFile):
    def __init__(self, node: MemNode, location: Location, flags: int) -> None:
        super().__init__(node, location, flags)
        self._sealed = node

    @property
    def seals(self) -> int:
        return self._sealed.seals

    def add_seals(self, seals: int) -> None:
        if seals & ~_KNOWN:
            raise LinuxError(Errno.EINVAL)
        if self.seals & F_SEAL_SEAL:
            raise LinuxError(Errno.EPERM)
        self._sealed.seals |= seals

    def store(self, offset: int, data: bytes) -> int:
        if self.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE):
            raise LinuxError(Errno.EPERM)
        if self.seals & F_SEAL_GROW:
            room = self.size() - offset
            if room <= 0 and data:
                raise LinuxError(Errno.EPERM)
            data = data[:room]
        return super().store(offset, data)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        if self.seals & F_SEAL_GROW and offset + length > self.size() and not mode & 1:
            raise LinuxError(Errno.EPERM)
        if self.seals & F_SEAL_WRITE:
            raise LinuxError(Errno.EPERM)
        super().allocate(mode, offset, length)
