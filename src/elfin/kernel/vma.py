"""The areas of an address space: an ordered list that splits and merges as Linux's does.

Input and output are page-aligned addresses.  Knows neither memory nor permissions' effect; the
order, the splitting at the ends of a range and the merging of like neighbours are its whole job
(man 5 proc, /proc/pid/maps shows the result).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from elfin.records import dataclass, replace

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.shared import SharedPages

NO_END = 1 << 64


@dataclass(slots=True)
class Vma:
    """Pages [start, end) that were mapped alike."""

    start: int
    end: int
    prot: int
    shared: bool = False
    file: File | None = None
    offset: int = 0  # of `start` in the file or shared object
    name: bytes = b""  # [heap], [stack] ...: what /proc/pid/maps says where there is no file
    pages: SharedPages | None = None  # where the bytes of a shared mapping meet
    file_end: int = NO_END  # address from which on pages lie behind the end of the file (SIGBUS)
    seen: int = 0  # version of `pages` that the memory shows
    hidden: bool = False  # no access, but there may be contents
    grows_down: bool = False
    dont_fork: bool = False
    wipe_on_fork: bool = False

    def cut(self, start: int, end: int) -> Vma:
        """The part of it that covers [start, end)."""
        return replace(self, start=start, end=end, offset=self.offset + start - self.start)

    def continues(self, other: Vma) -> bool:
        """May `other`, which starts where this ends, be one area with it?"""
        backed = self.file is not None or self.pages is not None
        return (
            self.end == other.start
            and self.prot == other.prot
            and self.shared == other.shared
            and self.file is other.file
            and self.pages is other.pages
            and self.seen == other.seen
            and self.name == other.name
            and (not backed or self.offset + self.end - self.start == other.offset)
            and self.file_end == other.file_end
            and self.hidden == other.hidden
            and self.grows_down == other.grows_down
            and self.dont_fork == other.dont_fork
            and self.wipe_on_fork == other.wipe_on_fork
        )


class VmaList:
    """Areas in address order, none overlapping, like neighbours merged."""

    def __init__(self, areas: list[Vma] | None = None) -> None:
        self.areas: list[Vma] = areas or []
        self._starts = [a.start for a in self.areas]

    def __iter__(self) -> Iterator[Vma]:
        return iter(self.areas)

    def __len__(self) -> int:
        return len(self.areas)

    def find(self, address: int) -> Vma | None:
        """The area that holds an address."""
        i = bisect_right(self._starts, address) - 1
        if i >= 0 and address < self.areas[i].end:
            return self.areas[i]
        return None

    def overlapping(self, start: int, end: int) -> list[Vma]:
        if start >= end:
            return []
        first = bisect_right(self._starts, start) - 1
        if first < 0 or self.areas[first].end <= start:
            first += 1
        return self.areas[first : bisect_left(self._starts, end)]

    def covers(self, start: int, end: int) -> bool:
        """Is every page of the range mapped?"""
        at = start
        for area in self.overlapping(start, end):
            if area.start > at:
                return False
            at = area.end
        return at >= end

    def remove(self, start: int, end: int) -> list[Vma]:
        """Cut a range out; returns what was there, each piece inside the range."""
        hit = self.overlapping(start, end)
        if not hit:
            return []
        kept = []
        if hit[0].start < start:
            kept.append(hit[0].cut(hit[0].start, start))
        if hit[-1].end > end:
            kept.append(hit[-1].cut(end, hit[-1].end))
        first = bisect_left(self._starts, hit[0].start)
        self._replace(first, first + len(hit), kept)
        return [a.cut(max(a.start, start), min(a.end, end)) for a in hit]

    def insert(self, area: Vma) -> None:
        """Add an area to a hole, joined with the neighbours that it continues."""
        i = bisect_left(self._starts, area.start)
        first, last = i, i
        if i > 0 and self.areas[i - 1].continues(area):
            first = i - 1
            area = replace(self.areas[first], end=area.end)
        if i < len(self.areas) and area.continues(self.areas[i]):
            last = i + 1
            area = replace(area, end=self.areas[i].end)
        self._replace(first, last, [area])

    def hole(self, length: int, low: int, high: int) -> int | None:
        """The lowest address in [low, high) where `length` bytes are free."""
        at = low
        for area in self.overlapping(low, high):
            if area.start - at >= length:
                return at
            at = area.end
        return at if high - at >= length else None

    def _replace(self, first: int, last: int, areas: list[Vma]) -> None:
        self.areas[first:last] = areas
        self._starts[first:last] = [a.start for a in areas]
