"""An address space for the loader's tests: a page of bytes and a protection per guest page."""

from __future__ import annotations

from elfin.layout import GUEST_LIMIT, PAGE

MMAP_BASE = 0x1000_0000


class PageSpace:
    """`loader.space.Space` over a dict of pages; `limit` bytes at most, MemoryError above."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self.pages: dict[int, bytearray] = {}
        self.prot: dict[int, int] = {}
        self.names: dict[int, tuple[bytes, int]] = {}
        self.limit = limit

    def map(self, address: int, length: int, prot: int, name: bytes, offset: int) -> None:
        assert address % PAGE == length % PAGE == 0
        assert 0 <= address < address + length <= GUEST_LIMIT
        if len(self.pages) * PAGE + length > self.limit:
            raise MemoryError
        for page in range(address, address + length, PAGE):
            self.pages[page] = bytearray(PAGE)
            self.prot[page] = prot
            self.names[page] = (name, offset + page - address if name else 0)

    def unmap(self, address: int, length: int) -> None:
        assert address % PAGE == length % PAGE == 0
        for page in [p for p in self.pages if address <= p < address + length]:
            del self.pages[page], self.prot[page], self.names[page]

    def is_free(self, address: int, length: int) -> bool:
        return not any(address <= page < address + length for page in self.pages)

    def find(self, length: int, alignment: int) -> int:
        above = [page + PAGE for page in self.pages if page >= MMAP_BASE]
        return (max([MMAP_BASE, *above]) + alignment - 1) & -alignment

    def write(self, address: int, data: bytes) -> None:
        for done in range(0, len(data) + PAGE, PAGE):
            at = address + done if not done else (address + done) & -PAGE
            part = data[at - address : (at & -PAGE) + PAGE - address]
            if part:
                self.pages[at & -PAGE][at % PAGE : at % PAGE + len(part)] = part

    def read(self, address: int, length: int) -> bytes:
        first = address & -PAGE
        pages = range(first, address + length, PAGE)
        whole = b"".join(bytes(self.pages[page]) for page in pages)
        return whole[address - first : address - first + length]

    def string(self, address: int) -> bytes:
        """The zero-terminated bytes at `address`."""
        out = bytearray()
        while byte := self.read(address + len(out), 1)[0]:
            out.append(byte)
        return bytes(out)
