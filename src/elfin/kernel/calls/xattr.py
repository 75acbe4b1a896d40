"""Extended attributes (man 7 xattr): kept in memory where the file system is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    AT_FDCWD,
    AT_SYMLINK_NOFOLLOW,
    O_PATH,
    XATTR_CREATE,
    XATTR_REPLACE,
)
from elfin.kernel.abi.stat import S_IFDIR, S_IFREG
from elfin.kernel.call import syscall
from elfin.kernel.calls.paths import check_flags, locate
from elfin.kernel.files.opening import check_writable_mount
from elfin.kernel.files.permission import READ, WRITE, check

if TYPE_CHECKING:
    from elfin.kernel.files.location import Location
    from elfin.kernel.task import Task

NAME_MAX = 255
SIZE_MAX = 1 << 16


def _of_fd(t: Task, fd: int) -> Location:
    file = t.process.files.get(fd)
    if file.flags & O_PATH:
        raise LinuxError(Errno.EBADF)
    return file.location


def _path(t: Task, path: int) -> Location:
    return locate(t, AT_FDCWD, path)


def _link(t: Task, path: int) -> Location:
    return locate(t, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)


def _name(t: Task, address: int) -> bytes:
    try:
        name = t.read_string(address, NAME_MAX + 1)
    except LinuxError as error:
        if error.errno is Errno.ENAMETOOLONG:
            raise LinuxError(Errno.ERANGE) from None
        raise
    if not name:
        raise LinuxError(Errno.ERANGE)
    return name


def _check(t: Task, location: Location, name: bytes, wanted: int) -> None:
    """Who may read and write which attribute."""
    node, who = location.node, t.process.credentials
    if wanted & WRITE:
        check_writable_mount(location)
    space = name.partition(b".")[0]
    if space == b"user":
        if node.type not in {S_IFREG, S_IFDIR}:
            raise LinuxError(Errno.EPERM if wanted & WRITE else Errno.ENODATA)
        check(node, who, wanted)
    elif space == b"trusted":
        if who.euid:
            raise LinuxError(Errno.EPERM if wanted & WRITE else Errno.ENODATA)
    elif space == b"security":
        if wanted & WRITE and who.euid:
            raise LinuxError(Errno.EPERM)
    else:
        raise LinuxError(Errno.EOPNOTSUPP)


# -- set -----------------------------------------------------------------------------------


def _set(t: Task, location: Location, name: int, value: int, size: int, flags: int) -> int:
    check_flags(flags, XATTR_CREATE | XATTR_REPLACE)
    text = _name(t, name)
    if size > SIZE_MAX:
        raise LinuxError(Errno.E2BIG)
    data = t.read_memory(value, size)
    _check(t, location, text, WRITE)
    attributes = location.node.attributes()
    if flags & XATTR_CREATE and text in attributes:
        raise LinuxError(Errno.EEXIST)
    if flags & XATTR_REPLACE and text not in attributes:
        raise LinuxError(Errno.ENODATA)
    location.node.set_attribute(text, data)
    return 0


@syscall(188, "setxattr", "path:str", "name:str", "value:ptr", "size:size", "flags:XATTR")
def setxattr(t: Task, path: int, name: int, value: int, size: int, flags: int) -> int:
    return _set(t, _path(t, path), name, value, size, flags)


@syscall(189, "lsetxattr", "path:str", "name:str", "value:ptr", "size:size", "flags:XATTR")
def lsetxattr(t: Task, path: int, name: int, value: int, size: int, flags: int) -> int:
    return _set(t, _link(t, path), name, value, size, flags)


@syscall(190, "fsetxattr", "fd:fd", "name:str", "value:ptr", "size:size", "flags:XATTR")
def fsetxattr(t: Task, fd: int, name: int, value: int, size: int, flags: int) -> int:
    return _set(t, _of_fd(t, fd), name, value, size, flags)


# -- get -----------------------------------------------------------------------------------


def _give(t: Task, data: bytes, buf: int, size: int) -> int:
    """With size 0 only how long it is."""
    if not size:
        return len(data)
    if len(data) > size:
        raise LinuxError(Errno.ERANGE)
    t.write_memory(buf, data)
    return len(data)


def _get(t: Task, location: Location, name: int, value: int, size: int) -> int:
    text = _name(t, name)
    _check(t, location, text, READ)
    data = location.node.attributes().get(text)
    if data is None:
        raise LinuxError(Errno.ENODATA)
    return _give(t, data, value, size)


@syscall(191, "getxattr", "path:str", "name:str", "value:ptr", "size:size")
def getxattr(t: Task, path: int, name: int, value: int, size: int) -> int:
    return _get(t, _path(t, path), name, value, size)


@syscall(192, "lgetxattr", "path:str", "name:str", "value:ptr", "size:size")
def lgetxattr(t: Task, path: int, name: int, value: int, size: int) -> int:
    return _get(t, _link(t, path), name, value, size)


@syscall(193, "fgetxattr", "fd:fd", "name:str", "value:ptr", "size:size")
def fgetxattr(t: Task, fd: int, name: int, value: int, size: int) -> int:
    return _get(t, _of_fd(t, fd), name, value, size)


# -- list and remove -----------------------------------------------------------------------


def _list(t: Task, location: Location, buf: int, size: int) -> int:
    privileged = t.process.credentials.euid == 0
    try:
        names = [
            name
            for name in location.node.attributes()
            if privileged or not name.startswith(b"trusted.")
        ]
    except LinuxError as error:
        if error.errno is not Errno.EOPNOTSUPP:
            raise
        names = []  # a file system without attributes has none to list
    return _give(t, b"".join(name + b"\0" for name in names), buf, size)


@syscall(194, "listxattr", "path:str", "list:ptr", "size:size")
def listxattr(t: Task, path: int, buf: int, size: int) -> int:
    return _list(t, _path(t, path), buf, size)


@syscall(195, "llistxattr", "path:str", "list:ptr", "size:size")
def llistxattr(t: Task, path: int, buf: int, size: int) -> int:
    return _list(t, _link(t, path), buf, size)


@syscall(196, "flistxattr", "fd:fd", "list:ptr", "size:size")
def flistxattr(t: Task, fd: int, buf: int, size: int) -> int:
    return _list(t, _of_fd(t, fd), buf, size)


def _remove(t: Task, location: Location, name: int) -> int:
    text = _name(t, name)
    _check(t, location, text, WRITE)
    if text not in location.node.attributes():
        raise LinuxError(Errno.ENODATA)
    location.node.set_attribute(text, None)
    return 0


@syscall(197, "removexattr", "path:str", "name:str")
def removexattr(t: Task, path: int, name: int) -> int:
    return _remove(t, _path(t, path), name)


@syscall(198, "lremovexattr", "path:str", "name:str")
def lremovexattr(t: Task, path: int, name: int) -> int:
    return _remove(t, _link(t, path), name)


@syscall(199, "fremovexattr", "fd:fd", "name:str")
def fremovexattr(t: Task, fd: int, name: int) -> int:
    return _remove(t, _of_fd(t, fd), name)
