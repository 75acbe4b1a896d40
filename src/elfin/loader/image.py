"""An ELF file checked and taken apart: what execve looks at before the old program is gone.

Input:  a `Reader` of the file.  Output: an `Image`; `ElfError` where Linux answers ENOEXEC, and for
        the few programs that Linux would run and elfin cannot.  Nothing is mapped here (place.py).
Source: fs/binfmt_elf.c, `load_elf_binary` up to the point of no return, and `load_elf_phdrs`.

As on Linux, fields that do not matter are not looked at: class and byte order of an x86-64 file,
versions, section headers, ehsize.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.errors import ElfError
from elfin.layout import GUEST_LIMIT, PAGE
from elfin.loader.elf import (
    BIG_ENDIAN,
    CLASS_32,
    EM_X86_64,
    HEADER,
    MACHINES,
    MAGIC,
    PROGRAM_HEADER,
    FileType,
    Header,
    ProgramHeader,
    SegmentFlag,
    SegmentType,
)
from elfin.records import dataclass

Reader = Callable[[int, int], bytes]
"""`read(offset, n)`: up to `n` bytes of the file, fewer at its end."""

USED_HEADER: Final = 58  # bytes of the file header up to e_phnum, the last field that matters
TABLE_LIMIT: Final = 65536  # bytes of program headers that Linux reads
PATH_MAX: Final = 4096
TASK_SIZE: Final = (1 << 47) - PAGE  # user addresses lie below
OFFSET_MAX: Final = (1 << 63) - 1  # loff_t

# What file a person may have handed over by mistake, by its first bytes.
FORMATS: Final = (
    (b"#!", "a script: its interpreter has to be run"),
    (b"MZ", "a Windows or DOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a macOS program or Java class"),
    (b"\0asm", "a WebAssembly module"),
    (b"!<arch>", "a library archive"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
)


@dataclass(frozen=True)
class Image:
    """What the rest of the loader needs of one ELF file."""

    name: bytes  # for /proc/PID/maps
    size: int  # bytes of the file
    header: Header
    segments: tuple[ProgramHeader, ...]  # every program header, in file order
    interpreter: bytes | None  # path in PT_INTERP, up to its first NUL
    executable_stack: bool  # PT_GNU_STACK asks for it; without one x86-64 says no

    @property
    def loads(self) -> tuple[ProgramHeader, ...]:
        """The segments that are mapped, in file order."""
        return tuple(s for s in self.segments if s.type == SegmentType.LOAD)

    @property
    def position_independent(self) -> bool:
        """Whether the image may be placed anywhere (PIE, shared library, ld.so)."""
        return self.header.type == FileType.DYN


def parse(read: Reader, size: int, name: bytes = b"") -> Image:
    """Take apart an ELF file of `size` bytes; raise `ElfError` saying what it is instead."""
    first = read(0, HEADER.size)
    if first[:4] != MAGIC:
        raise ElfError(_not_elf(first))
    if len(first) < USED_HEADER:
        raise ElfError(f"truncated: an ELF header has {HEADER.size} bytes, this file {len(first)}")
    header = Header(*HEADER.unpack(first.ljust(HEADER.size, b"\0")))
    if header.machine != EM_X86_64:
        raise ElfError(_other_machine(header))
    if header.type not in (FileType.EXEC, FileType.DYN):
        raise ElfError(_not_program(header.type))
    segments = _program_headers(header, read)
    stacks = [s.flags for s in segments if s.type == SegmentType.GNU_STACK]
    executable_stack = bool(stacks and stacks[-1] & SegmentFlag.X)
    interpreter = _interpreter(segments, read)
    image = Image(name, size, header, segments, interpreter, executable_stack)
    _check_reach(image)
    return image


def _program_headers(header: Header, read: Reader) -> tuple[ProgramHeader, ...]:
    if header.phentsize != PROGRAM_HEADER.size:
        x32 = header.ident[4] == CLASS_32 and header.phentsize == 32
        what = "an x32 program (64-bit registers, 32-bit pointers)" if x32 else "damaged"
        raise ElfError(f"{what}: program headers of {header.phentsize} bytes instead of 56")
    size = header.phnum * PROGRAM_HEADER.size
    if size == 0:
        raise ElfError("no program headers: an object file or a damaged program")
    if size > TABLE_LIMIT:
        raise ElfError(f"damaged: {header.phnum} program headers, Linux accepts at most 1170")
    table = read(header.phoff, size) if header.phoff + size <= OFFSET_MAX else b""
    if len(table) < size:
        raise ElfError(
            f"truncated: its {header.phnum} program headers at offset {header.phoff:#x} "
            "lie past the end of the file"
        )
    return tuple(map(ProgramHeader._make, PROGRAM_HEADER.iter_unpack(table)))


def _interpreter(segments: tuple[ProgramHeader, ...], read: Reader) -> bytes | None:
    for segment in segments:
        if segment.type != SegmentType.INTERP:
            continue
        if not 2 <= segment.filesz <= PATH_MAX:
            raise ElfError(f"damaged: the interpreter's path has {segment.filesz} bytes")
        fits = segment.offset + segment.filesz <= OFFSET_MAX
        path = read(segment.offset, segment.filesz) if fits else b""
        if len(path) < segment.filesz:
            raise ElfError("truncated: the interpreter's path lies past the end of the file")
        if path[-1] != 0:
            raise ElfError("damaged: the interpreter's path does not end in a zero byte")
        return path.split(b"\0", 1)[0]
    return None


def _check_reach(image: Image) -> None:
    """Refuse, before anything is lost, a program that Linux would run and elfin has no room for."""
    for segment in image.loads:
        end = segment.vaddr + segment.memsz
        if GUEST_LIMIT < end <= TASK_SIZE and segment.filesz <= segment.memsz:
            raise ElfError(
                f"it needs memory at {segment.vaddr:#x}, elfin's address space ends at "
                f"{GUEST_LIMIT:#x}: link it lower or as a PIE"
            )


# --- saying what a file is --------------------------------------------------------------------


def _not_elf(first: bytes) -> str:
    if not first:
        return "not a program: the file is empty"
    for magic, what in FORMATS:
        if first.startswith(magic):
            return f"not an ELF file but {what}"
    return f"not an ELF file: it starts with {first[:8].hex(' ')}"


def _other_machine(header: Header) -> str:
    machine = header.machine
    if header.ident[5] == BIG_ENDIAN:
        machine = machine >> 8 | (machine & 0xFF) << 8
    name = MACHINES.get(machine, f"machine {machine}")
    advice = "build it with -m64" if machine == 3 else "get its x86-64 build"
    return f"a program for {name}; elfin runs 64-bit x86 programs: {advice}"


def _not_program(kind: int) -> str:
    if kind == FileType.REL:
        return "an object file, not a program: link it first"
    if kind == FileType.CORE:
        return "a core dump, not a program"
    return f"damaged: ELF type {kind} is no program"
