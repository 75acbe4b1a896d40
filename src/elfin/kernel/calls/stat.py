"""stat in all its forms, statfs, access (man 2 stat, statx, statfs, access)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    AT_EACCESS,
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_NO_AUTOMOUNT,
    AT_STATX_SYNC_TYPE,
    AT_SYMLINK_NOFOLLOW,
    R_OK,
    W_OK,
    X_OK,
)
from elfin.kernel.abi.stat import (
    S_IFDIR,
    S_IFLNK,
    S_IFMT,
    S_IFREG,
    ST_NODEV,
    ST_RDONLY,
    ST_RELATIME,
    ST_VALID,
    STAT,
    STATFS,
    STATX,
    STATX_ATTR_MOUNT_ROOT,
    STATX_BASIC_STATS,
    STATX_BTIME,
    STATX_MNT_ID,
    STATX_RESERVED,
    major,
    minor,
)
from elfin.kernel.call import syscall
from elfin.kernel.calls.paths import check_flags, locate
from elfin.kernel.files.permission import allowed

if TYPE_CHECKING:
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.stat import Stat
    from elfin.kernel.task import Task

_BILLION = 1_000_000_000
_AT_STAT = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH


def pack_stat(s: Stat) -> bytes:
    """struct stat."""
    return STAT.pack(
        s.dev,
        s.ino,
        s.nlink,
        s.mode,
        s.uid,
        s.gid,
        s.rdev,
        s.size,
        s.blksize,
        s.blocks,
        *divmod(s.atime, _BILLION),
        *divmod(s.mtime, _BILLION),
        *divmod(s.ctime, _BILLION),
    )


def _put(t: Task, buf: int, stat: Stat) -> int:
    t.write_memory(buf, pack_stat(stat))
    return 0


@syscall(4, "stat", "path:str", "buf:ptr")
def stat(t: Task, path: int, buf: int) -> int:
    return _put(t, buf, locate(t, AT_FDCWD, path).node.stat())


@syscall(6, "lstat", "path:str", "buf:ptr")
def lstat(t: Task, path: int, buf: int) -> int:
    return _put(t, buf, locate(t, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW).node.stat())


@syscall(5, "fstat", "fd:fd", "buf:ptr", quick="closed")
def fstat(t: Task, fd: int, buf: int) -> int:
    return _put(t, buf, t.process.files.get(fd).stat())


@syscall(262, "newfstatat", "dirfd:fd", "path:str", "buf:ptr", "flags:AT")
def newfstatat(t: Task, dirfd: int, path: int, buf: int, flags: int) -> int:
    check_flags(flags, _AT_STAT)
    return _put(t, buf, _stat_at(t, dirfd, path, flags)[0])


def _stat_at(t: Task, dirfd: int, path: int, flags: int) -> tuple[Stat, Location]:
    """With an empty path the description answers: a stream of the host knows its size."""
    if flags & AT_EMPTY_PATH and (not path or not t.read_memory(path, 1)[0]):
        file = t.process.files.find(dirfd)
        if file is not None:
            return file.stat(), file.location
    location = locate(t, dirfd, path, flags)
    return location.node.stat(), location


@syscall(332, "statx", "dirfd:fd", "path:str", "flags:AT", "mask:uint", "buf:ptr")
def statx(t: Task, dirfd: int, path: int, flags: int, mask: int, buf: int) -> int:
    check_flags(flags, _AT_STAT | AT_STATX_SYNC_TYPE)
    if mask & STATX_RESERVED or flags & AT_STATX_SYNC_TYPE == AT_STATX_SYNC_TYPE:
        raise LinuxError(Errno.EINVAL)
    s, location = _stat_at(t, dirfd, path, flags)
    given = STATX_BASIC_STATS | STATX_MNT_ID | (STATX_BTIME if s.btime else 0)
    is_root = STATX_ATTR_MOUNT_ROOT if location.node is location.mount.root else 0
    packed = STATX.pack(
        given,
        s.blksize,
        is_root,
        s.nlink,
        s.uid,
        s.gid,
        s.mode,
        s.ino,
        s.size,
        s.blocks,
        STATX_ATTR_MOUNT_ROOT,
        *divmod(s.atime, _BILLION),
        *divmod(s.btime, _BILLION),
        *divmod(s.ctime, _BILLION),
        *divmod(s.mtime, _BILLION),
        major(s.rdev),
        minor(s.rdev),
        major(s.dev),
        minor(s.dev),
        location.mount.id,
    )
    t.write_memory(buf, packed)
    return 0


# -- statfs --------------------------------------------------------------------------------


def _put_statfs(t: Task, location: Location, buf: int) -> int:
    figures, fs = location.node.fs.statfs(), location.node.fs
    flags = ST_VALID | ST_RELATIME
    if fs.read_only or location.mount.read_only:
        flags |= ST_RDONLY
    if not fs.devices_allowed:
        flags |= ST_NODEV
    packed = STATFS.pack(
        figures.type,
        figures.block_size,
        figures.blocks,
        figures.free,
        figures.free,
        figures.files,
        figures.files_free,
        fs.device & 0x7FFF_FFFF,
        0,
        figures.name_max,
        figures.block_size,
        flags,
    )
    t.write_memory(buf, packed)
    return 0


@syscall(137, "statfs", "path:str", "buf:ptr")
def statfs(t: Task, path: int, buf: int) -> int:
    return _put_statfs(t, locate(t, AT_FDCWD, path), buf)


@syscall(138, "fstatfs", "fd:fd", "buf:ptr", quick="closed")
def fstatfs(t: Task, fd: int, buf: int) -> int:
    return _put_statfs(t, t.process.files.get(fd).location, buf)


# -- access --------------------------------------------------------------------------------


def _access(t: Task, dirfd: int, path: int, wanted: int, flags: int) -> int:
    if wanted & ~(R_OK | W_OK | X_OK):
        raise LinuxError(Errno.EINVAL)
    location = locate(t, dirfd, path, flags)
    node = location.node
    read_only = location.mount.read_only or node.fs.read_only
    if wanted & W_OK and read_only and node.mode & S_IFMT in {S_IFREG, S_IFDIR, S_IFLNK}:
        raise LinuxError(Errno.EROFS)
    if not allowed(node, t.process.credentials, wanted, real=not flags & AT_EACCESS):
        raise LinuxError(Errno.EACCES)
    return 0


@syscall(21, "access", "path:str", "mode:ACCESS")
def access(t: Task, path: int, mode: int) -> int:
    return _access(t, AT_FDCWD, path, mode, 0)


@syscall(269, "faccessat", "dirfd:fd", "path:str", "mode:ACCESS")
def faccessat(t: Task, dirfd: int, path: int, mode: int) -> int:
    return _access(t, dirfd, path, mode, 0)


@syscall(439, "faccessat2", "dirfd:fd", "path:str", "mode:ACCESS", "flags:AT")
def faccessat2(t: Task, dirfd: int, path: int, mode: int, flags: int) -> int:
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EACCESS | AT_EMPTY_PATH)
    return _access(t, dirfd, path, mode, flags)
