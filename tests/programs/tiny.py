"""A whole program of 40-odd bytes of machine code: `python tests/programs/tiny.py PATH` writes it.

It prints one line with write(2) and leaves with exit_group(0).  The code is given as bytes because
there is no assembler here; the comments say what a disassembler would.
"""

from __future__ import annotations

import sys
from pathlib import Path

from elfin.loader.writer import Name, Piece, write_elf

MESSAGE = b"hello from x86-64 machine code\n"
BASE = 0x400000


def tiny() -> bytes:
    """The ELF file."""
    code = b"".join((
        bytes.fromhex("b801000000"),                 # mov eax, 1        write
        bytes.fromhex("bf01000000"),                 # mov edi, 1        stdout
        bytes.fromhex("488d3512000000"),             # lea rsi, [rip+18] the message
        b"\xba" + len(MESSAGE).to_bytes(4, "little"),  # mov edx, length
        bytes.fromhex("0f05"),                       # syscall
        bytes.fromhex("b8e7000000"),                 # mov eax, 231      exit_group
        bytes.fromhex("31ff"),                       # xor edi, edi
        bytes.fromhex("0f05"),                       # syscall
        bytes.fromhex("0f0b"),                       # ud2               not reached
    ))  # fmt: skip
    names = [Name("_start", BASE, len(code)), Name("message", BASE + len(code), len(MESSAGE))]
    return write_elf([Piece(BASE, code + MESSAGE)], BASE, names=names)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tiny())
    path.chmod(0o755)
