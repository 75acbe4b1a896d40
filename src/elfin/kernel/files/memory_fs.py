"""The memory file system (tmpfs): regular files, directories, links, FIFOs, device nodes.

Everything is Python objects; times come from the clock it is given, in nanoseconds.
Source: man 5 tmpfs, man 7 inode for which operation sets which time.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    FALLOC_FL_KEEP_SIZE,
    FALLOC_FL_PUNCH_HOLE,
    FALLOC_FL_ZERO_RANGE,
    O_NOATIME,
    RENAME_EXCHANGE,
)
from elfin.kernel.abi.stat import S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, TMPFS_MAGIC
from elfin.kernel.files.file import PositionedFile
from elfin.kernel.files.memory_file import Content
from elfin.kernel.files.node import Entry, FileSystem, Node
from elfin.kernel.files.stat import Stat, StatFs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location

DEFAULT_CAPACITY = 2 << 30
MAX_NODES = 1 << 20
PAGE = 4096
# A directory entry counts 20 bytes in a directory's size, as on tmpfs (BOGO_DIRENT_SIZE).
ENTRY_SIZE = 20


class MemoryFs(FileSystem):
    """A file system of its own in memory; `capacity` bytes of content, then ENOSPC."""

    kind = b"tmpfs"

    def __init__(
        self,
        clock: Callable[[], int],
        *,
        mode: int = 0o755,
        uid: int = 0,
        gid: int = 0,
        capacity: int = DEFAULT_CAPACITY,
    ) -> None:
        self.clock = clock
        self.capacity = capacity
        self.used = 0
        self.nodes = 0
        self._numbers = count(1)
        self.root: MemoryDirectory = MemoryDirectory(self, S_IFDIR | mode & 0o7777, uid, gid)

    def next_number(self) -> int:
        return next(self._numbers)

    def charge(self, growth: int) -> None:
        if growth > 0 and self.used + growth > self.capacity:
            raise LinuxError(Errno.ENOSPC)
        self.used += growth

    def statfs(self) -> StatFs:
        blocks, free = self.capacity // PAGE, (self.capacity - self.used) // PAGE
        return StatFs(TMPFS_MAGIC, blocks, free, MAX_NODES, MAX_NODES - self.nodes)

    def check_nodes(self) -> None:
        if self.nodes >= MAX_NODES:
            raise LinuxError(Errno.ENOSPC)

    def make(self, mode: int, uid: int, gid: int, rdev: int = 0) -> MemoryNode:
        """A node of the type in `mode`, not yet in any directory."""
        self.check_nodes()
        kind = mode & S_IFMT
        if kind == S_IFREG:
            return MemoryRegular(self, mode, uid, gid)
        if kind == S_IFDIR:
            return MemoryDirectory(self, mode, uid, gid)
        return MemoryNode(self, mode, uid, gid, rdev)


class MemoryNode(Node):
    """A node that is all attributes: FIFO, socket, device; and the base of the others."""

    fs: MemoryFs

    def __init__(self, fs: MemoryFs, mode: int, uid: int, gid: int, rdev: int = 0) -> None:
        self.fs = fs
        fs.nodes += 1
        self.ino = fs.next_number()
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.rdev = rdev
        self.nlink = 0
        self.atime = self.mtime = self.ctime = self.btime = fs.clock()
        self.extended: dict[bytes, bytes] = {}

    def __del__(self) -> None:
        self.fs.nodes -= 1

    @property
    def is_deleted(self) -> bool:
        return self.nlink == 0

    def size(self) -> int:
        return 0

    def blocks(self) -> int:
        return 0

    def stat(self) -> Stat:
        return Stat(
            self.fs.device,
            self.ino,
            self.mode,
            self.nlink,
            self.uid,
            self.gid,
            self.rdev,
            self.size(),
            self.blocks(),
            self.atime,
            self.mtime,
            self.ctime,
            self.btime,
        )

    def set_mode(self, mode: int) -> None:
        self.mode = self.mode & S_IFMT | mode & 0o7777
        self.ctime = self.fs.clock()

    def set_owner(self, uid: int, gid: int) -> None:
        if uid != -1:
            self.uid = uid
        if gid != -1:
            self.gid = gid
        self.ctime = self.fs.clock()

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        if atime is not None:
            self.atime = atime
        if mtime is not None:
            self.mtime = mtime
        self.ctime = self.fs.clock()

    def attributes(self) -> Mapping[bytes, bytes]:
        return self.extended

    def set_attribute(self, name: bytes, value: bytes | None) -> None:
        old = self.extended.get(name)
        before = 0 if old is None else len(name) + len(old)
        self.fs.charge((0 if value is None else len(name) + len(value)) - before)
        if value is None:
            del self.extended[name]
        else:
            self.extended[name] = value
        self.ctime = self.fs.clock()

    def modified(self) -> None:
        self.mtime = self.ctime = self.fs.clock()


class MemorySymlink(MemoryNode):
    def __init__(self, fs: MemoryFs, target: bytes, uid: int, gid: int) -> None:
        super().__init__(fs, S_IFLNK | 0o777, uid, gid)
        self.target = target

    def size(self) -> int:
        return len(self.target)

    def readlink(self, caller: Caller) -> bytes:
        self.atime = self.fs.clock()
        return self.target


class MemoryRegular(MemoryNode):
    def __init__(self, fs: MemoryFs, mode: int, uid: int, gid: int) -> None:
        super().__init__(fs, mode, uid, gid)
        self.content = Content(fs.charge)

    def size(self) -> int:
        return self.content.size

    def blocks(self) -> int:
        return -(-self.content.allocated // PAGE) * (PAGE // 512)

    def open(self, flags: int, location: Location) -> File:
        return MemoryFile(self, location, flags)

    def truncate(self, length: int) -> None:
        self.content.truncate(length)
        self.modified()

    def __del__(self) -> None:
        super().__del__()
        self.fs.used -= self.content.allocated


class MemoryFile(PositionedFile):
    """A description of a regular file in memory."""

    def __init__(self, node: MemoryRegular, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.regular = node

    def size(self) -> int:
        return self.regular.content.size

    def pread(self, offset: int, n: int) -> bytes:
        if not self.flags & O_NOATIME:
            self.regular.atime = self.regular.fs.clock()
        return self.regular.content.read(offset, n)

    def store(self, offset: int, data: bytes) -> int:
        if not data:
            return 0
        done = self.regular.content.write(offset, data)
        self.regular.modified()
        return done

    def truncate(self, length: int) -> None:
        self.regular.truncate(length)

    def sync(self) -> None:
        pass

    def find_data(self, offset: int) -> int:
        return self.regular.content.find_data(offset)

    def find_hole(self, offset: int) -> int:
        return self.regular.content.find_hole(offset)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        fs = self.regular.fs
        allocate(self.regular.content, mode, offset, length, fs.capacity - fs.used)
        self.regular.modified()


class MemoryDirectory(MemoryNode):
    def __init__(self, fs: MemoryFs, mode: int, uid: int, gid: int) -> None:
        super().__init__(fs, mode, uid, gid)
        self.nlink = 2
        self.children: dict[bytes, MemoryNode] = {}

    @property
    def is_deleted(self) -> bool:
        return self.nlink == 0

    def size(self) -> int:
        return (len(self.children) + 2) * ENTRY_SIZE

    # -- asking ----------------------------------------------------------------------------

    def find(self, name: bytes) -> MemoryNode | None:
        return self.children.get(name)

    def is_empty(self) -> bool:
        return not self.children

    def lookup(self, name: bytes) -> MemoryNode:
        node = self.find(name)
        if node is None:
            raise LinuxError(Errno.ENOENT)
        return node

    def entries(self) -> Iterable[Entry]:
        self.atime = self.fs.clock()
        return [(name, node.ino, node.mode) for name, node in self.children.items()]

    # -- changing --------------------------------------------------------------------------

    def _check_room(self, name: bytes) -> None:
        if self.nlink == 0:
            raise LinuxError(Errno.ENOENT)  # the directory itself has been removed
        if self.find(name) is not None:
            raise LinuxError(Errno.EEXIST)

    def put(self, name: bytes, node: MemoryNode) -> None:
        """Enter a node under a free name."""
        self._check_room(name)
        self.children[name] = node
        if isinstance(node, MemoryDirectory):
            node.parent, node.name = self, name
            self.nlink += 1
        else:
            node.nlink += 1
        self.modified()

    def create(self, name: bytes, mode: int, uid: int, gid: int, rdev: int = 0) -> MemoryNode:
        self._check_room(name)
        node = self.fs.make(mode, uid, gid, rdev)
        self.put(name, node)
        return node

    def create_unnamed(self, mode: int, uid: int, gid: int) -> MemoryNode:
        return self.fs.make(mode, uid, gid)

    def create_symlink(self, name: bytes, target: bytes, uid: int, gid: int) -> MemoryNode:
        self._check_room(name)
        self.fs.check_nodes()
        node = MemorySymlink(self.fs, target, uid, gid)
        self.put(name, node)
        return node

    def link(self, name: bytes, node: Node) -> None:
        assert isinstance(node, MemoryNode)
        self.put(name, node)
        node.ctime = self.fs.clock()

    def take(self, name: bytes) -> MemoryNode:
        """Remove an entry; the object may live on under another name."""
        node = self.lookup(name)
        self.children.pop(name, None)
        if isinstance(node, MemoryDirectory):
            self.nlink -= 1
        else:
            node.nlink -= 1
        self.modified()
        return node

    def unlink(self, name: bytes) -> None:
        self.take(name).ctime = self.fs.clock()

    def rmdir(self, name: bytes) -> None:
        node = self.lookup(name)
        assert isinstance(node, MemoryDirectory)
        if not node.is_empty():
            raise LinuxError(Errno.ENOTEMPTY)
        self.take(name)
        node.nlink = 0

    def rename(self, name: bytes, to: Node, new_name: bytes, flags: int) -> None:
        assert isinstance(to, MemoryDirectory)
        old = to.find(new_name)
        if flags & RENAME_EXCHANGE:
            assert old is not None
            first, second = self.take(name), to.take(new_name)
            self.put(name, second)
            to.put(new_name, first)
            first.ctime = second.ctime = self.fs.clock()
            return
        if isinstance(old, MemoryDirectory):
            to.rmdir(new_name)
        elif old is not None:
            to.unlink(new_name)
        node = self.take(name)
        to.put(new_name, node)
        node.ctime = self.fs.clock()


def allocate(content: Content, mode: int, offset: int, length: int, room: int) -> None:
    """fallocate on content in memory (man 2 fallocate); `room` bytes are left to promise.

    Nothing is reserved in fact: a hole takes no memory and later writes are charged as they come.
    """
    known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE
    punch = mode & FALLOC_FL_PUNCH_HOLE
    if mode & ~known or (punch and mode != FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE):
        raise LinuxError(Errno.EOPNOTSUPP)
    if mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE):
        content.punch(offset, length)
    if not punch and length > room:
        raise LinuxError(Errno.ENOSPC)
    if not mode & FALLOC_FL_KEEP_SIZE:
        content.size = max(content.size, offset + length)
