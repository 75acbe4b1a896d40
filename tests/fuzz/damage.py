"""Programs and ways to damage them, as hypothesis strategies.

Output: `Damaged`: which program, and the edits that were made to its bytes, in order.  Header fields get
values that loaders trip over; code gets other bytes; the file is cut, or goes on.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from tests.programs.tiny import tiny

HEADER, PROGRAM_HEADER, PROGRAM_HEADERS = 64, 56, 8  # bytes, bytes, how many are aimed at
HEADER_FIELDS = (
    (0, 4), (4, 1), (5, 1), (6, 1), (7, 1), (16, 2), (18, 2), (20, 4), (24, 8), (32, 8), (40, 8), (48, 4),
    (52, 2), (54, 2), (56, 2), (58, 2), (60, 2), (62, 2),
)  # fmt: skip
PROGRAM_HEADER_FIELDS = ((0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8))
AWKWARD = (
    0, 1, 2, 3, 4, 5, 6, 7, 0x38, 0x40, 0xFFF, 0x1000, 0x1001, 0xFFFF, 0x10000, 0x400000, 0x401000,
    0x7FFFFFFF, 0x80000000, 0xFEFFF000, 0xFF000000, 0xFFFFF000, 0xFFFFFFFF, 1 << 32, 1 << 47,
    (1 << 47) - 4096, 1 << 63, (1 << 63) - 1, (1 << 64) - 4096, (1 << 64) - 1,
)  # fmt: skip
HELLO = """
#include <stdio.h>
#include <stdlib.h>
int main(int n, char **words) { printf("hello %d %s\\n", n, words[n - 1]); return n + !malloc(10); }
"""
COMPILERS = {"glibc": "gcc", "musl": "musl-gcc"}
NAMES = ("tiny", *(name for name, path in COMPILERS.items() if shutil.which(path)))


@cache
def program(name: str) -> bytes:
    """The sound program."""
    if name == "tiny":
        return tiny()
    with TemporaryDirectory() as folder:
        binary = Path(folder) / "hello"
        command = [COMPILERS[name], "-static", "-O1", "-s", "-x", "c", "-", "-o", binary]
        subprocess.run(command, input=HELLO, text=True, check=True, timeout=60)
        return binary.read_bytes()


@dataclass(frozen=True)
class Put:
    """Other bytes at an offset, as far as the file goes."""

    offset: int
    data: bytes

    def __call__(self, file: bytearray) -> None:
        at = self.offset % (len(file) or 1)
        data = self.data[: len(file) - at]
        file[at : at + len(data)] = data


@dataclass(frozen=True)
class Flip:
    """One bit, counted from the start."""

    bit: int

    def __call__(self, file: bytearray) -> None:
        if file:
            file[self.bit // 8 % len(file)] ^= 1 << self.bit % 8


@dataclass(frozen=True)
class Cut:
    """The file ends after `length` bytes."""

    length: int

    def __call__(self, file: bytearray) -> None:
        del file[self.length :]


@dataclass(frozen=True)
class Append:
    """The file goes on."""

    data: bytes

    def __call__(self, file: bytearray) -> None:
        file += self.data


Edit = Put | Flip | Cut | Append


@dataclass(frozen=True)
class Damaged:
    """A program's name and what was done to it."""

    name: str
    edits: Sequence[Edit]

    def data(self) -> bytes:
        file = bytearray(program(self.name))
        for edit in self.edits:
            edit(file)
        return bytes(file)


def header_fields() -> st.SearchStrategy[Edit]:
    """A field of the ELF header or of a program header gets an awkward value."""
    rows = [
        (HEADER + PROGRAM_HEADER * i + offset, size)
        for i in range(PROGRAM_HEADERS)
        for offset, size in PROGRAM_HEADER_FIELDS
    ]
    values = st.sampled_from(AWKWARD) | st.integers(0, (1 << 64) - 1)

    def put(field: tuple[int, int], value: int) -> Edit:
        offset, size = field
        return Put(offset, (value % (1 << 8 * size)).to_bytes(size, "little"))

    return st.builds(put, st.sampled_from([*HEADER_FIELDS, *rows]), values)


def edits(size: int) -> st.SearchStrategy[Edit]:
    """Of a file of `size` bytes; most of them hit the headers or the code behind them."""
    headers = HEADER + PROGRAM_HEADER * PROGRAM_HEADERS
    return st.one_of(
        header_fields(),
        header_fields(),
        st.builds(Flip, st.integers(0, 8 * min(headers, size) - 1)),
        st.builds(Flip, st.integers(0, 8 * size - 1)),
        st.builds(Put, st.integers(0, size - 1), st.binary(min_size=1, max_size=64)),
        st.builds(Cut, st.integers(0, headers) | st.integers(0, size)),
        st.builds(Append, st.binary(max_size=5000)),
    )


def damaged(names: Sequence[str] = NAMES) -> st.SearchStrategy[Damaged]:
    """One of the programs with up to four edits."""

    def of(name: str) -> st.SearchStrategy[Damaged]:
        change = st.lists(edits(len(program(name))), min_size=1, max_size=4)
        return st.builds(Damaged, st.just(name), change)

    return st.sampled_from(names).flatmap(of)


def random_code() -> st.SearchStrategy[Damaged]:
    """The tiny program with other code: random bytes between instructions that are likely to run."""
    start = program("tiny").index(bytes.fromhex("b801000000bf"))
    opcodes = st.sampled_from(INSTRUCTIONS).map(bytes.fromhex)
    code = st.lists(st.binary(min_size=1, max_size=8) | opcodes, min_size=1, max_size=24).map(
        b"".join
    )
    return st.builds(lambda data: Damaged("tiny", [Put(start, data), Append(data)]), code)


# Pushes, moves from and to the stack, jumps, string instructions, system calls.
INSTRUCTIONS = (
    "50", "5f", "488b0424", "48890424", "4889e6", "4889e7", "eb02", "75f0", "e800000000", "c3", "f3a4", "f3aa",
    "31c0", "b001", "b80a000000", "b809000000", "b80c000000", "b939000000", "bf01000000", "ba00100000", "be00004000",
    "0f05", "0f05", "0f28", "660f6f0424", "0f11", "48ffc0", "f7f1", "9c", "9d", "cc", "0f01d0", "0fa2", "0fae0424",
)  # fmt: skip
