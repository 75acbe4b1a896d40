"""Walking a path: from bytes to a `Location`, through mounts and links (man 7 path_resolution).

Input:  a caller (root, cwd, credentials), a start, a path.
Output: `Found`. Every component is looked up in its directory's node; `..` goes to the parent that
        the node knows, and no file system ever sees more than one name at a time.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    MAX_SYMLINKS,
    NAME_MAX,
    PATH_MAX,
    RESOLVE_BENEATH,
    RESOLVE_IN_ROOT,
    RESOLVE_NO_MAGICLINKS,
    RESOLVE_NO_SYMLINKS,
    RESOLVE_NO_XDEV,
)
from elfin.kernel.files.location import Location, Mount
from elfin.kernel.files.permission import EXECUTE, check
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.node import Node

Crossings = dict[tuple[Mount, "Node"], Mount]  # what is mounted over which node of which mount


class Last(Enum):
    """What to do about the last component."""

    MUST = auto()  # it must exist
    MAY = auto()  # it may be missing: O_CREAT
    PARENT = auto()  # do not look: the caller creates, removes or renames it


@dataclass(frozen=True, slots=True)
class Found:
    """Where a path leads: the directory, the last name in it, and the object if it was asked."""

    directory: Location
    name: bytes  # b"." when the path has no last name of its own (`/`, `a/..`)
    location: Location | None
    trailing: bool  # the path ended in a slash: only a directory will do


def split(path: bytes) -> list[bytes]:
    """The components, last first."""
    return [part for part in reversed(path.split(b"/")) if part]


def look_up(directory: Node, name: bytes) -> Node:
    """The object of a name in a directory."""
    if len(name) > NAME_MAX:
        raise LinuxError(Errno.ENOENT if directory.is_deleted else Errno.ENAMETOOLONG)
    return directory.lookup(name)


def covered(crossings: Crossings, location: Location) -> Location:
    """The root of what is mounted there, or the place itself."""
    mount = crossings.get((location.mount, location.node))
    while mount is not None:
        location = Location(mount, mount.root, location.directory, location.name)
        mount = crossings.get((location.mount, location.node))
    return location


def up(crossings: Crossings, at: Location, root: Location) -> Location:
    """The parent directory, never above `root`."""
    while True:
        if at.node is root.node and at.mount is root.mount:
            return at
        if at.node is not at.mount.root:
            break
        if at.mount.point is None:
            return at
        at = at.mount.point
    # The parent of a file (a mount point can be one) is where it was found.
    if not at.node.is_directory and at.directory is not None:
        return at.directory
    parent = at.node.parent
    return covered(crossings, Location(at.mount, parent)) if parent is not None else at


class Walk:
    """One walk; its state is what the remaining components are resolved against."""

    def __init__(self, crossings: Crossings, caller: Caller, start: Location, resolve: int) -> None:
        self.crossings = crossings
        self.caller = caller
        self.resolve = resolve
        self.start = start
        self.root = start if resolve & RESOLVE_IN_ROOT else caller.fs.root
        self.links = 0

    def _from_root(self) -> Location:
        if self.resolve & RESOLVE_BENEATH:
            raise LinuxError(Errno.EXDEV)
        if self.resolve & RESOLVE_NO_XDEV and self.root.mount is not self.start.mount:
            raise LinuxError(Errno.EXDEV)
        return self.root

    def run(self, path: bytes, last: Last, *, follow: bool) -> Found:
        if not path:
            raise LinuxError(Errno.ENOENT)
        if len(path) >= PATH_MAX:
            raise LinuxError(Errno.ENAMETOOLONG)
        at = self._from_root() if path.startswith(b"/") else self.start
        directory, name = at, b"."
        todo = split(path)
        trailing = path.endswith((b"/", b"/."))
        who = self.caller.credentials
        while todo:
            node = at.node
            if not node.is_directory:
                raise LinuxError(Errno.ENOTDIR)
            check(node, who, EXECUTE)
            directory, name = at, todo.pop()
            if last is Last.PARENT and not todo:
                return Found(directory, name, None, trailing)
            if name == b".":
                continue
            if name == b"..":
                at = self._up(at)
                continue
            if last is Last.MAY and trailing and not todo:
                raise LinuxError(Errno.EISDIR)  # O_CREAT makes no directories
            try:
                child = look_up(node, name)
            except LinuxError as error:
                if error.errno is Errno.ENOENT and last is Last.MAY and not todo:
                    return Found(directory, name, None, trailing)
                raise
            if child.is_symlink and (todo or follow or trailing):
                at, target = self._link(at, child)
                if not todo:
                    trailing = trailing or target.endswith((b"/", b"/."))
                todo += split(target)
                continue
            at = self._cross(Location(at.mount, child, at, name))
        if trailing and not at.node.is_directory:
            raise LinuxError(Errno.ENOTDIR)
        return Found(directory, name, at, trailing)

    def _link(self, at: Location, link: Node) -> tuple[Location, bytes]:
        """Where to go on behind a symbolic link, and with which path."""
        self.links += 1
        if self.links > MAX_SYMLINKS or self.resolve & RESOLVE_NO_SYMLINKS:
            raise LinuxError(Errno.ELOOP)
        jump = link.follow(self.caller)
        if jump is not None:
            if self.resolve & RESOLVE_NO_MAGICLINKS:
                raise LinuxError(Errno.ELOOP)
            if self.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT) or (
                self.resolve & RESOLVE_NO_XDEV and jump.mount is not at.mount
            ):
                raise LinuxError(Errno.EXDEV)
            return jump, b""
        target = link.readlink(self.caller)
        if not target:
            raise LinuxError(Errno.ENOENT)
        return self._from_root() if target.startswith(b"/") else at, target

    def _up(self, at: Location) -> Location:
        beneath = self.resolve & RESOLVE_BENEATH
        if beneath and at.node is self.start.node and at.mount is self.start.mount:
            raise LinuxError(Errno.EXDEV)
        above = up(self.crossings, at, self.root)
        if self.resolve & RESOLVE_NO_XDEV and above.mount is not at.mount:
            raise LinuxError(Errno.EXDEV)
        return above

    def _cross(self, location: Location) -> Location:
        over = covered(self.crossings, location)
        if over is not location and self.resolve & RESOLVE_NO_XDEV:
            raise LinuxError(Errno.EXDEV)
        return over
