"""The stack and registers with which a program starts: arguments, environment, auxiliary vector.

Input:  what execve was given and where the images lie.  Output: the bytes and the stack pointer.
Source: fs/binfmt_elf.c `create_elf_tables`, fs/exec.c `copy_strings`; System V ABI, AMD64
supplement, 3.4.1 "Initial Stack and Register State".  From high addresses to low:

    8 zero bytes, execfn, envp strings, argv strings, (16-byte boundary) platform, 16 random bytes,
    auxv, NULL, envp pointers, NULL, argv pointers, argc   <- rsp, a multiple of 16
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, Protocol

from elfin.bits import align_down, align_up
from elfin.layout import PAGE
from elfin.loader.elf import PROGRAM_HEADER
from elfin.loader.image import Image
from elfin.loader.place import Placed
from elfin.records import dataclass

CLOCK_TICKS: Final = 100  # a second, as times() and /proc count
STRING_LIMIT: Final = 32 * PAGE  # MAX_ARG_STRLEN, with the NUL
ARGUMENTS_LEAST: Final = 32 * PAGE  # ARG_MAX: allowed under any stack limit
ARGUMENTS_MOST: Final = 6 << 20  # three quarters of _STK_LIM


class Aux(IntEnum):
    """Keys of the auxiliary vector (include/uapi/linux/auxvec.h)."""

    NULL = 0
    PHDR = 3
    PHENT = 4
    PHNUM = 5
    PAGESZ = 6
    BASE = 7
    FLAGS = 8
    ENTRY = 9
    UID = 11
    EUID = 12
    GID = 13
    EGID = 14
    PLATFORM = 15
    HWCAP = 16
    CLKTCK = 17
    SECURE = 23
    RANDOM = 25
    HWCAP2 = 26
    EXECFN = 31
    SYSINFO_EHDR = 33
    MINSIGSTKSZ = 51


class Credentials(Protocol):
    """Who the program runs as."""

    @property
    def uid(self) -> int: ...
    @property
    def euid(self) -> int: ...
    @property
    def gid(self) -> int: ...
    @property
    def egid(self) -> int: ...


@dataclass(frozen=True)
class Hardware:
    """What the auxiliary vector says of the machine."""

    hwcap: int  # CPUID.1:EDX
    hwcap2: int = 2  # bit 1: RDFSBASE and its family work in user mode
    platform: bytes = b"x86_64"
    signal_frame: int = 2048  # AT_MINSIGSTKSZ: the least alternate stack


@dataclass(frozen=True)
class Start:
    """What execve hands over."""

    argv: Sequence[bytes]
    envp: Sequence[bytes]
    execfn: bytes  # the path given to execve
    random: bytes  # 16 bytes
    credentials: Credentials
    hardware: Hardware


def arguments_fit(
    argv: Sequence[bytes], envp: Sequence[bytes], execfn: bytes, stack_limit: int
) -> bool:
    """Whether execve takes these strings, or answers E2BIG (fs/exec.c `bprm_stack_limits`)."""
    strings = (*argv, *envp)
    if any(len(string) >= STRING_LIMIT for string in strings):
        return False
    limit = max(min(ARGUMENTS_MOST, stack_limit // 4), ARGUMENTS_LEAST)
    pointers = 8 * (max(len(argv), 1) + len(envp))
    text = sum(len(string) + 1 for string in (execfn, *strings))
    return pointers + text <= limit and align_up(text + 8, PAGE) <= stack_limit


def auxv(
    image: Image, placed: Placed, interpreter_base: int, start: Start, random: int, execfn: int,
    platform: int,
) -> list[tuple[Aux, int]]:  # fmt: skip
    """The auxiliary vector in Linux's order; the last three arguments are guest addresses."""
    return [
        (Aux.MINSIGSTKSZ, start.hardware.signal_frame),
        (Aux.HWCAP, start.hardware.hwcap),
        (Aux.PAGESZ, PAGE),
        (Aux.CLKTCK, CLOCK_TICKS),
        (Aux.PHDR, placed.headers),
        (Aux.PHENT, PROGRAM_HEADER.size),
        (Aux.PHNUM, image.header.phnum),
        (Aux.BASE, interpreter_base),
        (Aux.FLAGS, 0),
        (Aux.ENTRY, placed.entry),
        (Aux.UID, start.credentials.uid),
        (Aux.EUID, start.credentials.euid),
        (Aux.GID, start.credentials.gid),
        (Aux.EGID, start.credentials.egid),
        (Aux.SECURE, 0),
        (Aux.RANDOM, random),
        (Aux.HWCAP2, start.hardware.hwcap2),
        (Aux.EXECFN, execfn),
        (Aux.PLATFORM, platform),
        (Aux.NULL, 0),
    ]


def read_auxv(data: bytes) -> dict[int, int]:
    """The auxiliary vector from its bytes."""
    return dict(struct.iter_unpack("<QQ", data))


@dataclass(frozen=True)
class Stack:
    """The initial stack: `data` belongs at `pointer`, which is rsp, and reaches to the top."""

    pointer: int
    data: bytes
    auxv: bytes  # as /proc/PID/auxv shows it


def build(image: Image, placed: Placed, interpreter_base: int, start: Start, top: int) -> Stack:
    """Lay out the stack below `top`."""
    strings = bytearray(8)
    at = top - 8

    def push(data: bytes) -> int:
        nonlocal at
        at -= len(data)
        strings[:0] = data
        return at

    execfn = push(start.execfn + b"\0")
    # One joined piece each: a guest may have very many arguments.
    envp = _addresses(start.envp, push(_joined(start.envp)))
    argv = _addresses(start.argv, push(_joined(start.argv)))
    push(bytes(at % 16))
    platform = push(start.hardware.platform + b"\0")
    random = push(start.random)
    vector = auxv(image, placed, interpreter_base, start, random, execfn, platform)
    words = [len(argv), *argv, 0, *envp, 0]
    pairs = [word for pair in vector for word in pair]
    # Linux rounds twice: the vector hangs below the random bytes, the rest below the vector.
    size = 8 * (len(words) + len(pairs))
    pointer = align_down(at - size, 16)
    push(bytes(at - size - pointer))
    packed = struct.pack(f"<{len(words) + len(pairs)}Q", *words, *pairs)
    push(packed)
    return Stack(at, bytes(strings), packed[8 * len(words) :])


def _joined(strings: Sequence[bytes]) -> bytes:
    return b"".join(string + b"\0" for string in strings)


def _addresses(strings: Sequence[bytes], at: int) -> list[int]:
    addresses = []
    for string in strings:
        addresses.append(at)
        at += len(string) + 1
    return addresses
