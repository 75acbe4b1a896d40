"""`elfin show PROGRAM [--at ADDRESS|SYMBOL] --stage STAGE`: what becomes of a program's code.

Input:  a program and a place in it.  Output: text, the instructions of the place one after another.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin.errors import ElfinError
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.loader.image import Image, Reader
    from elfin.loader.symbols import Symbols

DEFAULT_COUNT = 20
LONGEST = 15  # bytes of an instruction
CANNOT_EXECUTE, NOT_FOUND = 126, 127


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("program", metavar="PROGRAM", help="a file of the host")
    parser.add_argument(
        "--at",
        metavar="ADDRESS|SYMBOL",
        help="where to begin (default: main, else the entry point); addresses as in the file",
    )
    parser.add_argument(
        "--count",
        metavar="N",
        type=int,
        help=f"instructions (default: those of the symbol, else {DEFAULT_COUNT})",
    )
    parser.add_argument("--stage", choices=("decode", "ir", "opt", "tree", "wasm"), required=True)


@dataclass(frozen=True)
class Place:
    """The code to be shown; addresses are those of the file."""

    program: bytes
    entry: int
    code: bytes
    address: int
    count: int
    name: Callable[[int], str | None]


def show(options: argparse.Namespace) -> int:
    """Print the stage."""
    from elfin.cli.stages import STAGES

    try:
        fd = os.open(options.program, os.O_RDONLY)
    except OSError as error:
        print(f"elfin: {options.program}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_EXECUTE
    try:
        place = find(options, lambda offset, n: os.pread(fd, n, offset), os.fstat(fd).st_size)
    except ElfinError as error:
        print(f"elfin: {options.program}: {error}", file=sys.stderr)
        return CANNOT_EXECUTE
    finally:
        os.close(fd)
    try:
        for line in STAGES[options.stage](place):
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # `elfin show ... | head`: nobody reads on, and Python must not try again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def find(options: argparse.Namespace, read: Reader, size: int) -> Place:
    """The bytes that the options mean."""
    from elfin.loader.image import parse
    from elfin.loader.symbols import read_symbols

    image = parse(read, size)
    symbols = read_symbols(image, read)
    address = _address(options.at, image, symbols)
    symbol = symbols.at(address)
    named = symbol is not None and symbol[0].size > 0
    length = symbol[0].size - symbol[1] if symbol is not None and named else 0
    count = options.count
    if count is None:
        count = sys.maxsize if length else DEFAULT_COUNT
    else:
        length = 0
    code = _code(image, read, address, length or min(count, 1 << 20) * LONGEST)
    program = os.fsencode(os.path.abspath(options.program))
    return Place(program, image.header.entry, code, address, count, symbols.name_at)


def _address(at: str | None, image: Image, symbols: Symbols) -> int:
    if at is None:
        main = symbols.find("main")
        return main.address if main is not None else image.header.entry
    symbol = symbols.find(at)
    if symbol is not None:
        return symbol.address
    try:
        return int(at, 16)
    except ValueError:
        raise ElfinError(f"it has no symbol {at!r}, and that is no address either") from None


def _code(image: Image, read: Reader, address: int, length: int) -> bytes:
    """Bytes of the file that are mapped at `address`."""
    for segment in image.loads:
        inside = address - segment.vaddr
        if 0 <= inside < segment.filesz:
            return read(segment.offset + inside, min(length, segment.filesz - inside))
    raise ElfinError(f"no bytes of the file lie at {address:#x}")
