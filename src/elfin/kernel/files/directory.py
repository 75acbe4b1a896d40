"""`DirectoryFile`: an open directory, read as a list taken when reading starts.

POSIX leaves open whether entries made or removed since then are seen; a list taken once gives
every entry that stays exactly once, and stable offsets for seekdir.
"""

from __future__ import annotations

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import SEEK_CUR, SEEK_SET
from elfin.kernel.abi.stat import S_IFDIR
from elfin.kernel.files.file import File
from elfin.kernel.files.node import Entry


class DirectoryFile(File):
    """A description of a directory; `position` counts entries."""

    seekable = True
    _entries: list[Entry] | None = None

    def entries(self) -> list[Entry]:
        if self._entries is None or self.position == 0:
            node = self.node
            if node.is_deleted:
                raise LinuxError(Errno.ENOENT)
            above = node.parent or node
            dots = [(b".", node.ino, S_IFDIR), (b"..", above.ino, S_IFDIR)]
            self._entries = [*dots, *node.entries()]
        return self._entries

    def read(self, n: int) -> bytes:
        raise LinuxError(Errno.EISDIR)

    def pread(self, offset: int, n: int) -> bytes:
        raise LinuxError(Errno.EISDIR)

    def seek(self, offset: int, whence: int) -> int:
        if whence == SEEK_CUR:
            offset += self.position
        elif whence != SEEK_SET:
            raise LinuxError(Errno.EINVAL)
        if offset < 0:
            raise LinuxError(Errno.EINVAL)
        self.position = offset
        return offset

    def sync(self) -> None:
        pass
