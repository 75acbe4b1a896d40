"""Modes, owners, times, sizes (man 2 chmod, chown, umask, utimensat, truncate, fallocate)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_SYMLINK_NOFOLLOW,
    FALLOC_FL_KEEP_SIZE,
    FALLOC_FL_PUNCH_HOLE,
    O_PATH,
)
from elfin.kernel.abi.resource import INFINITY, Rlimit
from elfin.kernel.abi.signal import Signal
from elfin.kernel.abi.stat import S_IFDIR, S_IFIFO, S_IFREG, UTIME_NOW, UTIME_OMIT
from elfin.kernel.call import syscall
from elfin.kernel.calls.paths import check_flags, locate
from elfin.kernel.files import changing
from elfin.kernel.files.opening import drop_privileges
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import send_to_task

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location
    from elfin.kernel.task import Task

_BILLION = 1_000_000_000


def _open_file(t: Task, fd: int) -> File:
    """A description that is more than a place (O_PATH)."""
    file = t.process.files.get(fd)
    if file.flags & O_PATH:
        raise LinuxError(Errno.EBADF)
    return file


# -- modes ---------------------------------------------------------------------------------


@syscall(90, "chmod", "path:str", "mode:mode")
def chmod(t: Task, path: int, mode: int) -> int:
    changing.set_mode(t.process, locate(t, AT_FDCWD, path), mode)
    return 0


@syscall(91, "fchmod", "fd:fd", "mode:mode", quick="closed")
def fchmod(t: Task, fd: int, mode: int) -> int:
    changing.set_mode(t.process, _open_file(t, fd).location, mode)
    return 0


@syscall(268, "fchmodat", "dirfd:fd", "path:str", "mode:mode")
def fchmodat(t: Task, dirfd: int, path: int, mode: int) -> int:
    changing.set_mode(t.process, locate(t, dirfd, path), mode)
    return 0


@syscall(452, "fchmodat2", "dirfd:fd", "path:str", "mode:mode", "flags:AT")
def fchmodat2(t: Task, dirfd: int, path: int, mode: int, flags: int) -> int:
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
    changing.set_mode(t.process, locate(t, dirfd, path, flags), mode)
    return 0


@syscall(95, "umask", "mask:mode")
def umask(t: Task, mask: int) -> int:
    fs = t.process.fs
    old, fs.umask = fs.umask, mask & 0o777
    return old


# -- owners --------------------------------------------------------------------------------


def _chown(t: Task, location: Location, uid: int, gid: int) -> int:
    changing.set_owner(t.process, location, _or_none(uid), _or_none(gid))
    return 0


def _or_none(number: int) -> int:
    return -1 if number == 0xFFFF_FFFF else number


@syscall(92, "chown", "path:str", "uid:uint", "gid:uint")
def chown(t: Task, path: int, uid: int, gid: int) -> int:
    return _chown(t, locate(t, AT_FDCWD, path), uid, gid)


@syscall(94, "lchown", "path:str", "uid:uint", "gid:uint")
def lchown(t: Task, path: int, uid: int, gid: int) -> int:
    return _chown(t, locate(t, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW), uid, gid)


@syscall(93, "fchown", "fd:fd", "uid:uint", "gid:uint", quick="closed")
def fchown(t: Task, fd: int, uid: int, gid: int) -> int:
    return _chown(t, _open_file(t, fd).location, uid, gid)


@syscall(260, "fchownat", "dirfd:fd", "path:str", "uid:uint", "gid:uint", "flags:AT")
def fchownat(t: Task, dirfd: int, path: int, uid: int, gid: int, flags: int) -> int:
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
    return _chown(t, locate(t, dirfd, path, flags), uid, gid)


# -- times ---------------------------------------------------------------------------------


def _set_times(t: Task, location: Location, times: list[int | None] | None) -> int:
    """Two times in ns; an entry None stays, no list at all is now."""
    if times is None:
        now = t.process.kernel.wall_ns()
        changing.set_times(t.process, location, now, now, now=True)
    else:
        changing.set_times(t.process, location, times[0], times[1], now=False)
    return 0


def _timespecs(t: Task, address: int) -> list[int | None] | None:
    """The two times of utimensat, or None when both are now."""
    if not address:
        return None
    values = t.read_struct(address, "<qqqq")
    pairs = [(values[0], values[1]), (values[2], values[3])]
    for _, ns in pairs:
        if ns not in {UTIME_NOW, UTIME_OMIT} and not 0 <= ns < _BILLION:
            raise LinuxError(Errno.EINVAL)
    if all(ns == UTIME_NOW for _, ns in pairs):
        return None
    now = t.process.kernel.wall_ns()
    times: list[int | None] = []
    for seconds, ns in pairs:
        if ns == UTIME_OMIT:
            times.append(None)
        else:
            times.append(now if ns == UTIME_NOW else seconds * _BILLION + ns)
    return times


@syscall(280, "utimensat", "dirfd:fd", "path:str", "times:ptr", "flags:AT")
def utimensat(t: Task, dirfd: int, path: int, times: int, flags: int) -> int:
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
    wanted = _timespecs(t, times)
    if wanted == [None, None]:
        return 0  # nothing to do, and nothing is looked up
    if not path:
        if dirfd == AT_FDCWD:
            raise LinuxError(Errno.EFAULT)
        if flags & ~AT_EMPTY_PATH:
            raise LinuxError(Errno.EINVAL)
        return _set_times(t, _open_file(t, dirfd).location, wanted)
    return _set_times(t, locate(t, dirfd, path, flags), wanted)


def _timevals(t: Task, address: int) -> list[int | None] | None:
    if not address:
        return None
    values = t.read_struct(address, "<qqqq")
    if not (0 <= values[1] < 1_000_000 and 0 <= values[3] < 1_000_000):
        raise LinuxError(Errno.EINVAL)
    return [values[i] * _BILLION + values[i + 1] * 1000 for i in (0, 2)]


@syscall(261, "futimesat", "dirfd:fd", "path:str", "times:ptr")
def futimesat(t: Task, dirfd: int, path: int, times: int) -> int:
    wanted = _timevals(t, times)
    if not path:
        return _set_times(t, _open_file(t, dirfd).location, wanted)
    return _set_times(t, locate(t, dirfd, path), wanted)


@syscall(235, "utimes", "path:str", "times:ptr")
def utimes(t: Task, path: int, times: int) -> int:
    return _set_times(t, locate(t, AT_FDCWD, path), _timevals(t, times))


@syscall(132, "utime", "path:str", "times:ptr")
def utime(t: Task, path: int, times: int) -> int:
    wanted: list[int | None] | None = None
    if times:
        atime, mtime = t.read_struct(times, "<qq")
        wanted = [atime * _BILLION, mtime * _BILLION]
    return _set_times(t, locate(t, AT_FDCWD, path), wanted)


# -- sizes ---------------------------------------------------------------------------------


def _check_length(t: Task, length: int) -> None:
    if length < 0:
        raise LinuxError(Errno.EINVAL)
    limit = t.process.limits.soft(Rlimit.RLIMIT_FSIZE)
    if limit != INFINITY and length > limit:
        send_to_task(t, SigInfo.from_kernel(Signal.SIGXFSZ))
        raise LinuxError(Errno.EFBIG)


@syscall(76, "truncate", "path:str", "length:off")
def truncate(t: Task, path: int, length: int) -> int:
    _check_length(t, length)
    changing.truncate(t.process, locate(t, AT_FDCWD, path), length)
    return 0


@syscall(77, "ftruncate", "fd:fd", "length:off")
def ftruncate(t: Task, fd: int, length: int) -> int:
    _check_length(t, length)
    file = _open_file(t, fd)
    if not file.writable or file.node.type != S_IFREG:
        raise LinuxError(Errno.EINVAL)
    file.truncate(length)
    drop_privileges(t.process, file.node)
    return 0


@syscall(285, "fallocate", "fd:fd", "mode:FALLOC", "offset:off", "length:off")
def fallocate(t: Task, fd: int, mode: int, offset: int, length: int) -> int:
    file = _open_file(t, fd)
    if offset < 0 or length <= 0:
        raise LinuxError(Errno.EINVAL)
    if mode & ~0x7F:
        raise LinuxError(Errno.EOPNOTSUPP)
    if mode & FALLOC_FL_PUNCH_HOLE and not mode & FALLOC_FL_KEEP_SIZE:
        raise LinuxError(Errno.EOPNOTSUPP)
    if not file.writable:
        raise LinuxError(Errno.EBADF)
    kind = file.node.type
    if kind != S_IFREG:
        others = {S_IFIFO: Errno.ESPIPE, S_IFDIR: Errno.EISDIR}
        raise LinuxError(others.get(kind, Errno.ENODEV))
    if offset + length >= 1 << 63:
        raise LinuxError(Errno.EFBIG)
    if not mode & FALLOC_FL_KEEP_SIZE:
        _check_length(t, offset + length)
    file.allocate(mode, offset, length)
    drop_privileges(t.process, file.node)
    return 0
