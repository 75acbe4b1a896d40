"""Reading directories, and where a process stands (man 2 getdents, getcwd, chdir, chroot)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import AT_FDCWD, O_PATH
from elfin.kernel.abi.stat import DIRENT, DIRENT64, dirent_type
from elfin.kernel.call import syscall
from elfin.kernel.calls.paths import locate, vfs_of
from elfin.kernel.files.permission import EXECUTE, check

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.files.location import Location
    from elfin.kernel.files.node import Entry
    from elfin.kernel.task import Task


def _record64(entry: Entry, following: int) -> bytes:
    """struct linux_dirent64, padded to 8 bytes."""
    name, ino, mode = entry
    length = (DIRENT64.size + len(name) + 8) & ~7
    return (DIRENT64.pack(ino, following, length, dirent_type(mode)) + name).ljust(length, b"\0")


def _record(entry: Entry, following: int) -> bytes:
    """struct linux_dirent: the type is the last byte."""
    name, ino, mode = entry
    length = (DIRENT.size + len(name) + 9) & ~7
    body = DIRENT.pack(ino, following, length) + name
    return body.ljust(length - 1, b"\0") + bytes((dirent_type(mode),))


def _read_entries(
    t: Task, fd: int, buf: int, count: int, pack: Callable[[Entry, int], bytes]
) -> int:
    file = t.process.files.get(fd)
    if file.flags & O_PATH:
        raise LinuxError(Errno.EBADF)
    entries = file.entries()
    records: list[bytes] = []
    room, at = count, file.position
    while at < len(entries):
        record = pack(entries[at], at + 1)
        if len(record) > room:
            if not records:
                raise LinuxError(Errno.EINVAL)
            break
        records.append(record)
        room -= len(record)
        at += 1
    data = b"".join(records)
    t.write_memory(buf, data)
    file.position = at
    return len(data)


@syscall(217, "getdents64", "fd:fd", "buf:ptr", "count:uint", quick="closed")
def getdents64(t: Task, fd: int, buf: int, count: int) -> int:
    return _read_entries(t, fd, buf, count, _record64)


@syscall(78, "getdents", "fd:fd", "buf:ptr", "count:uint")
def getdents(t: Task, fd: int, buf: int, count: int) -> int:
    return _read_entries(t, fd, buf, count, _record)


@syscall(79, "getcwd", "buf:outstr", "size:size")
def getcwd(t: Task, buf: int, size: int) -> int:
    vfs, fs = vfs_of(t), t.process.fs
    if fs.cwd.node.is_deleted:
        raise LinuxError(Errno.ENOENT)
    path = vfs.path_of(fs.cwd, fs.root)
    if not vfs.is_below(fs.cwd, fs.root):
        path = b"(unreachable)" + path
    if len(path) + 1 > size:
        raise LinuxError(Errno.ERANGE)
    t.write_memory(buf, path + b"\0")
    return len(path) + 1


def _check_directory(t: Task, location: Location) -> Location:
    if not location.node.is_directory:
        raise LinuxError(Errno.ENOTDIR)
    check(location.node, t.process.credentials, EXECUTE)
    return location


@syscall(80, "chdir", "path:str")
def chdir(t: Task, path: int) -> int:
    t.process.fs.cwd = _check_directory(t, locate(t, AT_FDCWD, path))
    return 0


@syscall(81, "fchdir", "fd:fd", quick="closed")
def fchdir(t: Task, fd: int) -> int:
    t.process.fs.cwd = _check_directory(t, t.process.files.get(fd).location)
    return 0


@syscall(161, "chroot", "path:str")
def chroot(t: Task, path: int) -> int:
    location = _check_directory(t, locate(t, AT_FDCWD, path))
    if t.process.credentials.euid:
        raise LinuxError(Errno.EPERM)
    t.process.fs.root = location
    return 0
