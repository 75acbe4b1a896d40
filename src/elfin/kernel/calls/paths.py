"""What the calls with paths and directory descriptors share; no calls of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, PATH_MAX
from elfin.kernel.files.walk import Found, Last

if TYPE_CHECKING:
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.vfs import Vfs
    from elfin.kernel.task import Task


def vfs_of(t: Task) -> Vfs:
    return t.process.kernel.vfs


def read_path(t: Task, address: int) -> bytes:
    return t.read_string(address, PATH_MAX)


def start_of(t: Task, fd: int, path: bytes) -> Location | None:
    """Where a path starts: a directory descriptor, or None for the working directory.

    An absolute path does not look at the descriptor at all (man 2 openat).
    """
    if not path:
        raise LinuxError(Errno.ENOENT)
    if fd == AT_FDCWD or path.startswith(b"/"):
        return None
    return t.process.files.get(fd).location


def find(t: Task, fd: int, path: bytes, last: Last, *, follow: bool = True) -> Found:
    return vfs_of(t).find(t.process, path, last, follow=follow, at=start_of(t, fd, path))


def locate(t: Task, fd: int, address: int, flags: int = 0) -> Location:
    """The object of an *at call: follows links unless AT_SYMLINK_NOFOLLOW, obeys AT_EMPTY_PATH."""
    if flags & AT_EMPTY_PATH and not address:
        path = b""
    else:
        path = read_path(t, address)
    if not path and flags & AT_EMPTY_PATH:
        if fd == AT_FDCWD:
            return t.process.fs.cwd
        return t.process.files.get(fd).location
    follow = not flags & AT_SYMLINK_NOFOLLOW
    return vfs_of(t).resolve(t.process, path, follow=follow, at=start_of(t, fd, path))


def check_flags(flags: int, known: int) -> None:
    if flags & ~known:
        raise LinuxError(Errno.EINVAL)
