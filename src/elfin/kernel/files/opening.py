"""Opening: from a path and flags to a `File` (man 2 open, mkdir's cousin O_CREAT included)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    O_ACCMODE,
    O_CLOEXEC,
    O_CREAT,
    O_DIRECTORY,
    O_EXCL,
    O_LARGEFILE,
    O_NOATIME,
    O_NOFOLLOW,
    O_PATH,
    O_RDONLY,
    O_TMPFILE,
    O_TMPFILE_BIT,
    O_TRUNC,
)
from elfin.kernel.abi.stat import (
    S_IFBLK,
    S_IFCHR,
    S_IFDIR,
    S_IFIFO,
    S_IFREG,
    S_IFSOCK,
    S_ISGID,
    S_ISUID,
    S_IXGRP,
)
from elfin.kernel.files.directory import DirectoryFile
from elfin.kernel.files.file import File, PathFile
from elfin.kernel.files.location import Location
from elfin.kernel.files.permission import EXECUTE, READ, WRITE, check, check_owner
from elfin.kernel.files.walk import Found, Last

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.node import Node
    from elfin.kernel.files.vfs import Vfs

_PATH_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
_WANTED = (READ, WRITE, READ | WRITE, READ | WRITE)  # by access mode; 3 asks for both


def drop_privileges(caller: Caller, node: Node) -> None:
    """A change of content by an ordinary user takes the set-ID bits away."""
    if caller.credentials.fsuid and node.mode & (S_ISUID | S_ISGID):
        mode = without_privileges(node)
        if mode != node.mode:
            node.set_mode(mode & 0o7777)


def without_privileges(node: Node) -> int:
    mode = node.mode & ~S_ISUID
    return mode & ~S_ISGID if mode & S_IXGRP else mode


def check_writable_mount(location: Location) -> None:
    if location.mount.read_only or location.node.fs.read_only:
        raise LinuxError(Errno.EROFS)


def check_directory(caller: Caller, directory: Location) -> None:
    """Whether the caller may create, remove or rename entries there."""
    check_writable_mount(directory)
    check(directory.node, caller.credentials, WRITE | EXECUTE)


def new_owner(caller: Caller, directory: Node, mode: int) -> tuple[int, int, int]:
    """Mode, uid and gid of a new entry: a set-group-ID directory hands its group down."""
    who = caller.credentials
    mode = mode & ~caller.fs.umask
    if not directory.mode & S_ISGID:
        return mode, who.fsuid, who.fsgid
    if mode & 0o170000 == S_IFDIR:
        mode |= S_ISGID
    elif mode & S_ISGID and mode & S_IXGRP and who.fsuid and directory.gid != who.fsgid:
        mode &= ~S_ISGID
    return mode, who.fsuid, directory.gid


def check_flags(flags: int) -> None:
    """Combinations that mean nothing, refused before anything is looked at."""
    if flags & O_PATH:
        return
    if flags & (O_CREAT | O_DIRECTORY) == O_CREAT | O_DIRECTORY:
        raise LinuxError(Errno.EINVAL)
    if flags & O_TMPFILE_BIT and (flags & O_TMPFILE != O_TMPFILE or flags & O_ACCMODE == O_RDONLY):
        raise LinuxError(Errno.EINVAL)


def open_path(
    vfs: Vfs, caller: Caller, path: bytes, flags: int, mode: int, at: Location | None, resolve: int
) -> File:
    check_flags(flags)
    flags = flags & _PATH_FLAGS if flags & O_PATH else flags | O_LARGEFILE
    if flags & O_TMPFILE_BIT:
        return _open_unnamed(vfs, caller, path, flags, mode, at, resolve)
    follow = not flags & O_NOFOLLOW
    if not flags & O_CREAT:
        found = vfs.find(caller, path, follow=follow, at=at, resolve=resolve)
        assert found.location is not None
        return _open_found(vfs, caller, found.location, flags)
    follow = follow and not flags & O_EXCL
    found = vfs.find(caller, path, Last.MAY, follow=follow, at=at, resolve=resolve)
    if found.location is None:
        return _create(vfs, caller, found, flags, mode)
    if flags & O_EXCL:
        raise LinuxError(Errno.EEXIST)
    if found.location.node.is_directory:
        raise LinuxError(Errno.EISDIR)
    return _open_found(vfs, caller, found.location, flags)


def _create(vfs: Vfs, caller: Caller, found: Found, flags: int, mode: int) -> File:
    directory = found.directory
    check_directory(caller, directory)
    owner = new_owner(caller, directory.node, S_IFREG | mode & 0o7777)
    node = directory.node.create(found.name, *owner)
    # The mode of a file just made does not limit the description that made it.
    return open_node(vfs, caller, Location(directory.mount, node, directory, found.name), flags)


def _open_unnamed(
    vfs: Vfs, caller: Caller, path: bytes, flags: int, mode: int, at: Location | None, resolve: int
) -> File:
    found = vfs.find(caller, path, follow=not flags & O_NOFOLLOW, at=at, resolve=resolve)
    directory = found.location
    assert directory is not None
    if not directory.node.is_directory:
        raise LinuxError(Errno.ENOTDIR)
    check_directory(caller, directory)
    owner = new_owner(caller, directory.node, S_IFREG | mode & 0o7777)
    node = directory.node.create_unnamed(*owner)
    name = b"#%d" % node.ino
    return open_node(vfs, caller, Location(directory.mount, node, directory, name), flags)


def _open_found(vfs: Vfs, caller: Caller, location: Location, flags: int) -> File:
    node = location.node
    if flags & O_DIRECTORY and not node.is_directory:
        raise LinuxError(Errno.ENOTDIR)
    if flags & O_PATH:
        return PathFile(location, flags)
    if node.is_symlink:
        raise LinuxError(Errno.ELOOP)
    wanted = _WANTED[flags & O_ACCMODE]
    if flags & O_TRUNC:
        wanted |= WRITE
    if wanted & WRITE:
        if node.is_directory:
            raise LinuxError(Errno.EISDIR)
        if node.type == S_IFREG:
            check_writable_mount(location)
    check(node, caller.credentials, wanted)
    if flags & O_NOATIME:
        check_owner(node, caller.credentials)
    file = open_node(vfs, caller, location, flags)
    if flags & O_TRUNC and node.type == S_IFREG:
        node.truncate(0)
        drop_privileges(caller, node)
    return file


def open_node(vfs: Vfs, caller: Caller, location: Location, flags: int) -> File:
    """A description of a node, without asking for permission."""
    node = location.node
    kind = node.type
    if kind == S_IFDIR:
        return DirectoryFile(location, flags)
    if kind in {S_IFCHR, S_IFBLK} and node.rdev:
        if not node.fs.devices_allowed:
            raise LinuxError(Errno.EACCES)
        return vfs.devices.open(caller, node.rdev, location, flags)
    if kind == S_IFIFO and node.fs is not vfs.unnamed:
        return vfs.fifos.open(location, flags)
    if kind == S_IFSOCK:
        raise LinuxError(Errno.ENXIO)
    return node.open(flags, location)
