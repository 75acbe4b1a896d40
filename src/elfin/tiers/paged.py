"""Guest memory of the reference tier: the emulator's memory as one bytearray, access by access.

Input:  64-bit guest addresses.
Output: bytes, or the `Fault` that the access is (SDM vol. 3A, 6.15, "Page-Fault Exception", and
        vol. 1, 3.3.7.1, canonical addresses).
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.bits import M64
from elfin.ir.evaluate import Fault
from elfin.isa import vectors

PRESENT: Final = 1
WRITE: Final = 2
USER: Final = 4
FETCH: Final = 16
CANONICAL: Final = 1 << 47
USER_END: Final = CANONICAL - layout.PAGE  # the last page is never mapped
KERNEL: Final = (1 << 64) - CANONICAL
NEEDED: Final = {0: layout.PAGE_R, WRITE: layout.PAGE_W, FETCH: layout.PAGE_X}


class PagedMemory:
    """Guest memory inside `memory`, which has `layout`'s form."""

    def __init__(self, memory: bytearray) -> None:
        self.memory = memory

    def map(self, address: int, n: int, permission: int) -> None:
        """Set the page bytes (`layout.PAGE_R` ...) of a range of whole pages."""
        first = layout.PAGES + address // layout.PAGE
        count = n // layout.PAGE
        self.memory[first : first + count] = bytes([permission]) * count

    def load(self, address: int, n: int, *, write: bool = False) -> bytes | Fault:
        fault = self.check(address, n, WRITE if write else 0)
        return fault if fault is not None else self.peek(address, n)

    def store(self, address: int, data: bytes) -> Fault | None:
        fault = self.check(address, len(data), WRITE)
        if fault is None:
            self.poke(address, data)
        return fault

    def fetch(self, address: int, n: int) -> bytes | Fault:
        """Up to n bytes of code: as many as lie on executable pages, at least one."""
        fault = self.check(address, 1, FETCH)
        if fault is not None:
            return fault
        rest = layout.PAGE - address % layout.PAGE
        if n > rest and self.check(address + rest, 1, FETCH) is not None:
            n = rest
        return self.peek(address, n)

    def check(self, address: int, n: int, access: int) -> Fault | None:
        """None if n bytes (at most a page) may be accessed: 0 to read, WRITE, FETCH.

        Linux reports kernel addresses as present.
        """
        last = address + n - 1 & M64
        if CANONICAL <= address < KERNEL or CANONICAL <= last < KERNEL:
            return Fault(vectors.GP)
        pages = (
            [address]
            if address // layout.PAGE == last // layout.PAGE
            else [address, last & -layout.PAGE]
        )
        for at in pages:
            permission = self.permission(at)
            if not permission & NEEDED[access]:
                present = PRESENT if permission or at >= USER_END else 0
                return Fault(vectors.PF, USER | access | present, at)
        return None

    def permission(self, address: int) -> int:
        """The page byte of the page that holds `address`, a write to code being a write."""
        if address >= layout.GUEST_LIMIT:
            return 0
        byte = self.memory[layout.PAGES + address // layout.PAGE]
        return byte | layout.PAGE_W if byte & layout.PAGE_WSAVED else byte

    def peek(self, address: int, n: int) -> bytes:
        """The bytes, whatever the permissions."""
        at = layout.GUEST_BASE + address
        return bytes(self.memory[at : at + n])

    def poke(self, address: int, data: bytes) -> None:
        at = layout.GUEST_BASE + address
        self.memory[at : at + len(data)] = data
