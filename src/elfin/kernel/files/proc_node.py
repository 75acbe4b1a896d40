"""The kinds of nodes /proc is made of: texts made when they are read, directories, links.

Sizes are 0 and times are those of the moment, as on Linux; nothing is kept between two looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.stat import S_IFDIR, S_IFLNK, S_IFREG
from elfin.kernel.files.file import PositionedFile
from elfin.kernel.files.node import Entry, FileSystem, Node
from elfin.kernel.files.stat import Stat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location


class ProcFileSystem(FileSystem):
    """Numbers the nodes of /proc by what they are, so that they stay the same."""

    kind = b"proc"

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self._numbers: dict[object, int] = {}

    def number(self, what: object) -> int:
        return self._numbers.setdefault(what, len(self._numbers) + 1)


class ProcNode(Node):
    """A node that belongs to a process or to user 0."""

    fs: ProcFileSystem

    def __init__(self, fs: ProcFileSystem, what: object, mode: int, owner: tuple[int, int]) -> None:
        self.fs = fs
        self.ino = fs.number(what)
        self.mode = mode
        self.uid, self.gid = owner

    def links(self) -> int:
        return 1

    def stat(self) -> Stat:
        now = self.fs.clock()
        return Stat(
            self.fs.device,
            self.ino,
            self.mode,
            self.links(),
            self.uid,
            self.gid,
            atime=now,
            mtime=now,
            ctime=now,
            blksize=1024,
        )


class ProcText(ProcNode):
    """A file whose content is made when it is read from its start."""

    def __init__(
        self,
        fs: ProcFileSystem,
        what: object,
        text: Callable[[], bytes],
        *,
        owner: tuple[int, int] = (0, 0),
        mode: int = 0o444,
        store: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__(fs, what, S_IFREG | mode, owner)
        self.text = text
        self.store = store

    def open(self, flags: int, location: Location) -> File:
        return ProcFile(self, location, flags)

    def truncate(self, length: int) -> None:
        """Opening with O_TRUNC is allowed and does nothing."""


class ProcFile(PositionedFile):
    """A description of a text: what was made for the last read from the start."""

    def __init__(self, node: ProcText, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self._node = node
        self._text: bytes | None = None

    def size(self) -> int:
        return 0

    def pread(self, offset: int, n: int) -> bytes:
        if self._text is None or offset == 0:
            self._text = self._node.text()
        return self._text[offset : offset + n]

    def store(self, offset: int, data: bytes) -> int:
        if self._node.store is None:
            raise LinuxError(Errno.EINVAL)
        self._node.store(data)
        return len(data)

    def map_read(self, offset: int, n: int) -> bytes:
        raise LinuxError(Errno.ENODEV)


class ProcLink(ProcNode):
    """A link by its text (/proc/self), or one that leads straight to a place."""

    def __init__(
        self,
        fs: ProcFileSystem,
        what: object,
        text: Callable[[], bytes],
        *,
        place: Callable[[Caller], Location] | None = None,
        owner: tuple[int, int] = (0, 0),
        mode: int = 0o777,
    ) -> None:
        super().__init__(fs, what, S_IFLNK | mode, owner)
        self._text = text
        self._place = place

    def _check(self, caller: Caller) -> None:
        """Where another user's process is, is nobody's business (ptrace access)."""
        if self._place is not None and caller.credentials.fsuid not in {0, self.uid}:
            raise LinuxError(Errno.EACCES)

    def readlink(self, caller: Caller) -> bytes:
        self._check(caller)
        return self._text()

    def follow(self, caller: Caller) -> Location | None:
        self._check(caller)
        return self._place(caller) if self._place is not None else None


class ProcDirectory(ProcNode):
    """A directory; its children are made by name when they are looked up."""

    def __init__(
        self,
        fs: ProcFileSystem,
        what: object,
        children: Callable[[], Mapping[bytes, Callable[[], ProcNode]]],
        *,
        owner: tuple[int, int] = (0, 0),
        mode: int = 0o555,
    ) -> None:
        super().__init__(fs, what, S_IFDIR | mode, owner)
        self._children = children

    def links(self) -> int:
        return 2

    def under(self, parent: ProcDirectory, name: bytes) -> ProcDirectory:
        self.parent, self.name = parent, name
        return self

    def lookup(self, name: bytes) -> Node:
        make = self._children().get(name)
        if make is None:
            raise LinuxError(Errno.ENOENT)
        child = make()
        if isinstance(child, ProcDirectory):
            child.under(self, name)
        return child

    def entries(self) -> Iterable[Entry]:
        found = []
        for name, make in self._children().items():
            child = make()
            found.append((name, child.ino, child.mode))
        return found

    def create(self, name: bytes, mode: int, uid: int, gid: int, rdev: int = 0) -> Node:
        raise LinuxError(Errno.ENOENT)
