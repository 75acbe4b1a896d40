"""Changing what a node says of itself: mode, owner, times, size (man 2 chmod, chown, utimensat).

Input:  the caller and a location. The rules for who may are here; the node does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.stat import S_IFDIR, S_IFREG, S_ISGID
from elfin.kernel.files.opening import check_writable_mount, drop_privileges, without_privileges
from elfin.kernel.files.permission import WRITE, allowed, check, check_owner

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.location import Location


def _in_group(caller: Caller, gid: int) -> bool:
    who = caller.credentials
    return gid == who.fsgid or gid in who.groups


def set_mode(caller: Caller, location: Location, mode: int) -> None:
    node = location.node
    check_writable_mount(location)
    if node.is_symlink:
        raise LinuxError(Errno.EOPNOTSUPP)
    check_owner(node, caller.credentials)
    if caller.credentials.fsuid and not _in_group(caller, node.gid):
        mode &= ~S_ISGID
    node.set_mode(mode & 0o7777)


def set_owner(caller: Caller, location: Location, uid: int, gid: int) -> None:
    """-1 leaves one as it is; only user 0 gives files away."""
    node, who = location.node, caller.credentials
    check_writable_mount(location)
    if who.fsuid:
        may_own = uid in {-1, node.uid} and who.fsuid == node.uid
        may_group = gid in {-1, node.gid} or _in_group(caller, gid)
        if (uid, gid) != (-1, -1) and not (may_own and may_group):
            raise LinuxError(Errno.EPERM)
    mode = without_privileges(node) if node.type != S_IFDIR else node.mode
    node.set_owner(uid, gid)
    if mode != node.mode:
        node.set_mode(mode & 0o7777)


def set_times(
    caller: Caller, location: Location, atime: int | None, mtime: int | None, *, now: bool
) -> None:
    """Set times in ns (None: leave); `now`: both are the present, which writers may set, too."""
    node, who = location.node, caller.credentials
    if atime is None and mtime is None and not now:
        return
    check_writable_mount(location)
    if now:
        if who.fsuid not in {0, node.uid} and not allowed(node, who, WRITE):
            raise LinuxError(Errno.EACCES)
    else:
        check_owner(node, who)
    node.set_times(atime, mtime)


def truncate(caller: Caller, location: Location, length: int) -> None:
    node = location.node
    if node.is_directory:
        raise LinuxError(Errno.EISDIR)
    if node.type != S_IFREG:
        raise LinuxError(Errno.EINVAL)
    check(node, caller.credentials, WRITE)
    check_writable_mount(location)
    node.truncate(length)
    drop_privileges(caller, node)
