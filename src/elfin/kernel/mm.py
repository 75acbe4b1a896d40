"""The address space of a process: which pages are mapped, how, and where new ones go.

Input:  ranges in guest addresses; files that are mapped.
Output: areas in `areas`, and the same truth page by page in `memory` (which the engine checks).
What the calls refuse and in which order is in `calls/memory.py` (man 2 mmap); how shared pages
meet is in `shared.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin import config
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.mman import PROT_ACCESS
from elfin.kernel.memory import Memory, page_down, page_up
from elfin.kernel.shared import SharedFiles, SharedPages
from elfin.kernel.vma import NO_END, Vma, VmaList

if TYPE_CHECKING:
    from elfin.kernel.files.file import File

READ, WRITE, EXECUTE = 1, 2, 4


class AddressSpace:
    """The memory map of one process; two processes share one between vfork and exec."""

    def __init__(self, memory: Memory, shared_files: SharedFiles) -> None:
        self.memory = memory
        self.shared_files = shared_files
        self.areas = VmaList()
        self.users = 1
        self.limit = page_down(memory.size_limit)
        self.mapped = 0  # bytes, for RLIMIT_AS
        self.peak = 0
        self.brk_start = 0
        self.brk = 0
        self.start_stack = 0
        self.arguments = (0, 0)  # where argv's strings lie: /proc/pid/cmdline
        self.environment = (0, 0)
        self.shares = False  # was there ever a shared area?
        self._files: dict[File, int] = {}  # mapped bytes of each
        # Pages from here on were never accessible, so they are still zero.
        self._touched = 0

    # -- what lies where -------------------------------------------------------------

    def allows(self, address: int, length: int, access: int) -> bool:
        """May the program access the whole range so?"""
        end = address + length
        at = address
        for area in self.areas.overlapping(address, end):
            # Like the processor: what is writable or executable is readable.
            readable = area.prot & (READ | WRITE | EXECUTE) if access == READ else 0
            if area.start > at or not (area.prot & access or readable):
                return False
            if area.file_end < min(end, area.end):
                return False
            at = area.end
        return at >= end

    def check(self, address: int, length: int, access: int) -> None:
        if length and not self.allows(address, length, access):
            raise LinuxError(Errno.EFAULT)

    def place(self, length: int, hint: int = 0) -> int:
        """Where a new mapping goes: at the hint if free, else low first (mmap area, then any)."""
        hint = page_down(hint)
        if hint >= config.MMAP_MIN and self.is_free(hint, length):
            return hint
        at = self.areas.hole(length, config.MMAP_BASE, self.limit)
        if at is None:
            low = max(page_up(self.brk), config.MMAP_MIN)
            at = self.areas.hole(length, low, config.STACK_TOP - config.STACK_SIZE)
        if at is None:
            raise LinuxError(Errno.ENOMEM)
        return at

    def is_free(self, start: int, length: int) -> bool:
        return start + length <= self.limit and not self.areas.overlapping(start, start + length)

    # -- change ----------------------------------------------------------------------

    def map(
        self,
        start: int,
        length: int,
        prot: int,
        *,
        shared: bool = False,
        file: File | None = None,
        offset: int = 0,
        name: bytes = b"",
        pages: SharedPages | None = None,
        grows_down: bool = False,
    ) -> int:
        """Map [start, start + length), in place of what was there; returns `start`.

        Takes its own reference to `file`.  Anonymous shared memory without `pages` is new.
        """
        end = start + length
        if end > self.limit:
            raise LinuxError(Errno.ENOMEM)
        area = Vma(start, end, prot, shared, file, offset, name, pages, grows_down=grows_down)
        area.hidden = not prot and (file is not None or pages is not None)
        data = b""
        if file is not None:
            data = file.map_read(offset, length)
            if len(data) < length:
                area.file_end = page_up(start + len(data))
                if area.file_end >= end:
                    area.file_end = NO_END
        if shared and (file is None or file.writable):
            area.pages = pages or (self.shared_files.pages_of(file) if file else SharedPages())
            area.pages.cover(offset, length, file)
            area.pages.spaces.add(self)
            area.seen = area.pages.version
            self.shares = True
        self._hold(file, length)
        self.unmap(start, length)
        zero_end = min(end, self._touched)
        try:
            self._apply(area)  # first, because that is what makes the memory reach so far
        except MemoryError:
            self._drop(area)
            raise LinuxError(Errno.ENOMEM) from None
        zero_start = start + page_down(len(data))
        if zero_start < zero_end:
            self.memory.fill_zero(zero_start, zero_end - zero_start)
        if data:
            self.memory.write(start, data)
        self.areas.insert(area)
        self.mapped += length
        self.peak = max(self.peak, self.mapped)
        return start

    def map_named(
        self,
        start: int,
        length: int,
        prot: int,
        name: bytes,
        file: File | None,
        offset: int,
        *,
        grows_down: bool = False,
    ) -> None:
        """Map zero pages that the loader fills; file and offset are what /proc/pid/maps shows."""
        self.map(start, length, prot, name=name, grows_down=grows_down)
        if file is not None:
            (area,) = self.areas.remove(start, start + length)
            area.file, area.offset = file, offset
            self._hold(file, length)
            self.areas.insert(area)

    def unmap(self, start: int, length: int) -> None:
        for area in self.areas.remove(start, start + length):
            self._drop(area)
            self.memory.protect(area.start, area.end - area.start, 0)
            self.mapped -= area.end - area.start

    def protect(self, start: int, length: int, prot: int) -> None:
        """Change the permissions; the range is mapped throughout."""
        for area in self.areas.remove(start, start + length):
            area.hidden = not prot and (area.hidden or bool(area.prot) or area.file is not None)
            area.prot = prot
            self._apply(area)
            self.areas.insert(area)

    def forget_contents(self, start: int, end: int) -> None:
        """Private pages show again what they were mapped from; shared ones keep what they have."""
        for area in self.areas.overlapping(start, end):
            if area.shared:
                continue
            low, high = max(area.start, start), min(area.end, end)
            self.memory.fill_zero(low, high - low)
            if area.file is not None:
                offset = area.offset + low - area.start
                self.memory.write(low, area.file.map_read(offset, high - low))

    def mark(
        self,
        start: int,
        end: int,
        *,
        dont_fork: bool | None = None,
        wipe_on_fork: bool | None = None,
    ) -> None:
        """Say what becomes of the pages in a child."""
        for area in self.areas.remove(start, end):
            if dont_fork is not None:
                area.dont_fork = dont_fork
            if wipe_on_fork is not None:
                area.wipe_on_fork = wipe_on_fork
            self.areas.insert(area)

    def set_brk(self, wanted: int) -> int:
        """Move the program break if that is possible; returns where it is now."""
        old, new = page_up(self.brk), page_up(wanted)
        if wanted < self.brk_start:
            return self.brk
        if new < old:
            self.unmap(new, old - new)
        elif new > old:
            if not self.is_free(old, new - old):
                return self.brk
            try:
                self.map(old, new - old, READ | WRITE, name=b"[heap]")
            except LinuxError:
                return self.brk
        self.brk = wanted
        return wanted

    # -- life ------------------------------------------------------------------------

    def fork(self) -> AddressSpace:
        """The child's copy; shared areas go on meeting in the same pages."""
        self.publish()
        child = AddressSpace(self.memory.clone(), self.shared_files)
        child.brk_start, child.brk, child.start_stack = self.brk_start, self.brk, self.start_stack
        child.arguments, child.environment = self.arguments, self.environment
        child._touched = self._touched
        child.mapped, child.peak = self.mapped, self.mapped
        child.shares = self.shares
        child.areas = VmaList([a.cut(a.start, a.end) for a in self.areas])
        child._files = dict(self._files)
        for file in child._files:
            file.retain()
        for area in child.areas:
            if area.pages is not None:
                area.pages.spaces.add(child)
        for area in list(child.areas):
            length = area.end - area.start
            if area.hidden:
                # A memory copies what the program can see; this it may see again later.
                child.memory.write(area.start, self.memory.read(area.start, length))
            if area.dont_fork:
                child.unmap(area.start, length)
            elif area.wipe_on_fork:
                child.memory.fill_zero(area.start, length)
        return child

    def release(self) -> None:
        """One user fewer; the last one gives back memory and files."""
        self.users -= 1
        if self.users == 0:
            for area in self.areas.remove(0, self.limit):
                self._drop(area)
            self.memory.close()

    # -- shared pages (see shared.py) ------------------------------------------------------

    def publish(self, start: int = 0, end: int = NO_END) -> None:
        """Let others see what was stored in shared areas: when this space stops running."""
        # An area that has not seen the newest version has not run since, so it stored nothing.
        for area in self._current(start, end) if self.shares else ():
            if area.pages is not None and area.pages.publish(area, self.memory):
                area.seen = area.pages.version

    def fetch(self) -> None:
        """See what others stored in shared areas: when this space is about to run."""
        for area in self.areas if self.shares else ():
            if area.pages is not None and area.seen != area.pages.version:
                area.pages.fetch(area, self.memory)
                area.seen = area.pages.version

    def _current(self, start: int, end: int) -> list[Vma]:
        areas = self.areas.overlapping(start, end)
        return [a for a in areas if a.pages is not None and a.seen == a.pages.version]

    # -- inside --------------------------------------------------------------------------

    def _apply(self, area: Vma) -> None:
        """Make the page permissions say what the area says."""
        end = min(area.end, area.file_end)
        # x86 pages that may be written or executed can be read, too.
        prot = area.prot & PROT_ACCESS
        prot |= READ if prot else 0
        if end > area.start:
            self.memory.protect(area.start, end - area.start, prot)
            if area.prot:
                self._touched = max(self._touched, end)
        if end < area.end:
            self.memory.protect(end, area.end - end, 0)

    def _drop(self, area: Vma) -> None:
        if area.pages is not None and area.seen == area.pages.version:
            area.pages.publish(area, self.memory)
        self._let_go(area.file, area.end - area.start)

    def _hold(self, file: File | None, length: int) -> None:
        """One reference to each mapped file, however its areas split and merge."""
        if file is not None:
            if file not in self._files:
                file.retain()
            self._files[file] = self._files.get(file, 0) + length

    def _let_go(self, file: File | None, length: int) -> None:
        if file is not None:
            self._files[file] -= length
            if not self._files[file]:
                del self._files[file]
                file.release()
