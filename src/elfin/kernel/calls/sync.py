"""Making data last, and advice about it (man 2 fsync, sync_file_range, posix_fadvise)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_PATH
from elfin.kernel.abi.stat import S_IFBLK, S_IFDIR, S_IFIFO, S_IFREG, S_IFSOCK
from elfin.kernel.call import syscall

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

_SYNC_RANGE_KNOWN = 7
_LAST_ADVICE = 5


def _file(t: Task, fd: int) -> File:
    file = t.process.files.get(fd)
    if file.flags & O_PATH:
        raise LinuxError(Errno.EBADF)
    return file


@syscall(74, "fsync", "fd:fd", quick="closed")
def fsync(t: Task, fd: int) -> int:
    _file(t, fd).sync()
    return 0


@syscall(75, "fdatasync", "fd:fd", quick="closed")
def fdatasync(t: Task, fd: int) -> int:
    _file(t, fd).sync()
    return 0


@syscall(162, "sync", note="what was written is the host's already; does nothing")
def sync(_: Task) -> int:
    return 0


@syscall(306, "syncfs", "fd:fd", note="as sync")
def syncfs(t: Task, fd: int) -> int:
    _file(t, fd)
    return 0


@syscall(277, "sync_file_range", "fd:fd", "offset:off", "length:off", "flags:uint")
def sync_file_range(t: Task, fd: int, offset: int, length: int, flags: int) -> int:
    file = _file(t, fd)
    if flags & ~_SYNC_RANGE_KNOWN or offset < 0 or length < 0:
        raise LinuxError(Errno.EINVAL)
    if file.node.type not in {S_IFREG, S_IFBLK, S_IFDIR}:
        raise LinuxError(Errno.ESPIPE)
    return 0


@syscall(221, "fadvise64", "fd:fd", "offset:off", "length:size", "advice:int", note="no effect")
def fadvise64(t: Task, fd: int, _offset: int, length: int, advice: int) -> int:
    file = _file(t, fd)
    if file.node.type in {S_IFIFO, S_IFSOCK}:
        raise LinuxError(Errno.ESPIPE)
    if length >> 63 or not 0 <= advice <= _LAST_ADVICE:
        raise LinuxError(Errno.EINVAL)
    return 0


@syscall(187, "readahead", "fd:fd", "offset:off", "count:size", note="no effect")
def readahead(t: Task, fd: int, _offset: int, _count: int) -> int:
    file = _file(t, fd)
    if not file.readable:
        raise LinuxError(Errno.EBADF)
    if file.node.type != S_IFREG:
        raise LinuxError(Errno.EINVAL)
    return 0
