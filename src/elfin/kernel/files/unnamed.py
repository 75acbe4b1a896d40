"""Objects without a place in the tree: pipes, event descriptors, streams of the host, memfd.

They are nodes like all others, so fstat, /proc/PID/fd and opening through it need no special case.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.stat import PIPEFS_MAGIC, S_IFDIR
from elfin.kernel.files.node import FileSystem, Node
from elfin.kernel.files.stat import Stat, StatFs

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location


class UnnamedFs(FileSystem):
    """Gives numbers to unnamed objects; its root is nothing but a root."""

    kind = b"anon"

    def __init__(self) -> None:
        self._numbers = count(1)
        self.root = UnnamedNode(self, S_IFDIR | 0o700)

    def next_number(self) -> int:
        return next(self._numbers)

    def statfs(self) -> StatFs:
        return StatFs(PIPEFS_MAGIC, 0, 0, 0, 0)


class UnnamedNode(Node):
    """An object with a number, a mode and an owner; `opener` makes one more description of it."""

    fs: UnnamedFs

    def __init__(
        self,
        fs: UnnamedFs,
        mode: int,
        uid: int = 0,
        gid: int = 0,
        *,
        now: int = 0,
        opener: Callable[[int, Location], File] | None = None,
    ) -> None:
        self.fs = fs
        self.ino = fs.next_number()
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self._time = now
        self._opener = opener

    def stat(self) -> Stat:
        now = self._time
        return Stat(
            self.fs.device,
            self.ino,
            self.mode,
            uid=self.uid,
            gid=self.gid,
            rdev=self.rdev,
            atime=now,
            mtime=now,
            ctime=now,
        )

    def set_mode(self, mode: int) -> None:
        self.mode = self.mode & ~0o7777 | mode & 0o7777

    def set_owner(self, uid: int, gid: int) -> None:
        self.uid = self.uid if uid == -1 else uid
        self.gid = self.gid if gid == -1 else gid

    def open(self, flags: int, location: Location) -> File:
        if self._opener is None:
            raise LinuxError(Errno.ENXIO)
        return self._opener(flags, location)
