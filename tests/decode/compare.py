"""`python -m tests.decode.compare FILE ...`: all code of these ELF files, and `--random N` sequences, through elfin's
decoder and iced-x86; prints what differs and how many did.

The decoder runs compiled to Wasm, unless `--python`.  `--every K` looks at one instruction in K.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator

import iced_x86 as iced
from elftools.elf.elffile import ELFFile

from elfin.decode.insn import decode
from tests.decode.against_iced import Decoder, difference
from tests.decode.compiled import CompiledDecoder

EXECUTABLE = 4
LEGACY = (0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65)


def code_of(path: str) -> Iterator[tuple[int, bytes]]:
    """Address and bytes of each executable section."""
    with open(path, "rb") as file:
        for section in ELFFile(file).iter_sections():
            if section["sh_flags"] & EXECUTABLE and section["sh_type"] == "SHT_PROGBITS":
                yield section["sh_addr"], section.data()


def linear(address: int, code: bytes, every: int) -> Iterator[tuple[bytes, int]]:
    """One instruction after the other, by iced's lengths."""
    for n, found in enumerate(iced.Decoder(64, code, ip=address)):
        if n % every == 0:
            at = found.ip - address
            yield code[at : at + 15], found.ip


def random_code(source: random.Random) -> bytes:
    """Bytes that look like an instruction: any prefixes, any escape, the rest random."""
    head = bytearray()
    for _ in range(source.choice((0, 0, 0, 1, 1, 2, 3, 14))):
        head.append(source.choice(LEGACY))
    if source.random() < 0.3:
        head.append(0x40 + source.randrange(16))
        if source.random() < 0.1:
            head.append(source.choice(LEGACY))
    kind = source.randrange(8)
    if kind < 3:
        head += (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a", b"\x0f\x0f")[
            source.choice((0, 0, 1, 1, 2, 3, 4))
        ]
    elif kind == 3:
        head = head if source.random() < 0.05 else bytearray(source.choice((b"", b"\x67", b"\x64")))
        head += bytes((0xC5, source.randrange(256)))
    elif kind == 4:
        head = head if source.random() < 0.05 else bytearray(source.choice((b"", b"\x67", b"\x64")))
        maps = source.choice((1, 2, 3)) if source.random() < 0.95 else source.randrange(32)
        head += bytes((0xC4, source.randrange(8) << 5 | maps, source.randrange(256)))
    elif kind == 5:
        maps = source.choice((8, 9, 10)) if source.random() < 0.9 else source.randrange(32)
        vvvv = source.choice((0x78, source.randrange(256)))
        head = bytearray((0x8F, source.randrange(8) << 5 | maps, vvvv & 0xFC))
    elif kind == 6:
        maps = source.choice((1, 2, 3, 5, 6)) if source.random() < 0.95 else source.randrange(16)
        second = source.randrange(256) | (4 if source.random() < 0.97 else 0)
        if source.random() < 0.3:
            second |= 0x78
        third = source.randrange(256) | (8 if source.random() < 0.5 else 0)
        head = bytearray((0x62, source.randrange(16) << 4 | maps, second, third))
    return bytes(head) + source.randbytes(15)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("files", nargs="*")
    arguments.add_argument("--random", type=int, default=0, metavar="N")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--every", type=int, default=1, metavar="K")
    arguments.add_argument("--show", type=int, default=20, metavar="N")
    arguments.add_argument("--python", action="store_true")
    chosen = arguments.parse_args()
    decoder = decode if chosen.python else CompiledDecoder()
    source = random.Random(chosen.seed)
    failed = False
    for path in chosen.files:
        pairs = (p for at, code in code_of(path) for p in linear(at, code, chosen.every))
        failed |= report(path, pairs, decoder, chosen.show)
    if chosen.random:
        pairs = ((random_code(source)[:15], 0x40_1000) for _ in range(chosen.random))
        failed |= report("random", pairs, decoder, chosen.show)
    return int(failed)


def report(name: str, pairs: Iterator[tuple[bytes, int]], decoder: Decoder, show: int) -> bool:
    """Compare all of `pairs`; are there differences?"""
    start, count, wrong = time.perf_counter(), 0, 0
    for code, address in pairs:
        count += 1
        found = difference(code, address, decoder)
        if found:
            wrong += 1
            if wrong <= show:
                print(found)
    seconds = time.perf_counter() - start
    print(f"{name}: {count} instructions, {wrong} differ, {seconds:.1f} s")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
