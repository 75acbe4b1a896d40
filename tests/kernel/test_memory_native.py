"""The memory calls against Linux itself: the same random calls on both, the same answers.

The test's own process makes the calls natively at a low address that nothing else uses.
"""

from __future__ import annotations

import ctypes
import platform

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elfin.kernel.abi.errno import LinuxError
from elfin.kernel.call import ARGUMENT_REGISTERS, signed_64
from elfin.kernel.table import TABLE
from tests.kernel.machine import NUMBERS, Machine

BASE, PAGES, PAGE = 0x2000_0000, 12, 4096
END = BASE + PAGES * PAGE

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="x86-64 Linux only"
)


class Native:
    """The calls of the host."""

    def call(self, name: str, *arguments: int) -> int:
        values = [ctypes.c_long(signed_64(a % (1 << 64))) for a in arguments]
        result: int = libc.syscall(ctypes.c_long(NUMBERS[name]), *values)
        return -ctypes.get_errno() if result == -1 else result

    def areas(self) -> list[tuple[int, int, str]]:
        found = []
        with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
            for line in maps:
                where, perm, *_ = line.split()
                start, end = (int(x, 16) for x in where.split("-"))
                if start < END and end > BASE:
                    found.append((start, end, perm))
        return found

    def read(self, page: int) -> bytes:
        return ctypes.string_at(page, PAGE)

    def write(self, page: int, value: int) -> None:
        ctypes.memset(page, value, 16)


class Ours:
    """The calls of the kernel under test."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.task = self.machine.task

    def call(self, name: str, *arguments: int) -> int:
        row = TABLE[NUMBERS[name]]
        gpr = [0] * 16
        for register, argument in zip(ARGUMENT_REGISTERS, arguments, strict=False):
            gpr[register] = argument % (1 << 64)
        try:
            result = row(self.task, *row.values(gpr))
        except LinuxError as error:
            return -error.errno
        assert isinstance(result, int)
        return result

    def areas(self) -> list[tuple[int, int, str]]:
        space = self.task.process.address_space
        return [
            (a.start, a.end, permissions(a.prot) + "ps"[a.shared])
            for a in space.areas.overlapping(BASE, END)
        ]

    def read(self, page: int) -> bytes:
        return self.task.memory.read(page, PAGE)

    def write(self, page: int, value: int) -> None:
        self.task.memory.write(page, bytes([value]) * 16)


def spans(ours: Ours, arguments: tuple[int, ...]) -> bool:
    """Linux 6.17 began to move several areas at once; elfin is older than that."""
    old, length, _, flags, _ = arguments
    area = ours.task.process.address_space.areas.find(old)
    return bool(flags & 2) and area is not None and old + length > area.end


def check_pages(ours: Ours) -> None:
    """The page permissions that the engine sees say the same as the areas."""
    for page in range(BASE, END, PAGE):
        area = ours.task.process.address_space.areas.find(page)
        expected = area.prot | 1 if area and area.prot else 0
        assert ours.task.memory.permission(page) == expected, hex(page)


def permissions(prot: int) -> str:
    return "".join(c if prot & bit else "-" for c, bit in (("r", 1), ("w", 2), ("x", 4)))


def joined(areas: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Whether like neighbours merge depends on Linux's anon_vma, which nobody can see."""
    result: list[tuple[int, int, str]] = []
    for start, end, perm in areas:
        if result and result[-1][1] == start and result[-1][2] == perm:
            result[-1] = (result[-1][0], end, perm)
        else:
            result.append((start, end, perm))
    return result


pages = st.integers(0, PAGES - 1).map(lambda n: BASE + n * PAGE)
lengths = st.integers(1, 5).map(lambda n: n * PAGE) | st.sampled_from([1, PAGE - 1, 0])
prots = st.sampled_from([0, 1, 2, 3, 4, 5, 7])
kinds = st.sampled_from([0x22, 0x21, 0x22 | 0x4000, 0x20, 0x23])
FIXED, NOREPLACE = 0x10, 0x100000


def inside(addr: int, length: int) -> int:
    """Cut a length so that the range stays in the region: the rest belongs to the test."""
    return min(length, END - addr)


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, tuple[int, ...]]:
    name = draw(
        st.sampled_from(["mmap", "mmap", "munmap", "mprotect", "mremap", "madvise", "write"])
    )
    addr = draw(pages)
    length = inside(addr, draw(lengths))
    off = draw(st.sampled_from([0, 0, 0, 0, 0, 8]))
    match name:
        case "mmap":
            how = draw(st.sampled_from([FIXED, FIXED, FIXED | NOREPLACE, NOREPLACE]))
            return name, (addr + off, length, draw(prots), draw(kinds) | how, -1, 0)
        case "munmap":
            return name, (addr + off, length)
        case "mprotect":
            return name, (addr + off, length, draw(st.sampled_from([0, 1, 3, 5, 16])))
        case "mremap":
            target = draw(pages)
            new = inside(max(addr, target), draw(lengths))
            flags = draw(st.sampled_from([0, 3, 3, 7, 2, 8]))
            return name, (addr + off, length, new, flags, target)
        case "madvise":
            return name, (addr + off, length, draw(st.sampled_from([0, 3, 4, 4, 8, 18, 99])))
        case _:
            return name, (addr, draw(st.integers(1, 255)))


@settings(max_examples=300)
@given(st.lists(operations(), min_size=1, max_size=12))
def test_same_answers_same_map_same_bytes(steps: list[tuple[str, tuple[int, ...]]]) -> None:
    native, ours = Native(), Ours()
    native.call("munmap", BASE, END - BASE)
    try:
        for name, arguments in steps:
            if name == "write":
                page, value = arguments
                for side in (native, ours):
                    if any(s <= page < e and "w" in p for s, e, p in side.areas()):
                        side.write(page, value)
                continue
            if name == "mremap" and spans(ours, arguments):
                continue
            results = native.call(name, *arguments), ours.call(name, *arguments)
            assert results[0] == results[1], (name, [hex(a) for a in arguments], results)
            assert joined(native.areas()) == joined(ours.areas()), (name, arguments)
            check_pages(ours)
        for start, end, perm in native.areas():
            if "r" in perm:
                for page in range(max(start, BASE), min(end, END), PAGE):
                    assert native.read(page) == ours.read(page), hex(page)
    finally:
        native.call("munmap", BASE, END - BASE)
