"""`Node`: an object of a file system (an inode), and `FileSystem`: what owns it.

A node is passive: the VFS walks, checks permissions and opens; the node answers for one object.
A directory knows its parent and its name in it, so `..` and getcwd never ask the host, and there
is one `Node` object per live directory (mounts are keyed by identity).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.stat import S_IFDIR, S_IFLNK, S_IFMT
from elfin.kernel.files.stat import Stat, StatFs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location

Entry = tuple[bytes, int, int]  # name, inode number, file mode (only its type bits count)


class FileSystem:
    """A tree of nodes with one device number (`device` is given out when it is mounted)."""

    kind = b"none"  # its name in /proc/mounts
    device = 0
    read_only = False
    devices_allowed = True  # False: device nodes found in it cannot be opened (nodev)
    root: Node

    def statfs(self) -> StatFs:
        raise LinuxError(Errno.ENOSYS)

    def close(self) -> None:
        """Give back what it holds of the host; nothing is asked of it any more."""


class Node:
    """One object of a file system. The mode, uid and gid are current after a lookup."""

    fs: FileSystem
    ino: int
    mode: int  # type and permission bits
    uid: int = 0
    gid: int = 0
    rdev: int = 0
    parent: Node | None = None  # of a directory, None at the root
    name: bytes = b""  # of a directory in its parent

    @property
    def type(self) -> int:
        return self.mode & S_IFMT

    @property
    def is_directory(self) -> bool:
        return self.mode & S_IFMT == S_IFDIR

    @property
    def is_symlink(self) -> bool:
        return self.mode & S_IFMT == S_IFLNK

    def stat(self) -> Stat:
        raise NotImplementedError

    @property
    def key(self) -> tuple[int, int]:
        """What two nodes of the same object have in common: locks and FIFOs hang on it."""
        return self.fs.device, self.ino

    @property
    def is_deleted(self) -> bool:
        """The last name is gone (a description may still hold the object)."""
        return False

    # -- directories -----------------------------------------------------------------------

    def lookup(self, name: bytes) -> Node:
        """The object of that name (never `.` or `..`), or ENOENT."""
        raise LinuxError(Errno.ENOTDIR)

    def entries(self) -> Iterable[Entry]:
        raise LinuxError(Errno.ENOTDIR)

    def create(self, name: bytes, mode: int, uid: int, gid: int, rdev: int = 0) -> Node:
        """A new regular file, directory, FIFO, socket or device: `mode` has the type."""
        raise LinuxError(Errno.EPERM)

    def create_symlink(self, name: bytes, target: bytes, uid: int, gid: int) -> Node:
        raise LinuxError(Errno.EPERM)

    def create_unnamed(self, mode: int, uid: int, gid: int) -> Node:
        """A regular file without a name (O_TMPFILE)."""
        raise LinuxError(Errno.EOPNOTSUPP)

    def link(self, name: bytes, node: Node) -> None:
        raise LinuxError(Errno.EPERM)

    def unlink(self, name: bytes) -> None:
        raise LinuxError(Errno.EPERM)

    def rmdir(self, name: bytes) -> None:
        raise LinuxError(Errno.EPERM)

    def rename(self, name: bytes, to: Node, new_name: bytes, flags: int) -> None:
        """Move `name` to `new_name` in the directory `to` of the same file system."""
        raise LinuxError(Errno.EPERM)

    # -- every object ----------------------------------------------------------------------

    def open(self, flags: int, location: Location) -> File:
        """A new description of a regular file or of something that only this node can open."""
        raise LinuxError(Errno.ENXIO)

    def truncate(self, length: int) -> None:
        raise LinuxError(Errno.EINVAL)

    def readlink(self, caller: Caller) -> bytes:
        raise LinuxError(Errno.EINVAL)

    def follow(self, caller: Caller) -> Location | None:
        """Where a magic link (/proc/PID/exe) leads without a path; None for a plain link."""
        return None

    def set_mode(self, mode: int) -> None:
        raise LinuxError(Errno.EPERM)

    def set_owner(self, uid: int, gid: int) -> None:
        """Change the owner; -1 leaves one as it is."""
        raise LinuxError(Errno.EPERM)

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        """Change the times in nanoseconds; None leaves one as it is."""
        raise LinuxError(Errno.EPERM)

    def attributes(self) -> Mapping[bytes, bytes]:
        """The extended attributes."""
        raise LinuxError(Errno.EOPNOTSUPP)

    def set_attribute(self, name: bytes, value: bytes | None) -> None:
        """Set an extended attribute, or (None) remove it."""
        raise LinuxError(Errno.EOPNOTSUPP)
