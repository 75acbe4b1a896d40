"""The content of a file in memory, kept in blocks so that holes cost nothing.

A block may be shorter than BLOCK: what is missing reads as zeros. Blocks are charged to the file
system they belong to, which says ENOSPC before the host runs out of memory.
"""

from __future__ import annotations

from collections.abc import Callable

from elfin.kernel.abi.errno import Errno, LinuxError

BLOCK = 1 << 16
MAX_SIZE = (1 << 63) - 1


class Content:
    """Bytes at offsets: [0, size), zeros where no block is - or, in a subclass, what lies below."""

    __slots__ = ("_blocks", "_charge", "allocated", "size")

    def __init__(self, charge: Callable[[int], None]) -> None:
        self._blocks: dict[int, bytearray] = {}
        self._charge = charge  # called with the growth in bytes before it happens
        self.size = 0
        self.allocated = 0  # bytes in blocks

    def _grow(self, growth: int) -> None:
        """The blocks take more memory, or less; ENOSPC before it happens."""
        self._charge(growth)
        self.allocated += growth

    def read(self, offset: int, n: int) -> bytes:
        n = min(n, self.size - offset)
        if n <= 0:
            return b""
        block, at = divmod(offset, BLOCK)
        if at + n <= BLOCK:
            return self._piece(block, at, n)
        pieces = []
        while n:
            step = min(n, BLOCK - at)
            pieces.append(self._piece(block, at, step))
            block, at, n = block + 1, 0, n - step
        return b"".join(pieces)

    def _piece(self, block: int, at: int, n: int) -> bytes:
        data = self._blocks.get(block)
        if data is None:
            return self.below(block, at, n)
        return bytes(data[at : at + n]).ljust(n, b"\0")

    def below(self, block: int, at: int, n: int) -> bytes:
        """What a block that is not there reads as."""
        return bytes(n)

    def write(self, offset: int, data: bytes) -> int:
        n = len(data)
        if offset + n > MAX_SIZE:
            raise LinuxError(Errno.EFBIG)
        block, at = divmod(offset, BLOCK)
        start = 0
        while start < n:
            step = min(n - start, BLOCK - at)
            try:
                self._fill(block, at, data[start : start + step])
            except LinuxError:
                if not start:
                    raise
                break  # a short write tells how much went
            block, at, start = block + 1, 0, start + step
        self.size = max(self.size, offset + start)
        return start

    def _fill(self, block: int, at: int, data: bytes) -> None:
        held = self._blocks.get(block)
        growth = at + len(data) - (0 if held is None else len(held))
        if growth > 0:
            self._grow(growth)
        if held is None:
            held = self._blocks[block] = bytearray()
        if at > len(held):
            held += bytes(at - len(held))
        held[at : at + len(data)] = data

    def truncate(self, length: int) -> None:
        if length > MAX_SIZE:
            raise LinuxError(Errno.EFBIG)
        if length < self.size:
            self.punch(length, self.size - length)
        self.size = length

    def punch(self, offset: int, length: int) -> None:
        """Make [offset, offset + length) read as zeros, giving whole blocks back."""
        end = offset + length
        for block in [b for b in self._blocks if b * BLOCK < end and (b + 1) * BLOCK > offset]:
            data = self._blocks[block]
            first, last = max(0, offset - block * BLOCK), min(BLOCK, end - block * BLOCK)
            if last >= len(data):
                self._grow(min(0, first - len(data)))
                del data[first:]
                if not data:
                    del self._blocks[block]
            else:
                data[first:last] = bytes(last - first)

    def find_data(self, offset: int) -> int:
        block = min((b for b in self._blocks if (b + 1) * BLOCK > offset), default=None)
        if block is None or block * BLOCK >= self.size:
            raise LinuxError(Errno.ENXIO)
        return max(offset, block * BLOCK)

    def find_hole(self, offset: int) -> int:
        block = offset // BLOCK
        while block in self._blocks:
            block += 1
        return min(self.size, max(offset, block * BLOCK))
