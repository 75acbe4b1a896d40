"""Loading into a `PageSpace` in one call, and programs that show their own memory."""

from __future__ import annotations

from types import SimpleNamespace

from elfin.loader.image import Image, Reader, parse
from elfin.loader.load import Entry, load
from elfin.loader.stack import Hardware, Start
from tests.loader.memory import PageSpace

SYSCALL = bytes.fromhex("0f05")


def reader(data: bytes) -> Reader:
    """A `Reader` of bytes in memory."""
    return lambda offset, n: data[offset : offset + n]


def parsed(data: bytes) -> Image:
    return parse(reader(data), len(data), b"/bin/program")


def start(argv=(b"program",), envp=(), execfn=b"/bin/program", hwcap=0x178BFBFF) -> Start:
    """What execve hands over, as user 0."""
    nobody = SimpleNamespace(uid=0, euid=0, gid=0, egid=0)
    return Start(argv, envp, execfn, bytes(range(16)), nobody, Hardware(hwcap))


def loaded(data: bytes, given: Start | None = None) -> tuple[Entry, PageSpace]:
    """The address space of a program at its start."""
    space = PageSpace()
    return load(parsed(data), reader(data), space, given or start()), space


def dumper(pages: list[int]) -> bytes:
    """Code that writes each page to stdout, followed by what write(2) said, and leaves."""
    code = bytearray()
    for page in pages:
        code += bytes.fromhex("b801000000 bf01000000")  # mov eax, 1; mov edi, 1
        code += b"\x48\xbe" + page.to_bytes(8, "little")  # mov rsi, page
        code += bytes.fromhex("ba00100000") + SYSCALL  # mov edx, 4096
        code += bytes.fromhex("50 b801000000 bf01000000")  # push rax; mov eax, 1; mov edi, 1
        code += bytes.fromhex("4889e6 ba08000000") + SYSCALL + b"\x58"  # mov rsi, rsp; pop rax
    return bytes(code) + bytes.fromhex("b8e7000000 31ff") + SYSCALL  # exit_group(0)
