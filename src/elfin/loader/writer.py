"""A small ELF64 file from pieces of memory: for tests, and where no compiler is at hand.

Input:  `Piece`s of memory, an entry point, names.  Output: the bytes of a program that Linux runs
too.  There is no assembler: machine code comes as bytes.
Source: System V gABI, chapters 4 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence

from elfin.bits import align_up
from elfin.layout import PAGE
from elfin.loader.elf import (
    CLASS_64,
    EM_X86_64,
    HEADER,
    LITTLE_ENDIAN,
    MAGIC,
    PROGRAM_HEADER,
    SECTION_HEADER,
    SHN_ABS,
    SHT_PROGBITS,
    SHT_STRTAB,
    SHT_SYMTAB,
    STB_GLOBAL,
    STT_FUNC,
    SYMBOL,
    FileType,
    ProgramHeader,
    SectionHeader,
    SegmentFlag,
    SegmentType,
)
from elfin.records import dataclass

RX = SegmentFlag.R | SegmentFlag.X
RW = SegmentFlag.R | SegmentFlag.W


@dataclass(frozen=True)
class Piece:
    """One PT_LOAD: `data` at `address`, followed by zeros up to `size` bytes."""

    address: int
    data: bytes
    flags: int = RX
    size: int = 0  # at least len(data)


@dataclass(frozen=True)
class Name:
    """A symbol: a name for `size` bytes of code at `address`."""

    text: str
    address: int
    size: int = 0


def write_elf(
    pieces: Sequence[Piece],
    entry: int,
    *,
    position_independent: bool = False,
    interpreter: bytes | None = None,
    executable_stack: bool = False,
    names: Sequence[Name] = (),
) -> bytes:
    """An ELF64 program for x86-64.

    Segments keep the order of `pieces`, each at a file offset that is congruent to its address.
    """
    extra = 1 if interpreter is None else 2
    table_end = HEADER.size + PROGRAM_HEADER.size * (len(pieces) + extra)
    body = bytearray()
    headers = []
    if interpreter is not None:
        path = interpreter + b"\0"
        headers.append(_header(SegmentType.INTERP, SegmentFlag.R, table_end, 0, path, 0, 1))
        body += path
    for piece in pieces:
        end = table_end + len(body)
        offset = end + (piece.address - end) % PAGE
        body += bytes(offset - end) + piece.data
        headers.append(
            _header(
                SegmentType.LOAD, piece.flags, offset, piece.address, piece.data, piece.size, PAGE
            )
        )
    stack = SegmentFlag.X | RW if executable_stack else RW
    headers.append(_header(SegmentType.GNU_STACK, stack, 0, 0, b"", 0, 16))
    loads = [h for h in headers if h.type == SegmentType.LOAD]
    sections_at = align_up(table_end + len(body), 8)
    sections = _sections(loads, names, sections_at) if names else (b"", 0)
    kind = FileType.DYN if position_independent else FileType.EXEC
    ident = (MAGIC + bytes((CLASS_64, LITTLE_ENDIAN, 1))).ljust(16, b"\0")
    count = sections[1]
    head = HEADER.pack(
        ident, kind, EM_X86_64, 1, entry, HEADER.size,
        sections_at + len(sections[0]) - count * SECTION_HEADER.size if count else 0,
        0, HEADER.size, PROGRAM_HEADER.size, len(headers),
        SECTION_HEADER.size, count, max(count - 1, 0),
    )  # fmt: skip
    table = b"".join(PROGRAM_HEADER.pack(*header) for header in headers)
    return (head + table + body).ljust(sections_at, b"\0") + sections[0]


def _header(
    kind: int, flags: int, offset: int, address: int, data: bytes, size: int, align: int
) -> ProgramHeader:
    memory = max(size, len(data))
    return ProgramHeader(kind, flags, offset, address, address, len(data), memory, align)


def _sections(
    loads: Sequence[ProgramHeader], names: Sequence[Name], offset: int
) -> tuple[bytes, int]:
    """Symbol table, string tables and section headers (last), at `offset`; number of headers."""
    strings, symbols = bytearray(1), bytearray(SYMBOL.size)
    for name in names:
        inside = [n for n, s in enumerate(loads, 1) if 0 <= name.address - s.vaddr < s.memsz]
        info = STB_GLOBAL << 4 | STT_FUNC
        section = inside[0] if inside else SHN_ABS
        symbols += SYMBOL.pack(len(strings), info, 0, section, name.address, name.size)
        strings += name.text.encode() + b"\0"
    titles = [f".load{n}" for n in range(1, len(loads) + 1)]
    titles += [".symtab", ".strtab", ".shstrtab"]
    title_data = b"\0" + b"".join(title.encode() + b"\0" for title in titles)
    where = [title_data.index(b"\0" + title.encode() + b"\0") + 1 for title in titles]

    rows = [SectionHeader(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]
    for title, load in zip(where, loads, strict=False):
        flags = 2 | (4 if load.flags & SegmentFlag.X else 0) | (load.flags & SegmentFlag.W) >> 1
        rows.append(
            SectionHeader(
                title, SHT_PROGBITS, flags, load.vaddr, load.offset, load.filesz, 0, 0, 1, 0
            )
        )
    strtab = len(loads) + 2
    parts = (
        (SHT_SYMTAB, bytes(symbols), strtab, 1, SYMBOL.size),
        (SHT_STRTAB, bytes(strings), 0, 0, 0),
        (SHT_STRTAB, title_data, 0, 0, 0),
    )
    out = bytearray()
    for title, (kind, data, link, info, each) in zip(where[len(loads) :], parts, strict=True):
        rows.append(
            SectionHeader(title, kind, 0, 0, offset + len(out), len(data), link, info, 8, each)
        )
        out += data.ljust(align_up(len(data), 8), b"\0")
    return bytes(out) + b"".join(SECTION_HEADER.pack(*row) for row in rows), len(rows)
