"""Where the bytes of shared mappings meet.

Each process has its own Wasm memory, so a page cannot be in two of them.  But only one process
runs at a time: it is enough that what it stored in a shared area is published when another one
gets its turn, and fetched when that one sees it is stale.  So between `publish` and `fetch` the
truth is here, in `data`; a mapped file is written through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary

from elfin.kernel.memory import PAGE_SIZE, Memory

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.mm import AddressSpace
    from elfin.kernel.vma import Vma


class SharedPages:
    """One shared object: anonymous memory, or the mapped part of a file."""

    def __init__(self) -> None:
        self.low = 0  # offset of data[0] in the object
        self.data = bytearray()
        self.version = 0
        self.spaces: WeakSet[AddressSpace] = WeakSet()  # that show it

    def cover(self, offset: int, length: int, file: File | None) -> None:
        """Hold at least this range; new bytes come from the file, or are zero."""
        if not self.data:
            self.low = offset
        if offset < self.low:
            self.data[:0] = _bytes_of(file, offset, self.low - offset)
            self.low = offset
        high = self.low + len(self.data)
        if offset + length > high:
            self.data += _bytes_of(file, high, offset + length - high)

    def publish(self, area: Vma, memory: Memory) -> bool:
        """Take over what the area's process stored; was there anything?"""
        if area.file is None and len(self.spaces) < 2:
            return False  # nobody else can see it
        length = area.end - area.start
        at = area.offset - self.low
        now = memory.read(area.start, length)
        if self.data[at : at + length] == now:
            return False
        for start, end in _changes(self.data, at, now):
            self.data[at + start : at + end] = now[start:end]
            if area.file is not None:
                area.file.map_write(area.offset + start, now[start:end])
        self.version += 1
        return True

    def fetch(self, area: Vma, memory: Memory) -> None:
        """Give the area's process what others stored."""
        at = area.offset - self.low
        memory.write(area.start, bytes(self.data[at : at + area.end - area.start]))

    def reread(self, file: File) -> None:
        """The file was written to by a system call."""
        fresh = _bytes_of(file, self.low, len(self.data))
        if fresh != self.data:
            self.data[:] = fresh
            self.version += 1


class SharedFiles:
    """The shared pages of mapped files, so that all mappings of one file meet."""

    def __init__(self) -> None:
        self._pages: WeakValueDictionary[tuple[int, int], SharedPages] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._pages)

    def pages_of(self, file: File) -> SharedPages:
        key = _key(file)
        pages = self._pages.get(key)
        if pages is None:
            self._pages[key] = pages = SharedPages()
        return pages

    def find(self, file: File) -> SharedPages | None:
        return self._pages.get(_key(file)) if self._pages else None


def _key(file: File) -> tuple[int, int]:
    stat = file.stat()
    return stat.dev, stat.ino


def _bytes_of(file: File | None, offset: int, length: int) -> bytes:
    data = b"" if file is None else file.map_read(offset, length)
    return data.ljust(length, b"\0")


def _changes(old: bytearray, at: int, new: bytes) -> Iterator[tuple[int, int]]:
    """The ranges of whole pages in which `new` differs from `old[at:]`."""
    for start in range(0, len(new), PAGE_SIZE):
        end = start + PAGE_SIZE
        if old[at + start : at + end] != new[start:end]:
            yield start, end
