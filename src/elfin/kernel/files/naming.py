"""Making, removing and renaming directory entries (man 2 mkdir, unlink, rename, link).

Input:  the caller, and directory plus last name from a walk. The order of checks is Linux's,
        because programs look at which error they get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import RENAME_EXCHANGE, RENAME_NOREPLACE
from elfin.kernel.abi.stat import (
    S_IFBLK,
    S_IFCHR,
    S_IFDIR,
    S_IFMT,
    S_IFREG,
    S_ISGID,
    S_ISUID,
    S_IXGRP,
)
from elfin.kernel.files.opening import check_directory, check_writable_mount, new_owner
from elfin.kernel.files.permission import EXECUTE, READ, WRITE, allowed, check, check_sticky
from elfin.kernel.files.walk import look_up

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.node import Node
    from elfin.kernel.files.vfs import Vfs
    from elfin.kernel.files.walk import Found

_DOTS = (b".", b"..")


def _existing(directory: Node, name: bytes) -> Node | None:
    try:
        return look_up(directory, name)
    except LinuxError as error:
        if error.errno is not Errno.ENOENT:
            raise
        return None


def _check_new(vfs: Vfs, caller: Caller, found: Found, *, directory: bool) -> None:
    """The name must be free and the directory ours to write."""
    if found.name in _DOTS or _existing(found.directory.node, found.name) is not None:
        raise LinuxError(Errno.EEXIST)
    if found.trailing and not directory:
        raise LinuxError(Errno.ENOENT)
    check_directory(caller, found.directory)
    if found.directory.node.is_deleted:
        raise LinuxError(Errno.ENOENT)


def make(vfs: Vfs, caller: Caller, found: Found, mode: int, device: int = 0) -> None:
    """Create a directory, FIFO, socket, device or empty file of the type in `mode`."""
    kind = mode & S_IFMT
    _check_new(vfs, caller, found, directory=kind == S_IFDIR)
    if kind in {S_IFCHR, S_IFBLK} and caller.credentials.fsuid != 0:
        raise LinuxError(Errno.EPERM)
    rdev = device if kind in {S_IFCHR, S_IFBLK} else 0
    parent = found.directory.node
    parent.create(found.name, *new_owner(caller, parent, mode), rdev)


def make_symlink(vfs: Vfs, caller: Caller, found: Found, target: bytes) -> None:
    _check_new(vfs, caller, found, directory=False)
    _, uid, gid = new_owner(caller, found.directory.node, 0o777)
    found.directory.node.create_symlink(found.name, target, uid, gid)


def link(vfs: Vfs, caller: Caller, source: Location, found: Found) -> None:
    """One more name for an object that is no directory."""
    if found.name in _DOTS or _existing(found.directory.node, found.name) is not None:
        raise LinuxError(Errno.EEXIST)
    if found.trailing:
        raise LinuxError(Errno.ENOENT)
    if source.mount is not found.directory.mount:
        raise LinuxError(Errno.EXDEV)
    _check_link_source(caller, source.node)
    check_directory(caller, found.directory)
    if source.node.is_directory:
        raise LinuxError(Errno.EPERM)
    found.directory.node.link(found.name, source.node)


def _check_link_source(caller: Caller, node: Node) -> None:
    """What an ordinary user may give another name to (fs.protected_hardlinks = 1)."""
    who = caller.credentials
    if who.fsuid in {0, node.uid}:
        return
    special = node.type != S_IFREG or node.mode & S_ISUID
    if special or node.mode & (S_ISGID | S_IXGRP) == S_ISGID | S_IXGRP:
        raise LinuxError(Errno.EPERM)
    if not allowed(node, who, READ | WRITE):
        raise LinuxError(Errno.EPERM)


# -- removing ------------------------------------------------------------------------------


def _victim(vfs: Vfs, caller: Caller, found: Found) -> Node:
    check_writable_mount(found.directory)
    directory = found.directory.node
    node = look_up(directory, found.name)
    check(directory, caller.credentials, WRITE | EXECUTE)
    check_sticky(directory, node, caller.credentials)
    return node


def unlink(vfs: Vfs, caller: Caller, found: Found) -> None:
    if found.name in _DOTS:
        raise LinuxError(Errno.EISDIR)
    node = _victim(vfs, caller, found) if not found.trailing else None
    if node is None:
        node = look_up(found.directory.node, found.name)
        raise LinuxError(Errno.EISDIR if node.is_directory else Errno.ENOTDIR)
    if node.is_directory:
        raise LinuxError(Errno.EISDIR)
    if vfs.is_mount_point(found.directory.mount, node):
        raise LinuxError(Errno.EBUSY)
    found.directory.node.unlink(found.name)


def rmdir(vfs: Vfs, caller: Caller, found: Found) -> None:
    directory = found.directory
    if found.name == b".":
        # A walk that ends without looking for a name has found the root.
        raise LinuxError(Errno.EBUSY if found.location is not None else Errno.EINVAL)
    if found.name == b"..":
        raise LinuxError(Errno.ENOTEMPTY)
    node = _victim(vfs, caller, found)
    if not node.is_directory:
        raise LinuxError(Errno.ENOTDIR)
    if vfs.is_mount_point(directory.mount, node):
        raise LinuxError(Errno.EBUSY)
    directory.node.rmdir(found.name)


# -- renaming ------------------------------------------------------------------------------


def rename(vfs: Vfs, caller: Caller, source: Found, target: Found, flags: int) -> None:
    """Move an entry, replacing what has the new name unless the flags forbid it."""
    old_dir, new_dir = source.directory, target.directory
    if old_dir.mount is not new_dir.mount:
        raise LinuxError(Errno.EXDEV)
    if source.name in _DOTS:
        raise LinuxError(Errno.EBUSY)
    if target.name in _DOTS:
        raise LinuxError(Errno.EEXIST if flags & RENAME_NOREPLACE else Errno.EBUSY)
    check_writable_mount(old_dir)
    node = look_up(old_dir.node, source.name)
    old = _existing(new_dir.node, target.name)
    if flags & RENAME_NOREPLACE and old is not None:
        raise LinuxError(Errno.EEXIST)
    if flags & RENAME_EXCHANGE and old is None:
        raise LinuxError(Errno.ENOENT)
    exchange = flags & RENAME_EXCHANGE
    if not node.is_directory and (source.trailing or (target.trailing and not exchange)):
        raise LinuxError(Errno.ENOTDIR)
    if exchange and old is not None and not old.is_directory and target.trailing:
        raise LinuxError(Errno.ENOTDIR)
    if _is_inside(new_dir.node, node):
        raise LinuxError(Errno.EINVAL)
    if old is not None and _is_inside(old_dir.node, old):
        raise LinuxError(Errno.EINVAL if flags & RENAME_EXCHANGE else Errno.ENOTEMPTY)
    if node is old:
        return  # two names of one object: nothing happens (POSIX)
    _check_move(caller, old_dir.node, node)
    _check_move(caller, new_dir.node, old)
    if old is not None and not flags & RENAME_EXCHANGE:
        if node.is_directory and not old.is_directory:
            raise LinuxError(Errno.ENOTDIR)
        if old.is_directory and not node.is_directory:
            raise LinuxError(Errno.EISDIR)
    for moved in (node, old):
        if moved is None:
            continue
        if vfs.is_mount_point(old_dir.mount, moved):
            raise LinuxError(Errno.EBUSY)
        # A directory that changes its parent has its `..` rewritten.
        if moved.is_directory and old_dir.node is not new_dir.node and moved is node:
            check(moved, caller.credentials, WRITE)
    if new_dir.node.is_deleted:
        raise LinuxError(Errno.ENOENT)
    old_dir.node.rename(source.name, new_dir.node, target.name, flags)


def _check_move(caller: Caller, directory: Node, node: Node | None) -> None:
    check(directory, caller.credentials, WRITE | EXECUTE)
    if node is not None:
        check_sticky(directory, node, caller.credentials)


def _is_inside(directory: Node | None, root: Node) -> bool:
    """Whether `directory` is `root` or below it."""
    while directory is not None:
        if directory is root:
            return True
        directory = directory.parent
    return False
