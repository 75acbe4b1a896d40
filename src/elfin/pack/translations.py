"""Translations of programs, made ahead of time: chunks, and an index of what is in them.

Input:  programs, each of them loaded as it would be to run; nothing of them runs.
Output: files in the image's folder, and the name of the index.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Final, cast

from elfin import config
from elfin.errors import ElfinError
from elfin.loader.stack import Aux, read_auxv
from elfin.machine.machine import Machine
from elfin.pack.functions import Code, find
from elfin.pack.loops import Function, analyse, ranked
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit import record
from elfin.tiers.jit.ahead import POLICY, Index, Place, Row, check_of
from elfin.tiers.jit.unit import translate
from elfin.tiers.jit.units import Unit

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

    def add(self, unit: Unit, rows: Sequence[tuple[int, int]]) -> None:
        """`rows`: addresses and their sums that the unit is found by, if no other is."""
        data = record.encode(unit, unit.wasm)
        if self._open and len(self._open) + len(data) > CHUNK:
            self._write()
        for row in rows:
            self._rows.setdefault(row, len(self._places))
        self._places.append((len(self._names), len(self._open), len(data)))
        self._open += data

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
) -> int:
    """Translate what of a program may be hot, up to `most` instructions; how many it were."""
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
    for number, function in enumerate(chosen):
        progress(program, number, len(chosen))
        if done + function.size > most:
            break
        unit = _unit(code, function, functions)
        if unit is not None:
            done += unit.ops
            addresses = dict.fromkeys((*unit.entries, *function.inner))
            chunks.add(unit, [(at, check_of(memory, at)) for at in addresses])
    progress(program, len(chosen), len(chosen))
    machine.kill(process)
    return done


def _unit(code: Code, function: Function, functions: Container[int]) -> Unit | None:
    """Its functions begin at the entry, and where loops do that may run on when they are hot."""
    return translate(
        code.memory,
        function.entry,
        POLICY,
        read=lambda _, pc: code.read(pc),
        edges=code.edges,
        also={at: code.starts.keys() | outside for at, outside in function.headers.items()},
        ends=code.starts,
        is_known=lambda at: at in functions,
    )
