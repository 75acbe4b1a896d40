"""Names of things: link, symlink, readlink, unlink, rename, mknod (man 2 link, rename ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_REMOVEDIR,
    AT_SYMLINK_FOLLOW,
    AT_SYMLINK_NOFOLLOW,
    RENAME_EXCHANGE,
    RENAME_NOREPLACE,
    RENAME_WHITEOUT,
)
from elfin.kernel.abi.stat import (
    S_IFBLK,
    S_IFCHR,
    S_IFDIR,
    S_IFIFO,
    S_IFMT,
    S_IFREG,
    S_IFSOCK,
)
from elfin.kernel.call import syscall
from elfin.kernel.calls.paths import check_flags, find, locate, read_path, vfs_of
from elfin.kernel.files import naming
from elfin.kernel.files.walk import Last

if TYPE_CHECKING:
    from elfin.kernel.task import Task


# -- making --------------------------------------------------------------------------------


def _mkdir(t: Task, fd: int, address: int, mode: int) -> int:
    found = find(t, fd, read_path(t, address), Last.PARENT)
    naming.make(vfs_of(t), t.process, found, S_IFDIR | mode & 0o1777)
    return 0


@syscall(83, "mkdir", "path:str", "mode:mode")
def mkdir(t: Task, path: int, mode: int) -> int:
    return _mkdir(t, AT_FDCWD, path, mode)


@syscall(258, "mkdirat", "dirfd:fd", "path:str", "mode:mode")
def mkdirat(t: Task, dirfd: int, path: int, mode: int) -> int:
    return _mkdir(t, dirfd, path, mode)


def _mknod(t: Task, fd: int, address: int, mode: int, device: int) -> int:
    kind = mode & S_IFMT or S_IFREG
    if kind == S_IFDIR:
        raise LinuxError(Errno.EPERM)
    if kind not in {S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}:
        raise LinuxError(Errno.EINVAL)
    found = find(t, fd, read_path(t, address), Last.PARENT)
    naming.make(vfs_of(t), t.process, found, kind | mode & 0o7777, device & 0xFFFF_FFFF)
    return 0


@syscall(133, "mknod", "path:str", "mode:mode", "dev:hex")
def mknod(t: Task, path: int, mode: int, dev: int) -> int:
    return _mknod(t, AT_FDCWD, path, mode, dev)


@syscall(259, "mknodat", "dirfd:fd", "path:str", "mode:mode", "dev:hex")
def mknodat(t: Task, dirfd: int, path: int, mode: int, dev: int) -> int:
    return _mknod(t, dirfd, path, mode, dev)


def _symlink(t: Task, target: int, fd: int, address: int) -> int:
    text = read_path(t, target)
    if not text:
        raise LinuxError(Errno.ENOENT)
    found = find(t, fd, read_path(t, address), Last.PARENT)
    naming.make_symlink(vfs_of(t), t.process, found, text)
    return 0


@syscall(88, "symlink", "target:str", "path:str")
def symlink(t: Task, target: int, path: int) -> int:
    return _symlink(t, target, AT_FDCWD, path)


@syscall(266, "symlinkat", "target:str", "dirfd:fd", "path:str")
def symlinkat(t: Task, target: int, dirfd: int, path: int) -> int:
    return _symlink(t, target, dirfd, path)


def _link(t: Task, old_fd: int, old: int, new_fd: int, new: int, flags: int) -> int:
    check_flags(flags, AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)
    follow = 0 if flags & AT_SYMLINK_FOLLOW else AT_SYMLINK_NOFOLLOW
    source = locate(t, old_fd, old, follow | flags & AT_EMPTY_PATH)
    found = find(t, new_fd, read_path(t, new), Last.PARENT)
    naming.link(vfs_of(t), t.process, source, found)
    return 0


@syscall(86, "link", "old:str", "new:str")
def link(t: Task, old: int, new: int) -> int:
    return _link(t, AT_FDCWD, old, AT_FDCWD, new, 0)


@syscall(265, "linkat", "olddirfd:fd", "old:str", "newdirfd:fd", "new:str", "flags:AT")
def linkat(t: Task, olddirfd: int, old: int, newdirfd: int, new: int, flags: int) -> int:
    return _link(t, olddirfd, old, newdirfd, new, flags)


# -- reading -------------------------------------------------------------------------------


def _readlink(t: Task, fd: int, address: int, buf: int, size: int) -> int:
    if size <= 0:
        raise LinuxError(Errno.EINVAL)
    path = read_path(t, address)
    if path or fd == AT_FDCWD:
        node = locate(t, fd, address, AT_SYMLINK_NOFOLLOW).node
    else:
        node = t.process.files.get(fd).node  # opened with O_PATH | O_NOFOLLOW
        if not node.is_symlink:
            raise LinuxError(Errno.ENOENT)
    if not node.is_symlink:
        raise LinuxError(Errno.EINVAL)
    target = node.readlink(t.process)[:size]
    t.write_memory(buf, target)
    return len(target)


@syscall(89, "readlink", "path:str", "buf:out", "size:int")
def readlink(t: Task, path: int, buf: int, size: int) -> int:
    return _readlink(t, AT_FDCWD, path, buf, size)


@syscall(267, "readlinkat", "dirfd:fd", "path:str", "buf:out", "size:int")
def readlinkat(t: Task, dirfd: int, path: int, buf: int, size: int) -> int:
    return _readlink(t, dirfd, path, buf, size)


# -- removing ------------------------------------------------------------------------------


@syscall(84, "rmdir", "path:str")
def rmdir(t: Task, path: int) -> int:
    naming.rmdir(vfs_of(t), t.process, find(t, AT_FDCWD, read_path(t, path), Last.PARENT))
    return 0


@syscall(87, "unlink", "path:str")
def unlink(t: Task, path: int) -> int:
    naming.unlink(vfs_of(t), t.process, find(t, AT_FDCWD, read_path(t, path), Last.PARENT))
    return 0


@syscall(263, "unlinkat", "dirfd:fd", "path:str", "flags:AT_REMOVE")
def unlinkat(t: Task, dirfd: int, path: int, flags: int) -> int:
    check_flags(flags, AT_REMOVEDIR)
    found = find(t, dirfd, read_path(t, path), Last.PARENT)
    remove = naming.rmdir if flags & AT_REMOVEDIR else naming.unlink
    remove(vfs_of(t), t.process, found)
    return 0


# -- moving --------------------------------------------------------------------------------


def _rename(t: Task, old_fd: int, old: int, new_fd: int, new: int, flags: int) -> int:
    check_flags(flags, RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)
    if flags & RENAME_EXCHANGE and flags & (RENAME_NOREPLACE | RENAME_WHITEOUT):
        raise LinuxError(Errno.EINVAL)
    if flags & RENAME_WHITEOUT:
        raise LinuxError(Errno.EINVAL)  # no file system here has whiteouts to show
    source = find(t, old_fd, read_path(t, old), Last.PARENT)
    target = find(t, new_fd, read_path(t, new), Last.PARENT)
    naming.rename(vfs_of(t), t.process, source, target, flags)
    return 0


@syscall(82, "rename", "old:str", "new:str")
def rename(t: Task, old: int, new: int) -> int:
    return _rename(t, AT_FDCWD, old, AT_FDCWD, new, 0)


@syscall(264, "renameat", "olddirfd:fd", "old:str", "newdirfd:fd", "new:str")
def renameat(t: Task, olddirfd: int, old: int, newdirfd: int, new: int) -> int:
    return _rename(t, olddirfd, old, newdirfd, new, 0)


@syscall(316, "renameat2", "olddirfd:fd", "old:str", "newdirfd:fd", "new:str", "flags:RENAME")
def renameat2(t: Task, olddirfd: int, old: int, newdirfd: int, new: int, flags: int) -> int:
    return _rename(t, olddirfd, old, newdirfd, new, flags)
