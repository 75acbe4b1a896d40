"""Real programs: applets of Debian's static busybox on inputs that are the same everywhere.

Input:  nothing; the inputs are made once, in `.cache/bench/inputs`.
Output: `Workload`s whose size is how often the input is gone through.
"""

from __future__ import annotations

import random
import shutil
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from suite import BUILT, Workload

INPUTS: Final = BUILT / "inputs"
SCRIPTS: Final = Path(__file__).parent / "programs"
MB: Final = 1_000_000
PIECE: Final = 1 << 16
WORDS: Final = 5000
HASHED_MB: Final = 30  # of the warm-up's sha256sum
NAMES: Final = ("awk", "sort", "sha256sum", "gzip", "bzip2")


def busybox() -> Path | None:
    found = shutil.which("busybox")
    return Path(found).resolve() if found else None


def program(name: str, scale: float) -> Workload | None:
    """The applet with its input; None without busybox."""
    box = busybox()
    if box is None:
        return None
    # Words before the inputs, the input (none: the size is an argument), passes, and about how many seconds they take:
    # what has thousands of hot instructions is given more, for they are translated during the first second.
    table: dict[str, tuple[tuple[str, ...], Path | None, int, int]] = {
        "awk": (("-f", str(SCRIPTS / "words.awk")), None, 640, 2),
        "sort": ((), text(2), 56, 2),
        "sha256sum": ((), mixed(HASHED_MB), 8, 1),
        "gzip": (("-c",), mixed(3), 10, 1),
        "bzip2": (("-c",), mixed(1), 12, 1),
    }
    words, file, size, seconds = table[name]
    arguments = partial(_passes, (name, *words), file) if file else _awk(words)
    size = max(2, round(size * scale))
    return Workload(name, box, arguments, size, even=True, seconds=seconds * max(scale, 0.5))


def hashing() -> Workload | None:
    """sha256sum of HASHED_MB, one pass and several."""
    return program("sha256sum", 1.0)


def mounts() -> list[Path]:
    """What the programs read."""
    INPUTS.mkdir(parents=True, exist_ok=True)
    return [INPUTS, SCRIPTS]


def _passes(words: tuple[str, ...], file: Path, size: int) -> tuple[str, ...]:
    return (*words, *[str(file)] * size)


def _awk(words: tuple[str, ...]) -> Callable[[int], tuple[str, ...]]:
    return lambda size: ("awk", "-v", f"n={size}", *words)


# --- inputs ---------------------------------------------------------------------------------


def text(megabytes: int) -> Path:
    """Lines of words, the common ones often, with numbers in between."""
    return _made(f"text-{megabytes}.txt", lambda: _lines(random.Random(7), megabytes * MB))


def mixed(megabytes: int) -> Path:
    """Text, records of small numbers, and noise, in pieces of 64 KiB."""

    def pieces() -> Iterator[bytes]:
        chance = random.Random(11)
        words = b"".join(_lines(chance, MB))
        for number in range(megabytes * MB // PIECE + 1):
            match chance.randrange(4):
                case 0 | 1:
                    at = chance.randrange(len(words) - PIECE)
                    yield words[at : at + PIECE]
                case 2:
                    first = number << 12
                    rows = ((first + i, i & 63, 7, (first + i) * 16) for i in range(PIECE // 16))
                    yield b"".join(struct.pack("<IHHQ", *row) for row in rows)
                case _:
                    yield chance.randbytes(PIECE)

    return _made(f"mixed-{megabytes}.bin", pieces, megabytes * MB)


def _lines(chance: random.Random, size: int) -> Iterator[bytes]:
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = range(len(letters), 0, -1)
    words = ["".join(chance.choices(letters, weights, k=2 + i % 9)) for i in range(WORDS)]
    often = [1 / (i + 3) for i in range(WORDS)]
    while size > 0:
        line = chance.choices(words, often, k=chance.randint(4, 14))
        if chance.random() < 0.4:
            line.append(str(chance.randrange(10 ** chance.randint(1, 7))))
        data = f"{' '.join(line)}\n".encode()
        size -= len(data)
        yield data


def _made(name: str, pieces: Callable[[], Iterator[bytes]], size: int = -1) -> Path:
    target = INPUTS / name
    if not target.exists():
        INPUTS.mkdir(parents=True, exist_ok=True)
        new = target.with_suffix(".new")
        data = b"".join(pieces())
        new.write_bytes(data if size < 0 else data[:size])
        new.replace(target)
    return target
