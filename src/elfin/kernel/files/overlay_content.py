"""The content of an overlay's file: what lies below is a file of the lower tree, open while it is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.fcntl import O_RDONLY
from elfin.kernel.files.layered_content import LayeredContent
from elfin.kernel.files.location import Location, Mount

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.files.file import File
    from elfin.kernel.files.node import Node


class OverlayContent(LayeredContent):
    """Blocks over the first `base` bytes of a lower file."""

    __slots__ = ("_file", "_users", "lower")

    def __init__(self, charge: Callable[[int], None], lower: Node, size: int) -> None:
        super().__init__(charge, size)
        self.lower = lower
        self._file: File | None = None
        self._users = 0  # open descriptions: while there are any, the lower file stays open

    def open(self) -> None:
        """Look whether the lower file can be read, and keep it open."""
        if self._file is None and self.base:
            self._file = self._open_lower()
        self._users += 1

    def close(self) -> None:
        self._users -= 1
        if not self._users and self._file is not None:
            self._file.release()
            self._file = None

    def _open_lower(self) -> File:
        nowhere = Mount(0, self.lower, None, read_only=True, source=b"", kind=b"")
        return self.lower.open(O_RDONLY, Location(nowhere, self.lower)).retain()

    def read_below(self, offset: int, n: int) -> bytes:
        if self._file is not None:
            return self._file.pread(offset, n)
        file = self._open_lower()
        try:
            return file.pread(offset, n)
        finally:
            file.release()
