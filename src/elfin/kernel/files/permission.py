"""Who may do what to a node, by its mode bits (man 7 path_resolution, credentials).

User 0 has the capabilities that override modes; nobody else has any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.stat import S_ISVTX

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Credentials
    from elfin.kernel.files.node import Node

READ = 4
WRITE = 2
EXECUTE = 1


def allowed(node: Node, who: Credentials, wanted: int, *, real: bool = False) -> bool:
    """Whether the mode grants all `wanted` bits (`real`: to the real identity, as access does)."""
    uid, gid = (who.uid, who.gid) if real else (who.fsuid, who.fsgid)
    if uid == 0:
        return not wanted & EXECUTE or node.is_directory or bool(node.mode & 0o111)
    if uid == node.uid:
        bits = node.mode >> 6
    elif gid == node.gid or node.gid in who.groups:
        bits = node.mode >> 3
    else:
        bits = node.mode
    return wanted & ~bits & 7 == 0


def check(node: Node, who: Credentials, wanted: int) -> None:
    if not allowed(node, who, wanted):
        raise LinuxError(Errno.EACCES)


def check_owner(node: Node, who: Credentials) -> None:
    """EPERM unless the caller owns the node or is user 0."""
    if who.fsuid not in {0, node.uid}:
        raise LinuxError(Errno.EPERM)


def check_sticky(directory: Node, node: Node, who: Credentials) -> None:
    """In a sticky directory only owners may remove or rename an entry."""
    if directory.mode & S_ISVTX and who.fsuid not in {0, node.uid, directory.uid}:
        raise LinuxError(Errno.EPERM)
