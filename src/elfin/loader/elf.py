"""The ELF64 structures as the System V ABI (gABI chapters 4 and 5, AMD64 supplement) lays them out.

Input:  raw bytes.  Output: named tuples of their fields, nothing judged: image.py does that.
The writer uses the same formats in the other direction.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

MAGIC: Final = b"\x7fELF"
CLASS_32, CLASS_64 = 1, 2
LITTLE_ENDIAN, BIG_ENDIAN = 1, 2
EM_X86_64: Final = 62


class FileType(IntEnum):
    """e_type."""

    NONE = 0
    REL = 1
    EXEC = 2
    DYN = 3
    CORE = 4


class SegmentType(IntEnum):
    """p_type: those that Linux looks at, or that the writer makes."""

    NULL = 0
    LOAD = 1
    DYNAMIC = 2
    INTERP = 3
    NOTE = 4
    PHDR = 6
    TLS = 7
    GNU_STACK = 0x6474_E551


class SegmentFlag(IntFlag):
    """p_flags (PROT_READ and PROT_EXEC stand the other way round)."""

    X = 1
    W = 2
    R = 4


class Header(NamedTuple):
    """Elf64_Ehdr."""

    ident: bytes
    type: int
    machine: int
    version: int
    entry: int
    phoff: int
    shoff: int
    flags: int
    ehsize: int
    phentsize: int
    phnum: int
    shentsize: int
    shnum: int
    shstrndx: int


class ProgramHeader(NamedTuple):
    """Elf64_Phdr: one segment."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int


class SectionHeader(NamedTuple):
    """Elf64_Shdr."""

    name: int
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    addralign: int
    entsize: int


HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER: Final = struct.Struct("<IIQQQQQQ")
SECTION_HEADER: Final = struct.Struct("<IIQQQQIIQQ")
SYMBOL: Final = struct.Struct("<IBBHQQ")

# Section types and symbol types that symbols.py reads.
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_DYNSYM = 1, 2, 3, 11
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_GNU_IFUNC = 0, 1, 2, 10
STB_LOCAL, STB_GLOBAL = 0, 1
SHN_UNDEF, SHN_ABS = 0, 0xFFF1

# Names for people whose file is for another machine (gABI, e_machine).
MACHINES: Final = {
    2: "SPARC", 3: "32-bit x86", 4: "m68k", 8: "MIPS", 20: "PowerPC", 21: "64-bit PowerPC",
    22: "s390", 40: "32-bit Arm", 42: "SuperH", 43: "SPARC V9", 50: "Itanium", 183: "AArch64",
    243: "RISC-V", 247: "BPF", 258: "LoongArch",
}  # fmt: skip
