"""What the loader asks of a new, empty address space (`kernel/mm.py` gives it).

Addresses and lengths are guest bytes in whole pages; `prot` is Linux's PROT_READ 1, PROT_WRITE 2,
PROT_EXEC 4.  A space that is full raises the kernel's own error, which the loader lets pass.
"""

from __future__ import annotations

from typing import Protocol


class Space(Protocol):
    """An address space under construction."""

    def map(self, address: int, length: int, prot: int, name: bytes, offset: int) -> None:
        """Put private zero pages here instead of what is there.

        `name` and `offset` are what /proc/PID/maps shows: a file and a place in it, or `[stack]`.
        """
        ...

    def unmap(self, address: int, length: int) -> None:
        """Leave nothing mapped here."""
        ...

    def find(self, length: int, alignment: int) -> int:
        """Address of a free area, a multiple of `alignment` (a power of two, at least a page)."""
        ...

    def is_free(self, address: int, length: int) -> bool:
        """Whether nothing is mapped here."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Set bytes of mapped pages, whatever their protection."""
        ...
