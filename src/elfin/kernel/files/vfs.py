"""`Vfs`: the tree of mounts of one machine, and what a path means in it.

It joins the file systems it is given, walks paths, opens what they lead to, and names what was
opened. It knows neither tasks nor guest memory.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_RDONLY
from elfin.kernel.abi.stat import S_IFDIR, S_IFREG, make_device
from elfin.kernel.files import opening
from elfin.kernel.files.context import FsContext
from elfin.kernel.files.devices import Devices
from elfin.kernel.files.location import Location, Mount
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.files.permission import EXECUTE, check
from elfin.kernel.files.pipe import Fifos
from elfin.kernel.files.unnamed import UnnamedFs
from elfin.kernel.files.walk import Crossings, Found, Last, Walk, covered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from elfin.kernel.files.caller import Caller, World
    from elfin.kernel.files.file import File
    from elfin.kernel.files.node import FileSystem, Node
    from elfin.kernel.files.table import FileTable


class Vfs:
    """The mounts, and everything that all processes of a machine share about files."""

    def __init__(self, world: World, root: Node, source: bytes = b"none") -> None:
        self.world = world
        self.fifos = Fifos()
        self.devices = Devices(world)
        self.crossings: Crossings = {}
        self._mounts: list[Mount] = []
        self._minors = count(20)  # minor numbers of st_dev; Linux gives the low ones away early
        self._ids = count(1)
        self.unnamed = UnnamedFs()
        self.memory = MemoryFs(world.wall_ns)  # what memfd_create makes
        self.adopt(self.unnamed)
        self.adopt(self.memory)
        self.nowhere = Mount(
            next(self._ids), self.unnamed.root, None, read_only=False, source=b"none", kind=b"none"
        )
        self.adopt(root.fs)
        first = self._new_mount(root, None, read_only=False, source=source)
        self.root = Location(first, root)

    # -- mounts ----------------------------------------------------------------------------

    def adopt(self, fs: FileSystem) -> None:
        """Give a file system its device number, once."""
        if not fs.device:
            fs.device = make_device(0, next(self._minors))

    def _new_mount(
        self, root: Node, point: Location | None, *, read_only: bool, source: bytes
    ) -> Mount:
        mount = Mount(
            next(self._ids), root, point, read_only=read_only, source=source, kind=root.fs.kind
        )
        self._mounts.append(mount)
        return mount

    def mount(
        self, at: bytes, root: Node, *, read_only: bool = False, source: bytes = b"none"
    ) -> None:
        """Put a directory over a directory, or a file over a file, at an absolute path."""
        self.adopt(root.fs)
        point = self.resolve(Installer(self), at)
        if point.node.is_directory is not root.is_directory:
            raise LinuxError(Errno.ENOTDIR)
        mount = self._new_mount(root, point, read_only=read_only, source=source)
        self.crossings[point.mount, point.node] = mount
        if point.node is self.root.node and point.mount is self.root.mount:
            self.root = Location(mount, root)

    def make_place(self, at: bytes, *, directory: bool) -> None:
        """Create what a mount needs to stand on: the directories of a path, and its end."""
        installer = Installer(self)
        parts = [part for part in at.split(b"/") if part]
        for n in range(1, len(parts) + 1):
            path = b"/" + b"/".join(parts[:n])
            found = self.find(installer, path, Last.MAY)
            if found.location is None:
                is_directory = directory or n < len(parts)
                mode = S_IFDIR | 0o755 if is_directory else S_IFREG | 0o644
                found.directory.node.create(found.name, mode, 0, 0)

    def close(self) -> None:
        """The machine is gone: give back what file systems hold of the host."""
        for mount in self._mounts:
            mount.root.fs.close()

    def mounts(self) -> Iterable[Mount]:
        return tuple(self._mounts)

    def is_mount_point(self, mount: Mount, node: Node) -> bool:
        return (mount, node) in self.crossings

    def context(self) -> FsContext:
        """Root and working directory of the first process."""
        return FsContext(self.root, self.root)

    # -- paths -----------------------------------------------------------------------------

    def find(
        self,
        caller: Caller,
        path: bytes,
        last: Last = Last.MUST,
        *,
        follow: bool = True,
        at: Location | None = None,
        resolve: int = 0,
    ) -> Found:
        """Walk a path from `at` (None: the working directory)."""
        start = at or caller.fs.cwd
        return Walk(self.crossings, caller, start, resolve).run(path, last, follow=follow)

    def resolve(
        self, caller: Caller, path: bytes, *, follow: bool = True, at: Location | None = None
    ) -> Location:
        """What a path leads to; ENOENT and its like if it leads nowhere."""
        found = self.find(caller, path, follow=follow, at=at)
        assert found.location is not None
        return found.location

    def path_of(self, location: Location, root: Location | None = None) -> bytes:
        """The path of a place as seen from a root, which it need not be below."""
        root = root or self.root
        parts: list[bytes] = []
        ending = b" (deleted)" if location.node.is_deleted else b""
        at: Location | None = location
        while at is not None and not (at.node is root.node and at.mount is root.mount):
            if at.node is at.mount.root:
                at = at.mount.point
            elif at.node.is_directory:
                parts.append(at.node.name)
                parent = at.node.parent
                at = Location(at.mount, parent) if parent is not None else None
            elif at.directory is None:
                return at.name + ending
            else:
                parts.append(at.name)
                at = at.directory
        return b"/" + b"/".join(reversed(parts)) + ending

    def is_below(self, location: Location, root: Location) -> bool:
        """Whether a directory is `root` or inside it."""
        at: Location | None = location
        while at is not None:
            if at.node is root.node and at.mount is root.mount:
                return True
            if at.node is at.mount.root:
                at = at.mount.point
            else:
                parent = at.node.parent
                at = Location(at.mount, parent) if parent is not None else None
        return False

    def over(self, location: Location) -> Location:
        """The place, or the root of what is mounted there."""
        return covered(self.crossings, location)

    # -- opening ---------------------------------------------------------------------------

    def open(
        self,
        caller: Caller,
        path: bytes,
        flags: int,
        mode: int = 0,
        at: Location | None = None,
        resolve: int = 0,
    ) -> File:
        """Open a path as `caller` (man 2 open); the description has no reference yet."""
        return opening.open_path(self, caller, path, flags, mode, at, resolve)

    def open_program(
        self, caller: Caller, path: bytes, at: Location | None = None, *, follow: bool = True
    ) -> File:
        """Open a file to execute it; retained, so `release` it when it has been read."""
        location = self.resolve(caller, path, follow=follow, at=at)
        return self.open_program_at(caller, location)

    def open_program_at(self, caller: Caller, location: Location) -> File:
        if location.node.is_symlink:
            raise LinuxError(Errno.ELOOP)
        if location.node.type != S_IFREG:
            raise LinuxError(Errno.EACCES)
        check(location.node, caller.credentials, EXECUTE)
        return opening.open_node(self, caller, location, O_RDONLY).retain()


class Installer:
    """The caller of what the machine itself does while it is set up: user 0 at the root."""

    pid = pgid = sid = 0
    uid = gid = fsuid = fsgid = 0
    groups: tuple[int, ...] = ()

    def __init__(self, vfs: Vfs) -> None:
        self.fs = vfs.context()
        self.credentials = self

    @property
    def files(self) -> FileTable:
        raise LinuxError(Errno.EBADF)
