"""A folder (or one file) of the host as a file system, and nothing else of the host.

Confinement: every object is reached from the root descriptor by opening one name at a time with
O_PATH | O_NOFOLLOW in its directory's descriptor. No string with more than one component, no `..`
and no symbolic link is ever resolved by the host; links are text that the guest's own walk
interprets. What is opened for data is that very object, by its descriptor. So neither `..`, links,
renames nor races between check and use lead out (man 2 openat; man 7 path_resolution).
"""

from __future__ import annotations

import os
import stat as modes
from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_DSYNC, O_SYNC, RENAME_EXCHANGE
from elfin.kernel.abi.stat import (
    EXT_MAGIC,
    S_IFDIR,
    S_IFIFO,
    S_IFLNK,
    S_IFMT,
    S_IFREG,
    S_IFSOCK,
)
from elfin.kernel.files.host_error import host_error
from elfin.kernel.files.host_fd import FdCache, HostFd
from elfin.kernel.files.host_file import HostFile
from elfin.kernel.files.node import Entry, FileSystem, Node
from elfin.kernel.files.stat import Stat, StatFs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location

_PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC


def magic(fd: HostFd) -> str:
    """The host path that means this very object, and cannot be made to mean another."""
    return f"/proc/self/fd/{fd.number}"


def open_place(directory: HostFd, name: bytes) -> tuple[HostFd, os.stat_result]:
    """Open one name in a directory, as a place only: the one way from object to object."""
    if name in {b"", b".", b".."} or b"/" in name or b"\0" in name:
        raise LinuxError(Errno.ENOENT)
    try:
        fd = HostFd(os.open(name, _PLACE, dir_fd=directory.number))
        return fd, os.fstat(fd.number)
    except OSError as error:
        raise host_error(error) from None


class HostFs(FileSystem):
    """A host folder or file, named by the user (links in that name are followed, by the host)."""

    kind = b"hostfs"
    devices_allowed = False

    def __init__(self, path: str | bytes, *, read_only: bool = True) -> None:
        self.read_only = read_only
        self.fds = FdCache()
        self.live: WeakValueDictionary[tuple[int, int], HostNode] = WeakValueDictionary()
        self._devices: dict[int, int] = {}
        self.root_fd = HostFd(os.open(path, os.O_PATH | os.O_CLOEXEC))
        found = os.fstat(self.root_fd.number)
        self.root: HostNode = HostNode(self, None, b"", found)
        self.live[found.st_dev, found.st_ino] = self.root

    def close(self) -> None:
        self.fds.clear()
        del self.root_fd

    def device_of(self, host: int) -> int:
        """The guest's number for a host device: folders may hold several file systems."""
        index = self._devices.setdefault(host, len(self._devices))
        return self.device | index << 8

    def stat_of(self, found: os.stat_result) -> Stat:
        return Stat(
            self.device_of(found.st_dev),
            found.st_ino,
            found.st_mode,
            found.st_nlink,
            found.st_uid,
            found.st_gid,
            found.st_rdev,
            found.st_size,
            found.st_blocks,
            found.st_atime_ns,
            found.st_mtime_ns,
            found.st_ctime_ns,
            blksize=found.st_blksize,
        )

    def statfs(self) -> StatFs:
        try:
            s = os.fstatvfs(self.root_fd.number)
        except OSError as error:
            raise host_error(error) from None
        return StatFs(EXT_MAGIC, s.f_blocks, s.f_bavail, s.f_files, s.f_favail, s.f_frsize)


class HostNode(Node):
    """An object below the root: known by its device and inode, found again by parent and name."""

    fs: HostFs
    parent: HostNode | None

    def __init__(
        self, fs: HostFs, parent: HostNode | None, name: bytes, found: os.stat_result
    ) -> None:
        self.fs = fs
        self.parent = parent
        self.name = name
        self.identity = found.st_dev, found.st_ino
        self.ino = found.st_ino
        self._opened: WeakSet[HostFd] = WeakSet()  # of descriptions: they outlive the name
        self._kept: HostFd | None = None  # of an object that never had a name
        self._refresh(found)

    def _refresh(self, found: os.stat_result) -> None:
        self.mode = found.st_mode
        self.uid, self.gid, self.rdev = found.st_uid, found.st_gid, found.st_rdev

    @property
    def key(self) -> tuple[int, int]:
        return self.fs.device_of(self.identity[0]), self.ino

    # -- descriptors -----------------------------------------------------------------------

    def fd(self) -> HostFd:
        """An O_PATH descriptor of this object; ESTALE when it is no longer where it was."""
        at, below = self, list[HostNode]()
        while (fd := at._held()) is None:
            below.append(at)
            assert at.parent is not None
            at = at.parent
        for node in reversed(below):  # as deep as it may be: no recursion
            fd, found = open_place(fd, node.name)
            if (found.st_dev, found.st_ino) != node.identity:
                raise LinuxError(Errno.ESTALE)
            self.fs.fds.put(node, fd)
        return fd

    def _held(self) -> HostFd | None:
        """A descriptor that is open already."""
        if self.parent is None:
            return self.fs.root_fd
        return self._kept or self.fs.fds.get(self) or next(iter(self._opened), None)

    # -- asking ----------------------------------------------------------------------------

    def lookup(self, name: bytes) -> HostNode:
        fd, found = open_place(self.fd(), name)
        key = found.st_dev, found.st_ino
        node = self.fs.live.get(key)
        if node is not None and node.type == found.st_mode & S_IFMT and node is not self.fs.root:
            if self._is_inside(node):
                node = None  # a folder bound into itself: a tree must stay a tree
            else:
                node.parent, node.name = self, name
                node._refresh(found)
        if node is None or node is self.fs.root:
            node = HostNode(self.fs, self, name, found)
            self.fs.live.setdefault(key, node)
        self.fs.fds.put(node, fd)
        return node

    def _is_inside(self, other: HostNode) -> bool:
        at: HostNode | None = self
        while at is not None:
            if at is other:
                return True
            at = at.parent
        return False

    def found(self) -> os.stat_result:
        try:
            found = os.fstat(self.fd().number)
        except OSError as error:
            raise host_error(error) from None
        self._refresh(found)
        return found

    def stat(self) -> Stat:
        return self.fs.stat_of(self.found())

    @property
    def is_deleted(self) -> bool:
        try:
            return self.found().st_nlink == 0
        except LinuxError:
            return True

    def entries(self) -> Iterable[Entry]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            fd = HostFd(os.open(b".", flags, dir_fd=self.fd().number))
            with os.scandir(fd.number) as found:
                return [(os.fsencode(e.name), e.inode(), _type_of(e)) for e in found]
        except OSError as error:
            raise host_error(error) from None

    def readlink(self, caller: Caller) -> bytes:
        try:
            return os.readlink(b"", dir_fd=self.fd().number)
        except OSError as error:
            raise host_error(error) from None

    def open(self, flags: int, location: Location) -> File:
        if self.type != S_IFREG:
            raise LinuxError(Errno.ENXIO)
        if flags & 3 and self.fs.read_only:
            raise LinuxError(Errno.EROFS)
        fd = self._open(flags & (3 | O_SYNC | O_DSYNC))
        self._opened.add(fd)
        return HostFile(self.fs, fd, location, flags)

    def _open(self, access: int) -> HostFd:
        """Open the object itself for data; only ever a regular file or a directory."""
        try:
            return HostFd(os.open(magic(self.fd()), access | os.O_CLOEXEC | os.O_NONBLOCK))
        except OSError as error:
            raise host_error(error) from None

    # -- changing entries ------------------------------------------------------------------

    def _change(self) -> HostFd:
        if self.fs.read_only:
            raise LinuxError(Errno.EROFS)
        return self.fd()

    def create(self, name: bytes, mode: int, uid: int, gid: int, rdev: int = 0) -> HostNode:
        here, kind = self._change().number, mode & S_IFMT
        try:
            if kind == S_IFREG:
                HostFd(os.open(name, _NEW, 0o600, dir_fd=here))
            elif kind == S_IFDIR:
                os.mkdir(name, 0o700, dir_fd=here)
            elif kind == S_IFIFO:
                os.mkfifo(name, 0o600, dir_fd=here)
            elif kind == S_IFSOCK:
                os.mknod(name, modes.S_IFSOCK | 0o600, dir_fd=here)
            else:
                raise LinuxError(Errno.EPERM)  # no device of the host is made here
        except OSError as error:
            raise host_error(error) from None
        node = self.lookup(name)
        node._give_owner(uid, gid)
        node.set_mode(mode)
        return node

    def create_symlink(self, name: bytes, target: bytes, uid: int, gid: int) -> HostNode:
        try:
            os.symlink(target, name, dir_fd=self._change().number)
        except OSError as error:
            raise host_error(error) from None
        node = self.lookup(name)
        node._give_owner(uid, gid)
        return node

    def _give_owner(self, uid: int, gid: int) -> None:
        """A new object belongs to the guest's user where the host lets us."""
        if os.geteuid() == 0 and (uid, gid) != (self.uid, self.gid):
            self.set_owner(uid, gid)

    def create_unnamed(self, mode: int, uid: int, gid: int) -> HostNode:
        try:
            fd = HostFd(os.open(magic(self._change()), os.O_TMPFILE | os.O_RDWR, 0o600))
            node = HostNode(self.fs, self, b"", os.fstat(fd.number))
        except OSError as error:
            raise host_error(error) from None
        node._kept = fd
        self.fs.live[node.identity] = node
        node._give_owner(uid, gid)
        node.set_mode(mode)
        return node

    def link(self, name: bytes, node: Node) -> None:
        assert isinstance(node, HostNode)
        here, there = self._change(), node.fd()
        try:
            if not node.is_symlink:
                os.link(magic(there), name, dst_dir_fd=here.number)
            elif node.parent is not None:
                os.link(
                    node.name,
                    name,
                    src_dir_fd=node.parent.fd().number,
                    dst_dir_fd=here.number,
                    follow_symlinks=False,
                )
        except OSError as error:
            raise host_error(error) from None

    def unlink(self, name: bytes) -> None:
        here, node = self._change(), self.lookup(name)
        try:
            os.unlink(name, dir_fd=here.number)
        except OSError as error:
            raise host_error(error) from None
        # A cached place would keep the blocks of a deleted file.
        self.fs.fds.drop(node)

    def rmdir(self, name: bytes) -> None:
        here = self._change()
        try:
            os.rmdir(name, dir_fd=here.number)
        except OSError as error:
            raise host_error(error) from None

    def rename(self, name: bytes, to: Node, new_name: bytes, flags: int) -> None:
        assert isinstance(to, HostNode)
        if flags & RENAME_EXCHANGE:
            raise LinuxError(Errno.EINVAL)
        here, there, node = self._change(), to._change(), self.lookup(name)
        try:
            replaced = to.lookup(new_name)
        except LinuxError:
            replaced = None
        try:
            os.rename(name, new_name, src_dir_fd=here.number, dst_dir_fd=there.number)
        except OSError as error:
            raise host_error(error) from None
        node.parent, node.name = to, new_name
        if replaced is not None and replaced is not node:
            self.fs.fds.drop(replaced)

    # -- changing the object ---------------------------------------------------------------

    def truncate(self, length: int) -> None:
        self._change()
        fd = self._open(os.O_WRONLY)
        try:
            os.ftruncate(fd.number, length)
        except OSError as error:
            raise host_error(error) from None

    def set_mode(self, mode: int) -> None:
        fd = self._change()
        try:
            os.chmod(magic(fd), mode & 0o7777)
        except OSError as error:
            raise host_error(error) from None
        self.mode = self.mode & S_IFMT | mode & 0o7777

    def set_owner(self, uid: int, gid: int) -> None:
        fd = self._change()
        try:
            if self.is_symlink and self.parent is not None:
                above = self.parent.fd()
                os.chown(self.name, uid, gid, dir_fd=above.number, follow_symlinks=False)
            else:
                os.chown(magic(fd), uid, gid)
        except OSError as error:
            raise host_error(error) from None
        self.found()

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        fd, old = self._change(), self.found()
        times = (
            old.st_atime_ns if atime is None else atime,
            old.st_mtime_ns if mtime is None else mtime,
        )
        try:
            if self.is_symlink and self.parent is not None:
                above = self.parent.fd()
                os.utime(self.name, ns=times, dir_fd=above.number, follow_symlinks=False)
            else:
                os.utime(magic(fd), ns=times)
        except OSError as error:
            raise host_error(error) from None


def _type_of(entry: os.DirEntry[str]) -> int:
    """The file type without a stat: what readdir said; 0 when it takes more to know."""
    if entry.is_symlink():
        return S_IFLNK
    if entry.is_dir(follow_symlinks=False):
        return S_IFDIR
    if entry.is_file(follow_symlinks=False):
        return S_IFREG
    return 0
