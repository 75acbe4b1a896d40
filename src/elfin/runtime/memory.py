"""Guest memory in a Wasm memory: bytes at GUEST_BASE, a permission byte a page at PAGES.

Implements the kernel's `Memory`.  Accesses are raw: the kernel's memory map has checked them.
When decoded code is overwritten or its page changes permission, the decode cache is marked
to be dropped (`layout.PENDING`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from elfin import layout
from elfin.bits import align_up
from elfin.layout import GUEST_BASE, PAGE, PAGE_W, PAGE_WSAVED, PAGES
from elfin.runtime.host import Host, Module, Space

GROW_STEP = 1 << 20
PERMISSION = 7  # R W X
CODE_PAGES = re.compile(rb"[\x08-\x1f]")
MAPPED_RUNS = re.compile(rb"[^\0]+")
COPY_CHUNK = 1 << 16
ZEROS = bytes(COPY_CHUNK)


def _true_permission(byte: int) -> int:
    """The permission byte of a page without the marks of decoded code."""
    return byte & PERMISSION | (PAGE_W if byte & PAGE_WSAVED else 0)


CLEAN = bytes(_true_permission(b) for b in range(256))


class GuestMemory:
    """One guest address space on one `Space`; `core` is instantiated on it at once."""

    def __init__(self, host: Host, core: Module, limit: int = layout.GUEST_LIMIT) -> None:
        self.host = host
        self.core = core
        self.size_limit = min(limit, layout.GUEST_LIMIT)
        self.space: Space = host.new_space(GUEST_BASE + GROW_STEP)
        self.exports: Mapping[str, Callable[..., int]] = self.space.instantiate(core)
        self._drop_all_code()

    def read(self, addr: int, n: int) -> bytes:
        return self.space.read(GUEST_BASE + addr, n)

    def write(self, addr: int, data: bytes) -> None:
        self._drop_code(addr, len(data))
        self.space.write(GUEST_BASE + addr, data)

    def fill_zero(self, addr: int, n: int) -> None:
        self._drop_code(addr, n)
        self.space.fill(GUEST_BASE + addr, n, 0)

    def protect(self, addr: int, n: int, perm: int) -> None:
        self.space.grow(align_up(GUEST_BASE + addr + n, GROW_STEP))
        self._drop_code(addr, n)
        self.space.fill(PAGES + addr // PAGE, -(-n // PAGE), perm & PERMISSION)

    def permission(self, addr: int) -> int:
        return _true_permission(self.space.read(PAGES + addr // PAGE, 1)[0])

    def clone(self) -> GuestMemory:
        copy = GuestMemory(self.host, self.core, self.size_limit)
        copy.space.grow(self.space.size)
        table = self.space.read(PAGES, (self.space.size - GUEST_BASE) // PAGE).translate(CLEAN)
        copy.space.write(PAGES, table)
        for run in MAPPED_RUNS.finditer(table):
            end = GUEST_BASE + run.end() * PAGE
            for at in range(GUEST_BASE + run.start() * PAGE, end, COPY_CHUNK):
                chunk = self.space.read(at, min(COPY_CHUNK, end - at))
                if chunk != ZEROS[: len(chunk)]:
                    copy.space.write(at, chunk)
        return copy

    def close(self) -> None:
        self.exports = {}
        self.space.close()

    def _drop_code(self, addr: int, n: int) -> None:
        first, last = addr // PAGE, (addr + n + PAGE - 1) // PAGE
        if CODE_PAGES.search(self.space.read(PAGES + first, last - first)):
            self._drop_all_code()

    def _drop_all_code(self) -> None:
        """Before the next instruction runs; also what makes the empty cache of a new memory."""
        self.space.write(layout.STATE + layout.PENDING, b"\1\0\0\0")
