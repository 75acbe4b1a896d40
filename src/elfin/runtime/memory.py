"""Guest memory in a Wasm memory: bytes at GUEST_BASE, a permission byte a page at PAGES.

Implements the kernel's `Memory`.  Accesses are raw: the kernel's memory map has checked them.
With `guarded` the host's memory protection follows the page table, so that translated code need not look
at it; the kernel's own accesses open the pages they need.  That ends where exact registers are needed at a
fault, or code lies where it can be written to: `exact`.
When decoded code is overwritten or its page changes permission, the decode cache is marked
to be dropped (`layout.PENDING`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from elfin import layout
from elfin.bits import M32, M64, align_up
from elfin.isa.vectors import PF
from elfin.kernel.exit import Fault
from elfin.layout import GUEST_BASE, PAGE, PAGE_R, PAGE_W, PAGE_WSAVED, PAGE_X, PAGES
from elfin.runtime import traps
from elfin.runtime.cpu import RegisterFile
from elfin.runtime.host import Host, Module, Space
from elfin.runtime.mirror import MemoryMirror
from elfin.runtime.translated import REFUSED, refused_vector

GROW_STEP = 1 << 20
PERMISSION = 7  # R W X
CODE_PAGES = re.compile(rb"[\x08-\x1f]")
REFUSES_READ = re.compile(rb"[^\x01\x03-\x07\x09\x0b-\x0f\x11\x13-\x17\x19\x1b-\x1f]")
REFUSES_WRITE = re.compile(rb"[^\x02\x03\x06\x07]")
SAME_PERMISSION = re.compile(rb"(.)\1*", re.DOTALL)
MAPPED_RUNS = re.compile(rb"[^\0]+")
COPY_CHUNK = 1 << 16
ZEROS = bytes(COPY_CHUNK)


def _true_permission(byte: int) -> int:
    """The permission byte of a page without the marks of decoded code."""
    return byte & PERMISSION | (PAGE_W if byte & PAGE_WSAVED else 0)


_FAULT = struct.Struct("<QII")  # address, vector, error: layout.FAULT_ADDRESS and behind it
CLEAN = bytes(_true_permission(b) for b in range(256))


class GuestMemory:
    """One guest address space on one `Space`; `core` is instantiated on it at once."""

    def __init__(
        self, host: Host, core: Module, limit: int = layout.GUEST_LIMIT, *, guarded: bool = False
    ) -> None:
        self.host = host
        self.core = core
        self.size_limit = min(limit, layout.GUEST_LIMIT)
        self.space: Space = host.new_space(GUEST_BASE + GROW_STEP)
        self.exports: Mapping[str, Callable[..., int]] = self.space.instantiate(core)
        self.is_closed = False
        self.run = self.exports["run"]
        self.registers = self.space.view(layout.STATE, layout.TASK_SIZE)
        self._seated: RegisterFile | None = None  # whose registers they are, or were
        handler = self.space.read(layout.TRANSLATED, 4)
        self.translated_handler = int.from_bytes(handler, "little")
        self.mirror = MemoryMirror(self.space, self.exports["note_clock"])
        self.drop_all_code()
        # From below GUEST_BASE on: an access may have a displacement that is negative.
        below = GUEST_BASE - layout.CACHE_LIMIT
        self.guarded = guarded and self.space.protect(layout.CACHE_LIMIT, below + GROW_STEP, 0)
        self.exact = not guarded
        self.rewrites = False  # code may be written to where it lies
        self.hot = 0  # see `set_hot`
        self.sticky = False  # translated code keeps MXCSR's sticky flags exact

    def read(self, addr: int, n: int) -> bytes:
        if not self.guarded or self._all_allow(REFUSES_READ, addr, n):
            return self.space.read(GUEST_BASE + addr, n)
        with self._unguarded(addr, n):
            return self.space.read(GUEST_BASE + addr, n)

    def write(self, addr: int, data: bytes) -> None:
        self._drop_code(addr, len(data))
        if not self.guarded or self._all_allow(REFUSES_WRITE, addr, len(data)):
            self.space.write(GUEST_BASE + addr, data)
            return
        with self._unguarded(addr, len(data)):
            self.space.write(GUEST_BASE + addr, data)

    def fill_zero(self, addr: int, n: int) -> None:
        self._drop_code(addr, n)
        with self._unguarded(addr, n):
            self.space.fill(GUEST_BASE + addr, n, 0)

    def protect(self, addr: int, n: int, perm: int) -> None:
        before = self.space.size
        self.space.grow(align_up(GUEST_BASE + addr + n, GROW_STEP))
        self._drop_code(addr, n)
        perm |= PAGE_R if perm & PERMISSION else 0  # as x86 without protection keys
        self.space.fill(PAGES + addr // PAGE, -(-n // PAGE), perm & PERMISSION)
        if perm & PAGE_W and perm & PAGE_X and not self.rewrites:
            self.exact = self.rewrites = True  # stores must be looked at
            self.drop_all_code()
        if self.guarded:
            if self.space.size > before:
                self.space.protect(before, self.space.size - before, 0)
            self.space.protect(GUEST_BASE + addr, n, perm & PERMISSION)

    def make_exact(self) -> None:
        """From now on every access of translated code must check the page table."""
        if not self.exact:
            self.exact = True
            self.drop_all_code()

    def make_sticky(self) -> None:
        """From now on translated float operations must keep the sticky flags exact."""
        if not self.sticky:
            self.sticky = True
            self.space.write(layout.STATE + layout.FLOAT_WATCHED, b"\1")
            self.drop_all_code()

    @property
    def watched(self) -> bool:
        """Has the guest written to MXCSR?"""
        return self.space.read(layout.STATE + layout.FLOAT_WATCHED, 1) != b"\0"

    def fault_of(self, trap: Exception) -> Fault | None:
        """The fault of an access that the host's protection or guarded code itself refused; None: the trap
        says something else.  The registers are not exact."""
        address = self.host.refused_address(trap)
        if address is not None:
            return traps.fault(PF, 0, address - GUEST_BASE & M64, 0, 0)
        at = layout.STATE + layout.FAULT_ADDRESS
        refused, vector, error = _FAULT.unpack(self.space.read(at, _FAULT.size))
        if error != REFUSED:
            return None
        self.space.write(at, bytes(_FAULT.size))
        stack = int.from_bytes(self.space.read(layout.STATE + layout.SCRATCH, 8), "little")
        return traps.fault(refused_vector(vector, refused, stack), 0, refused, 0, 0)

    def _all_allow(self, refusing: re.Pattern[bytes], addr: int, n: int) -> bool:
        first, last = addr // PAGE, (addr + n + PAGE - 1) // PAGE
        return not refusing.search(self.space.read(PAGES + first, last - first))

    @contextmanager
    def _unguarded(self, addr: int, n: int) -> Iterator[None]:
        """The kernel's own accesses are not the guest's: pages are open meanwhile."""
        if not self.guarded:
            yield
            return
        first, last = addr // PAGE, (addr + n + PAGE - 1) // PAGE
        start, size = GUEST_BASE + first * PAGE, (last - first) * PAGE
        self.space.protect(start, size, PAGE_R | PAGE_W)
        try:
            yield
        finally:
            table = self.space.read(PAGES + first, last - first).translate(CLEAN)
            for run in SAME_PERMISSION.finditer(table):
                at = start + run.start() * PAGE
                self.space.protect(at, (run.end() - run.start()) * PAGE, run[0][0])

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
                chunk = self.read(at - GUEST_BASE, min(COPY_CHUNK, end - at))
                if chunk != ZEROS[: len(chunk)]:
                    copy.space.write(at, chunk)
        if self.watched:
            copy.make_sticky()
        copy.exact, copy.rewrites = self.exact, self.rewrites
        if self.guarded:
            copy.guarded = True
            copy.space.protect(layout.CACHE_LIMIT, self.space.size - layout.CACHE_LIMIT, 0)
            for run in SAME_PERMISSION.finditer(table):
                at = GUEST_BASE + run.start() * PAGE
                copy.space.protect(at, (run.end() - run.start()) * PAGE, run[0][0])
        return copy

    def renew(self) -> None:
        """Move to a new space: an engine frees the instances of the old one only with it."""
        fresh, hot = self.clone(), self.hot
        self._unseat()
        self.space.close()
        self.space, self.exports, self.mirror = fresh.space, fresh.exports, fresh.mirror
        self.run, self.registers = fresh.run, fresh.registers
        self.exports["drop_code"]()
        self.set_hot(hot)

    def branch_count(self, pc: int) -> int:
        """How often the interpreter took an indirect branch, or came to a target of one: 16 bits, shared with others of
        the same hash."""
        spread = (pc * layout.SPREAD & M32) >> (32 - layout.PROFILE_BITS)
        return int.from_bytes(self.space.read(layout.PROFILE + 2 * spread, 2), "little")

    def set_hot(self, times: int) -> None:
        """How often a branch is taken before the interpreter says that its target is worth translating."""
        self.hot = times
        self.space.write(layout.STATE + layout.HOT, times.to_bytes(4, "little"))

    def seat(self, cpu: RegisterFile) -> None:
        """Let a task's registers lie in `registers`, as it is going to run here."""
        self._unseat()
        cpu.move(self.registers)
        self._seated = cpu

    def _unseat(self) -> None:
        if self._seated is not None and self._seated.file is self.registers:
            self._seated.move()
        self._seated = None

    def close(self) -> None:
        self._unseat()
        self.is_closed = True
        self.exports = {}
        del self.run, self.core
        self.space.close()

    def _drop_code(self, addr: int, n: int) -> None:
        first, last = addr // PAGE, (addr + n + PAGE - 1) // PAGE
        if CODE_PAGES.search(self.space.read(PAGES + first, last - first)):
            self.drop_all_code()

    def drop_all_code(self) -> None:
        """Before the next instruction runs; also what makes the empty cache of a new memory."""
        self.space.write(layout.STATE + layout.PENDING, b"\1\0\0\0")
