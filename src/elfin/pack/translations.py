"""Translations of programs, made ahead of time: chunks, and an index of what is in them.

Input:  programs, each of them loaded as it would be to run; nothing of them runs.
Output: files in the image's folder, and the name of the index.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, cast

from elfin import config
from elfin.errors import ElfinError
from elfin.loader.stack import Aux, read_auxv
from elfin.machine.machine import Machine
from elfin.pack.functions import find
from elfin.pack.loops import analyse, ranked
from elfin.pack.parallel import Made, Work, units
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.ahead import Index, Place, Row

CHUNK: Final = 1 << 16  # bytes before compression
Progress = Callable[[str, int, int], None]  # program, functions done, of how many


class Chunks:
    """Writes units into files."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.size = 0  # of all files
        self._names: list[str] = []
        self._places: list[Place] = []
        self._rows: dict[tuple[int, int], int] = {}
        self._open = bytearray()

    def add(self, made: Made) -> None:
        if self._open and len(self._open) + len(made.data) > CHUNK:
            self._write()
        for row in made.rows:
            self._rows.setdefault(row, len(self._places))
        self._places.append((len(self._names), len(self._open), len(made.data)))
        self._open += made.data

    def finish(self) -> str:
        """The name of the index; "" without units."""
        if not self._places:
            return ""
        self._write()
        rows: list[Row] = [(at, check, unit) for (at, check), unit in self._rows.items()]
        return self._file(Index(sorted(rows), self._places, self._names).encode())

    def _write(self) -> None:
        self._names.append(self._file(zlib.compress(self._open, 9)))
        self._open.clear()

    def _file(self, data: bytes) -> str:
        name = f"{hashlib.sha256(data).hexdigest()[:24]}.t"
        (self.out / name).write_bytes(data)
        self.size += len(data)
        return name


def add(
    machine: Machine,
    program: str,
    chunks: Chunks,
    progress: Progress,
    most: int = config.AHEAD_OPS,
    processes: int | None = None,
) -> int:
    """Translate what of a program may be hot, up to `most` instructions; how many it were.  ElfinError for what cannot
    be loaded."""
    try:
        process = machine.start([program.encode()], env={}, files=lambda _: [])
    except OSError as error:
        raise ElfinError(f"{program}: it cannot be loaded: {error.strerror}") from error
    memory = cast(GuestMemory, process.leader.memory)
    memory.exports["drop_code"]()  # makes the decode cache, as the first run would
    code = find(memory, process.address_space, read_auxv(process.auxv)[Aux.ENTRY])
    functions = {entry: analyse(code, entry) for entry in code.starts}
    chosen = ranked(functions)
    done = 0
    with closing(units(Work(code, functions), [f.entry for f in chosen], processes)) as made:
        for number, (function, unit) in enumerate(zip(chosen, made, strict=True)):
            progress(program, number, len(chosen))
            if done + function.size > most:
                break
            if unit is not None:
                done += unit.ops
                chunks.add(unit)
    progress(program, len(chosen), len(chosen))
    machine.kill(process)
    return done
