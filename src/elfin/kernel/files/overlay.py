"""The overlay: a read-only tree below, every change in memory above (copy on write).

A node is made from the lower one when it is looked up. As long as nothing about it has changed it
is only remembered while it is used; the first change pins it, and the directories above it, in
their parents. A directory knows which lower names are gone, so removing, renaming a whole tree and
putting something else in its place need no marks on disk. The lower tree must not change meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.stat import OVERLAY_MAGIC, S_IFDIR, S_IFLNK, S_IFREG
from elfin.kernel.files.memory_fs import (
    DEFAULT_CAPACITY,
    MemoryDirectory,
    MemoryFile,
    MemoryFs,
    MemoryNode,
    MemoryRegular,
    MemorySymlink,
)
from elfin.kernel.files.overlay_content import OverlayContent
from elfin.kernel.files.stat import StatFs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.node import Entry, Node

# Inode numbers of what is made here; lower ones keep theirs, which are far below.
FIRST_NEW = 1 << 48
_DEVICE_SHIFT = 40  # a lower tree may hold several file systems whose numbers would meet


class OverlayFs(MemoryFs):
    """A memory file system that starts as a view of a lower directory."""

    kind = b"overlay"
    devices_allowed = False

    def __init__(
        self, lower: Node, clock: Callable[[], int], *, capacity: int = DEFAULT_CAPACITY
    ) -> None:
        super().__init__(clock, capacity=capacity)
        self.lower_fs = lower.fs
        # Objects with several names below are one object here, whichever name is used.
        self.linked: WeakValueDictionary[tuple[int, int], OverlayNode] = WeakValueDictionary()
        self._kept: dict[tuple[int, int], OverlayNode] = {}
        self._lower_devices: dict[int, int] = {}
        self.root = OverlayDirectory(self, lower)

    def close(self) -> None:
        self.lower_fs.close()

    def next_number(self) -> int:
        return FIRST_NEW + super().next_number()

    def number_of(self, key: tuple[int, int]) -> int:
        device = self._lower_devices.setdefault(key[0], len(self._lower_devices))
        return key[1] + (device << _DEVICE_SHIFT)

    def keep_link(self, key: tuple[int, int], node: OverlayNode) -> None:
        """Remember a changed object that has other names, or forget it with its last one."""
        if node.nlink:
            self._kept[key] = node
        else:
            self._kept.pop(key, None)

    def statfs(self) -> StatFs:
        figures = super().statfs()
        return StatFs(
            OVERLAY_MAGIC, figures.blocks, figures.free, figures.files, figures.files_free
        )

    def _make_over(self, lower: Node) -> OverlayNode:
        kind = lower.type
        if kind == S_IFDIR:
            return OverlayDirectory(self, lower)
        if kind == S_IFREG:
            return OverlayRegular(self, lower)
        if kind == S_IFLNK:
            return OverlaySymlink(self, lower)
        node = OverlayNode(self, lower.mode, 0, 0)
        node.take_over(lower)
        return node

    def raise_up(self, lower: Node, parent: OverlayDirectory, name: bytes) -> OverlayNode:
        """The node of a lower object."""
        key = lower.key
        node = self.linked.get(key)
        if node is None:
            node = self._make_over(lower)
            if not node.is_directory and node.nlink > 1:
                self.linked[key] = node
                node.lower_key = key
        node.parent, node.name = parent, name
        return node


class OverlayNode(MemoryNode):
    """What every node over a lower one does: stay where it is once it has changed."""

    fs: OverlayFs
    lower_key: tuple[int, int] | None = None  # of an object with several names below

    def take_over(self, lower: Node) -> None:
        """The attributes of the lower object become one's own."""
        stat = lower.stat()
        self.ino = self.fs.number_of(lower.key)
        self.mode, self.nlink, self.rdev = stat.mode, stat.nlink, stat.rdev
        self.uid, self.gid = stat.uid, stat.gid
        self.atime, self.mtime = stat.atime, stat.mtime
        self.ctime, self.btime = stat.ctime, stat.btime

    def pin(self) -> None:
        """Stay, and with it every directory on the way to it."""
        if self.lower_key is not None:
            self.fs.keep_link(self.lower_key, self)
        node: MemoryNode = self
        while isinstance(node.parent, OverlayDirectory):
            siblings = node.parent.children
            if siblings.get(node.name) is node:
                break
            siblings[node.name] = node
            node = node.parent

    def set_mode(self, mode: int) -> None:
        self.pin()
        super().set_mode(mode)

    def set_owner(self, uid: int, gid: int) -> None:
        self.pin()
        super().set_owner(uid, gid)

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        self.pin()
        super().set_times(atime, mtime)

    def set_attribute(self, name: bytes, value: bytes | None) -> None:
        self.pin()
        super().set_attribute(name, value)

    def modified(self) -> None:
        self.pin()
        super().modified()


class OverlaySymlink(OverlayNode, MemorySymlink):
    def __init__(self, fs: OverlayFs, lower: Node) -> None:
        MemorySymlink.__init__(self, fs, b"", 0, 0)
        self.take_over(lower)
        self._lower: Node | None = lower

    def size(self) -> int:
        return self._lower.stat().size if self._lower else len(self.target)

    def readlink(self, caller: Caller) -> bytes:
        if self._lower is not None:
            self.target, self._lower = self._lower.readlink(caller), None
        return self.target


class OverlayRegular(OverlayNode, MemoryRegular):
    """A regular file: its blocks are copied as they are written to."""

    def __init__(self, fs: OverlayFs, lower: Node) -> None:
        MemoryRegular.__init__(self, fs, lower.mode, 0, 0)
        self.take_over(lower)
        self.layers = OverlayContent(fs.charge, lower, lower.stat().size)
        self.content = self.layers

    def blocks(self) -> int:
        return -(-self.content.size // 4096) * 8

    def open(self, flags: int, location: Location) -> File:
        self.layers.open()
        return OverlayFile(self, location, flags)


class OverlayFile(MemoryFile):
    """A description of a file that may still lie below."""

    def __init__(self, node: OverlayRegular, location: Location, flags: int) -> None:
        super().__init__(node, location, flags)
        self._layers = node.layers

    def close(self) -> None:
        self._layers.close()


class OverlayDirectory(OverlayNode, MemoryDirectory):
    """A directory: what has changed in it, over what lies below and is not gone."""

    def __init__(self, fs: OverlayFs, lower: Node) -> None:
        MemoryDirectory.__init__(self, fs, lower.mode, 0, 0)
        self.take_over(lower)
        self.lower = lower
        self._gone: set[bytes] = set()  # names below that are removed or replaced
        self._seen: WeakValueDictionary[bytes, MemoryNode] = WeakValueDictionary()

    def size(self) -> int:
        return 4096

    def find(self, name: bytes) -> MemoryNode | None:
        node = self.children.get(name) or self._seen.get(name)
        if node is not None or name in self._gone:
            return node
        try:
            lower = self.lower.lookup(name)
        except LinuxError as error:
            if error.errno is not Errno.ENOENT:
                raise
            return None
        node = self._seen[name] = self.fs.raise_up(lower, self, name)
        return node

    def _names_below(self) -> list[Entry]:
        changed = self.children
        return [
            entry
            for entry in self.lower.entries()
            if entry[0] not in self._gone and entry[0] not in changed
        ]

    def is_empty(self) -> bool:
        return not self.children and not self._names_below()

    def entries(self) -> Iterable[Entry]:
        return [*super().entries(), *self._names_below()]

    def take(self, name: bytes) -> MemoryNode:
        node = super().take(name)
        self._seen.pop(name, None)
        self._gone.add(name)
        if isinstance(node, OverlayNode):
            if not node.is_directory:
                node.parent = None
            if node.lower_key is not None:
                self.fs.keep_link(node.lower_key, node)
        return node
