"""`FsContext`: where a process stands in the tree, and its file-creation mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.files.location import Location


@dataclass
class FsContext:
    """Root, working directory and umask: copied by fork, shared with CLONE_FS."""

    root: Location
    cwd: Location
    umask: int = 0o022

    def copy(self) -> FsContext:
        return FsContext(self.root, self.cwd, self.umask)
