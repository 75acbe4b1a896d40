"""Descriptors come and go: open, close, dup, pipe (man 2 open, openat2, close, dup, pipe)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    AT_FDCWD,
    CLOSE_RANGE_CLOEXEC,
    CLOSE_RANGE_UNSHARE,
    O_CLOEXEC,
    O_CREAT,
    O_DIRECT,
    O_NONBLOCK,
    O_PATH,
    O_RDONLY,
    O_TMPFILE_BIT,
    O_TRUNC,
    O_WRONLY,
    OPEN_KNOWN,
    RESOLVE_BENEATH,
    RESOLVE_CACHED,
    RESOLVE_IN_ROOT,
    RESOLVE_KNOWN,
)
from elfin.kernel.abi.stat import S_IFIFO
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.paths import read_path, start_of, vfs_of
from elfin.kernel.files.location import Location
from elfin.kernel.files.opening import check_flags
from elfin.kernel.files.pipe import Pipe, PipeEnd
from elfin.kernel.files.unnamed import UnnamedNode
from elfin.kernel.wait import Restart, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

_OPEN_HOW = "<QQQ"


def _open(t: Task, fd: int, address: int, flags: int, mode: int, resolve: int = 0) -> Result:
    check_flags(flags)
    path = read_path(t, address)
    files = t.process.files
    files.lowest_free()  # EMFILE before anything is created
    file = vfs_of(t).open(
        t.process, path, flags & OPEN_KNOWN, mode & 0o7777, start_of(t, fd, path), resolve
    )
    cloexec = bool(flags & O_CLOEXEC)
    if flags & (O_NONBLOCK | O_PATH) or not file.open_pending():
        return files.install(file, cloexec=cloexec)
    return _wait_for_peer(t, file.retain(), cloexec=cloexec)


def _wait_for_peer(t: Task, file: File, *, cloexec: bool) -> Wait:
    """A FIFO is open when its other side is (man 7 fifo)."""

    def poll() -> int | None:
        if file.open_pending():
            return None
        fd = t.process.files.install(file, cloexec=cloexec)
        file.release()
        return fd

    def on_interrupt() -> int | None:
        file.release()
        return None

    return Wait(poll, restart=Restart.SYS, on_interrupt=on_interrupt)


@syscall(2, "open", "path:str", "flags:O", "mode:mode")
def open_(t: Task, path: int, flags: int, mode: int) -> Result:
    return _open(t, AT_FDCWD, path, flags, mode)


@syscall(257, "openat", "dirfd:fd", "path:str", "flags:O", "mode:mode")
def openat(t: Task, dirfd: int, path: int, flags: int, mode: int) -> Result:
    return _open(t, dirfd, path, flags, mode)


@syscall(85, "creat", "path:str", "mode:mode")
def creat(t: Task, path: int, mode: int) -> Result:
    return _open(t, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)


@syscall(437, "openat2", "dirfd:fd", "path:str", "how:ptr", "size:size")
def openat2(t: Task, dirfd: int, path: int, how: int, size: int) -> Result:
    if size < 24:
        raise LinuxError(Errno.EINVAL)
    if size > 4096 or any(t.read_memory(how + 24, size - 24)):
        raise LinuxError(Errno.E2BIG)
    flags, mode, resolve = t.read_struct(how, _OPEN_HOW)
    if flags & ~OPEN_KNOWN or resolve & ~RESOLVE_KNOWN or mode & ~0o7777:
        raise LinuxError(Errno.EINVAL)
    if mode and not flags & (O_CREAT | O_TMPFILE_BIT):
        raise LinuxError(Errno.EINVAL)
    if resolve & RESOLVE_BENEATH and resolve & RESOLVE_IN_ROOT:
        raise LinuxError(Errno.EINVAL)
    if resolve & RESOLVE_CACHED:
        raise LinuxError(Errno.EAGAIN)  # nothing is cached: try again without it
    if resolve & RESOLVE_IN_ROOT:
        start = None if dirfd == AT_FDCWD else dirfd
        return _open_in_root(t, start, path, flags, mode, resolve)
    return _open(t, dirfd, path, flags, mode, resolve)


def _open_in_root(
    t: Task, dirfd: int | None, path: int, flags: int, mode: int, resolve: int
) -> int:
    """Absolute paths, too, start at the directory."""
    at = t.process.fs.cwd if dirfd is None else t.process.files.get(dirfd).location
    file = vfs_of(t).open(t.process, read_path(t, path), flags, mode, at, resolve)
    return t.process.files.install(file, cloexec=bool(flags & O_CLOEXEC))


@syscall(3, "close", "fd:fd", quick="closed")
def close(t: Task, fd: int) -> int:
    t.process.files.close(fd, t.process)
    return 0


@syscall(436, "close_range", "first:uint", "last:uint", "flags:CLOSE_RANGE")
def close_range(t: Task, first: int, last: int, flags: int) -> int:
    if flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) or first > last:
        raise LinuxError(Errno.EINVAL)
    if flags & CLOSE_RANGE_UNSHARE:
        t.process.files = t.process.files.unshare()
    files = t.process.files
    for fd in [fd for fd, _ in files.items() if first <= fd <= last]:
        if flags & CLOSE_RANGE_CLOEXEC:
            files.set_cloexec(fd, on=True)
        else:
            files.close(fd, t.process)
    return 0


@syscall(32, "dup", "fd:fd", quick="closed")
def dup(t: Task, fd: int) -> int:
    return t.process.files.install(t.process.files.get(fd))


@syscall(33, "dup2", "old:fd", "new:fd")
def dup2(t: Task, old: int, new: int) -> int:
    file = t.process.files.get(old)
    if old != new:
        t.process.files.replace(new, file, t.process)
    return new


@syscall(292, "dup3", "old:fd", "new:fd", "flags:O")
def dup3(t: Task, old: int, new: int, flags: int) -> int:
    if flags & ~O_CLOEXEC or old == new:
        raise LinuxError(Errno.EINVAL)
    file = t.process.files.get(old)
    t.process.files.replace(new, file, t.process, cloexec=bool(flags & O_CLOEXEC))
    return new


def install_unnamed(t: Task, name: bytes, flags: int, make: Callable[[Location, int], File]) -> int:
    """A descriptor of something without a path: `anon_inode:` and a name in /proc/PID/fd."""
    vfs = vfs_of(t)
    node = UnnamedNode(vfs.unnamed, 0o600)
    location = Location(vfs.nowhere, node, None, b"anon_inode:" + name)
    cloexec = bool(flags & O_CLOEXEC)
    return t.process.files.install(make(location, flags & ~O_CLOEXEC), cloexec=cloexec)


def _pipe(t: Task, address: int, flags: int) -> int:
    if flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT):
        raise LinuxError(Errno.EINVAL)
    vfs, who = vfs_of(t), t.process.credentials
    pipe = Pipe()
    node = UnnamedNode(
        vfs.unnamed,
        S_IFIFO | 0o600,
        who.fsuid,
        who.fsgid,
        now=t.process.kernel.wall_ns(),
        opener=lambda flags, location: PipeEnd(pipe, location, flags),
    )
    location = Location(vfs.nowhere, node, None, b"pipe:[%d]" % node.ino)
    files = t.process.files
    cloexec = bool(flags & O_CLOEXEC)
    kept = flags & (O_NONBLOCK | O_DIRECT)
    reader = files.install(PipeEnd(pipe, location, O_RDONLY | kept), cloexec=cloexec)
    try:
        writer = files.install(PipeEnd(pipe, location, O_WRONLY | kept), cloexec=cloexec)
    except LinuxError:
        files.close(reader, t.process)
        raise
    try:
        t.write_struct(address, "<ii", reader, writer)
    except LinuxError:
        files.close(reader, t.process)
        files.close(writer, t.process)
        raise
    return 0


@syscall(22, "pipe", "fds:fds")
def pipe(t: Task, fds: int) -> int:
    return _pipe(t, fds, 0)


@syscall(293, "pipe2", "fds:fds", "flags:O")
def pipe2(t: Task, fds: int, flags: int) -> int:
    return _pipe(t, fds, flags)
