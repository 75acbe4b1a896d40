"""The content of an overlay's file: blocks in memory over a file below, copied when written to.

Only the blocks that change are copied, so appending to a large file costs little. A block that is
here hides the one below, even if it is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.fcntl import O_RDONLY
from elfin.kernel.files.location import Location, Mount
from elfin.kernel.files.memory_file import BLOCK, Content

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.files.file import File
    from elfin.kernel.files.node import Node


class LayeredContent(Content):
    """Blocks over the first `base` bytes of a lower file."""

    __slots__ = ("_file", "_users", "base", "lower")

    def __init__(self, charge: Callable[[int], None], lower: Node, size: int) -> None:
        super().__init__(charge)
        self.lower = lower
        self.base = self.size = size
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

    def _read_lower(self, offset: int, n: int) -> bytes:
        n = min(n, self.base - offset)
        if n <= 0:
            return b""
        if self._file is not None:
            return self._file.pread(offset, n)
        file = self._open_lower()
        try:
            return file.pread(offset, n)
        finally:
            file.release()

    def below(self, block: int, at: int, n: int) -> bytes:
        return self._read_lower(block * BLOCK + at, n).ljust(n, b"\0")

    def _fill(self, block: int, at: int, data: bytes) -> None:
        if block not in self._blocks and block * BLOCK < self.base:
            whole = at == 0 and len(data) == BLOCK
            old = b"" if whole else self._read_lower(block * BLOCK, BLOCK)
            self._grow(len(old))
            self._blocks[block] = bytearray(old)
        super()._fill(block, at, data)

    def truncate(self, length: int) -> None:
        super().truncate(length)
        self.base = min(self.base, length)

    def punch(self, offset: int, length: int) -> None:
        end = offset + length
        if end >= self.size:
            self.base = min(self.base, offset)
        for block in range(offset // BLOCK, -(-min(end, self.base) // BLOCK)):
            if block not in self._blocks:
                self._fill(block, 0, b"")
        hidden = {b for b in self._blocks if b * BLOCK < self.base}
        super().punch(offset, length)
        for block in hidden - self._blocks.keys():
            self._blocks[block] = bytearray()

    def find_data(self, offset: int) -> int:
        return offset if offset < self.base else super().find_data(offset)

    def find_hole(self, offset: int) -> int:
        return super().find_hole(max(offset, self.base))
