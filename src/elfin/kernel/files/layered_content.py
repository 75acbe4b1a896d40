"""The content of a file that begins as another's: blocks in memory over bytes below, copied when written to.

Only the blocks that change are copied, so appending to a large file costs little. A block that is
here hides the one below, even if it is empty.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from elfin.kernel.files.memory_file import BLOCK, Content


class LayeredContent(Content):
    """Blocks over the first `base` bytes of what lies below."""

    __slots__ = ("base",)

    def __init__(self, charge: Callable[[int], None], size: int) -> None:
        super().__init__(charge)
        self.base = self.size = size

    @abstractmethod
    def read_below(self, offset: int, n: int) -> bytes:
        """`n` bytes below, all of them before `base`."""

    def _below(self, offset: int, n: int) -> bytes:
        n = min(n, self.base - offset)
        return self.read_below(offset, n) if n > 0 else b""

    def below(self, block: int, at: int, n: int) -> bytes:
        return self._below(block * BLOCK + at, n).ljust(n, b"\0")

    def _fill(self, block: int, at: int, data: bytes) -> None:
        if block not in self._blocks and block * BLOCK < self.base:
            whole = at == 0 and len(data) == BLOCK
            old = b"" if whole else self._below(block * BLOCK, BLOCK)
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
