"""An image's segments into an address space, page by page.

Input:  an `Image`, its file, a `Space`.  Output: `Placed`, where things came to lie.
Source: fs/binfmt_elf.c of Linux 6.18: `elf_load`, `elf_map`, `total_mapping_size`.
`LoadError` stands for what Linux finds out past its point of no return (death by SIGSEGV).

Two departures: addresses are not random, and a page of a segment that lies wholly past the end of
the file is left unmapped (Linux sends SIGBUS there, here it is SIGSEGV).
"""

from __future__ import annotations

from typing import Final

from elfin.bits import M64, align_down, align_up
from elfin.config import PIE_BASE
from elfin.errors import LoadError
from elfin.layout import GUEST_LIMIT, PAGE
from elfin.loader.elf import ProgramHeader, SegmentFlag
from elfin.loader.image import OFFSET_MAX, TASK_SIZE, Image, Reader
from elfin.loader.space import Space
from elfin.records import dataclass

PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
CHUNK: Final = 4 << 20  # bytes of the file that are in flight at a time


@dataclass(frozen=True)
class Placed:
    """Where an image lies. All are guest addresses."""

    bias: int  # what was added to the addresses in the file
    entry: int
    headers: int  # the program headers in memory, for AT_PHDR; bias if no segment holds them
    end: int  # the first page after the highest segment


def place(image: Image, read: Reader, space: Space, base: int | None) -> Placed:
    """Map all PT_LOAD segments of `image`.

    `base` is where a position-independent image should begin if that is free; None leaves the
    choice to `space`.
    """
    bias = _bias(image, space, base)
    headers, end = 0, PIE_BASE
    phoff = image.header.phoff
    for segment in image.loads:
        _check(segment, bias)
        _map(segment, bias, image, read, space)
        if segment.offset <= phoff < segment.offset + segment.filesz:
            headers = phoff - segment.offset + segment.vaddr
        end = max(end, align_up(bias + segment.vaddr + segment.memsz, PAGE))
    entry = image.header.entry + bias & M64
    if entry >= TASK_SIZE:
        raise LoadError(f"its entry point {entry:#x} is no user address")
    return Placed(bias, entry, headers + bias & M64, end)


def _bias(image: Image, space: Space, base: int | None) -> int:
    """What is added to every address: 0 for a program linked to a fixed address."""
    if not image.position_independent or not image.loads:
        return 0
    low = align_down(min(s.vaddr for s in image.loads), PAGE)
    length = align_up(max(s.vaddr + s.memsz for s in image.loads), PAGE) - low
    powers = [s.align for s in image.loads if s.align.bit_count() == 1]
    alignment = max([PAGE, *powers])
    if length == 0:
        raise LoadError("its segments have no size")
    if length + alignment > GUEST_LIMIT:
        raise LoadError(f"no room for {length:#x} bytes at a multiple of {alignment:#x}")
    # The same remainder as in the file keeps the alignment that the linker promised.
    offset = low % alignment
    if base is not None:
        start = align_up(base, alignment) + offset
        if start + length <= GUEST_LIMIT and space.is_free(start, length):
            return start - low
    return space.find(length + offset, alignment) + offset - low


def _check(segment: ProgramHeader, bias: int) -> None:
    """What `load_elf_binary` and mmap check of one segment, and that elfin has room for it."""
    at = f"segment at {segment.vaddr:#x}"
    if segment.filesz > segment.memsz:
        raise LoadError(f"{at}: more bytes in the file than in memory")
    if segment.vaddr >= TASK_SIZE or segment.vaddr + segment.memsz > TASK_SIZE:
        raise LoadError(f"{at}: its {segment.memsz:#x} bytes leave the user's address space")
    if segment.filesz:
        if (segment.offset ^ segment.vaddr) % PAGE:
            raise LoadError(f"{at}: offset {segment.offset:#x} lies differently within its page")
        if segment.offset + segment.filesz > OFFSET_MAX or segment.offset < segment.vaddr % PAGE:
            raise LoadError(f"{at}: offset {segment.offset:#x} is out of range")
    if align_up(bias + segment.vaddr + segment.memsz, PAGE) > GUEST_LIMIT:
        raise LoadError(f"{at}: it ends above {GUEST_LIMIT:#x}, where elfin's address space ends")


def _map(segment: ProgramHeader, bias: int, image: Image, read: Reader, space: Space) -> None:
    """Map one segment: whole pages of the file, then zero pages."""
    start = bias + segment.vaddr
    page = align_down(start, PAGE)
    file_end, memory_end = start + segment.filesz, start + segment.memsz
    zero_page = page
    if segment.filesz:
        zero_page = align_up(file_end, PAGE)
        present = _map_file(segment, page, zero_page - page, image, read, space)
        # Only a writable segment has the rest of its last page cleared: Linux clears it as the
        # program would, and carries on where it may not.
        if segment.memsz > segment.filesz and segment.flags & SegmentFlag.W and file_end % PAGE:
            if page + present < zero_page:
                raise LoadError(f"truncated: segment at {segment.vaddr:#x} is not in the file")
            space.write(file_end, bytes(zero_page - file_end))
    zero_end = align_up(memory_end, PAGE)
    if segment.memsz > segment.filesz and zero_end > zero_page:
        prot = PROT_READ | PROT_WRITE | (PROT_EXEC if segment.flags & SegmentFlag.X else 0)
        space.map(zero_page, zero_end - zero_page, prot, b"", 0)


def _map_file(
    segment: ProgramHeader, page: int, length: int, image: Image, read: Reader, space: Space
) -> int:
    """Map `length` bytes of whole file pages at `page`; the bytes for which the file has pages."""
    offset = segment.offset - segment.vaddr % PAGE
    space.unmap(page, length)
    present = min(length, max(0, align_up(image.size - offset, PAGE)))
    if present:
        space.map(page, present, _prot(segment.flags), image.name, offset)
    for done in range(0, present, CHUNK):
        space.write(page + done, read(offset + done, min(CHUNK, present - done)))
    return present


def _prot(flags: int) -> int:
    """PROT_* of p_flags."""
    read = PROT_READ if flags & SegmentFlag.R else 0
    write = PROT_WRITE if flags & SegmentFlag.W else 0
    return read | write | (PROT_EXEC if flags & SegmentFlag.X else 0)
