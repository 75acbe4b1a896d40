"""Units that were made ahead of time, in chunks that are fetched when code of theirs is hot.

Input:  the name of their index, a function that fetches a file by name.
Output: as `store.Store`: the unit of an address, if the memory holds its code.

The index is fetched with the first wish.  Its rows say where the unit of an address is; the sum of the code's first
bytes tells programs with the same addresses apart, so that nothing is fetched for another.  Addresses of loops inside
have rows too: then the unit begins at the function around.
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from elfin import layout
from elfin.records import dataclass
from elfin.runtime.host import Module
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit import record
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.units import Unit

VERSION: Final = 1
POLICY: Final = Policy(
    exact=False, sticky=False, wide=False, paged=True
)  # of most programs in a page
FIRST: Final = 32  # bytes of code whose sum is taken
RECENT: Final = 8  # chunks that are held
HEAD: Final = struct.Struct("<III")  # length of the names, rows, units
WORD: Final = record.WORD

Row = tuple[int, int, int]  # address, sum of the code there, number of the unit
Place = tuple[int, int, int]  # of a unit: chunk, offset in it, bytes


@dataclass(frozen=True, slots=True)
class Index:
    """`rows` in the order of addresses; `places` of units by number; `chunks` by name."""

    rows: Sequence[Row]
    places: Sequence[Place]
    chunks: Sequence[str]

    def encode(self) -> bytes:
        """Columns of words, each the distance from the one above: they compress well."""
        names = json.dumps([VERSION, list(self.chunks)]).encode()
        columns = [*zip(*self.rows, strict=True), *zip(*self.places, strict=True)]
        head = HEAD.pack(len(names), len(self.rows), len(self.places))
        parts = [_distances(c) if i != 1 else array(WORD, c) for i, c in enumerate(columns)]
        return zlib.compress(head + names + b"".join(part.tobytes() for part in parts), 9)

    @staticmethod
    def decode(data: bytes) -> Index:
        """ValueError, zlib.error or struct.error for what is none."""
        data = zlib.decompress(data)
        length, rows, places = HEAD.unpack_from(data)
        at = HEAD.size + length
        version, chunks = json.loads(data[HEAD.size : at])
        if version != VERSION:
            raise ValueError("translations of another version")
        columns = []
        for i, count in enumerate([rows] * 3 + [places] * 3):
            column = array(WORD, data[at : at + 4 * count])
            at += 4 * count
            if len(column) != count:
                raise ValueError("the index's end is missing")
            columns.append(column if i == 1 else _sums(column))
        rows_ = tuple(zip(*columns[:3], strict=True))
        return Index(rows_, tuple(zip(*columns[3:], strict=True)), tuple(map(str, chunks)))


class Ahead:
    """Units of a packed site."""

    def __init__(self, name: str, fetch: Callable[[str], bytes]) -> None:
        self.name = name
        self.fetch = fetch
        self._index: Index | None = None
        self._rows: dict[int, list[tuple[int, int]]] = {}
        self._recent: dict[str, bytes] = {}

    def find(self, memory: GuestMemory, pc: int, policy: Policy) -> tuple[Unit, Module, int] | None:
        if policy != POLICY or not self.name:
            return None
        try:
            return self._find(memory, pc)
        except (LookupError, OSError, ValueError, struct.error, zlib.error):
            self.name = ""  # what is damaged, or cannot be fetched, is translated here
            return None

    def keep(self, memory: GuestMemory, pc: int, unit: Unit, module: Module) -> None:
        """A page keeps none."""

    def _find(self, memory: GuestMemory, pc: int) -> tuple[Unit, Module, int] | None:
        if self._index is None:
            self._index = Index.decode(self.fetch(self.name))
            for at, check, number in self._index.rows:
                self._rows.setdefault(at, []).append((check, number))
        rows = self._rows.get(pc)
        if rows is None:
            return None
        check = check_of(memory, pc)
        for known, number in rows:
            if known == check:
                found = record.decode(self._unit(self._index, number), memory)
                if found is not None:
                    unit, wasm, size = found
                    return unit, memory.host.compile(wasm), size
        return None

    def _unit(self, index: Index, number: int) -> bytes:
        chunk, at, size = index.places[number]
        name = index.chunks[chunk]
        data = self._recent.pop(name, None)
        if data is None:
            data = zlib.decompress(self.fetch(name))
            for old in list(self._recent)[: 1 - RECENT]:
                del self._recent[old]
        self._recent[name] = data  # the last used last
        return data[at : at + size]


def check_of(memory: GuestMemory, pc: int) -> int:
    """The sum of the first bytes of the code at an address."""
    if not memory.permission(pc) & layout.PAGE_X:
        return -1
    count = min(FIRST, -pc % layout.PAGE or layout.PAGE)
    return zlib.crc32(memory.space.read(layout.GUEST_BASE + pc, count))


def _distances(words: Iterable[int]) -> array[int]:
    out, last = array(WORD), 0
    for word in words:
        out.append(word - last & 0xFFFF_FFFF)
        last = word
    return out


def _sums(words: Iterable[int]) -> list[int]:
    out, last = [], 0
    for word in words:
        last = last + word & 0xFFFF_FFFF
        out.append(last)
    return out
