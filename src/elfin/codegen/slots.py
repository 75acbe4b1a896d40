"""Wasm locals: which variable or shared value lives in which, decided when the body is known.

Input:  the body in pieces: bytes, and uses of locals whose index is not known yet; an `Interval` for each
        variable or shared value: the positions in the body between which it must be kept.
Output: the finished bytes and the runs of locals to declare.

Linear scan: intervals that do not overlap share a local, so a function of thousands of cases declares as
many locals as its hungriest case needs.  (Poletto and Sarkar, "Linear Scan Register Allocation".)
"""

from __future__ import annotations

import heapq
from typing import Final

from elfin.wasm.leb import unsigned
from elfin.wasm.opcodes import code

WHOLE: Final = 1 << 60  # an end behind every position
_GET, _SET, _TEE = (code(f"local.{verb}") for verb in ("get", "set", "tee"))
_DROP: Final = code("drop")
_ORDER: Final = ("i32", "i64", "f32", "f64", "v128")


class Interval:
    """What needs a local of Wasm type `wasm` from position `start` to `end`.  In a body it stands for its `local.get`.

    `depth` and `scope` say where it was first set (see `values`), `loops` how many loops were open there.
    `reads` counts the `local.get`s: without one it needs no local at all.
    """

    __slots__ = ("depth", "end", "index", "loops", "reads", "scope", "start", "wasm")

    def __init__(self, wasm: str, start: int, depth: int, scope: int, loops: int) -> None:
        self.wasm = wasm
        self.start = start
        self.end = start
        self.depth = depth
        self.scope = scope
        self.loops = loops
        self.index = b""
        self.reads = 0

    def keep(self) -> None:
        """From the start of the function to its end."""
        self.start = -1
        self.end = WHOLE

    def final(self) -> bytes:
        return _GET + self.index


class Write:
    """Pop into a local; `tee`: but leave the value.  Nobody reads it: neither."""

    __slots__ = ("interval", "tee")

    def __init__(self, interval: Interval) -> None:
        self.interval = interval
        self.tee = False

    def final(self) -> bytes:
        if self.tee:
            return _TEE + self.interval.index if self.interval.reads else b""
        return _SET + self.interval.index if self.interval.reads else _DROP


class Shared:
    """A piece that ends a value which is used again: what it leaves is also put into a local."""

    __slots__ = ("interval", "piece")

    def __init__(self, piece: Piece, interval: Interval) -> None:
        self.piece = piece
        self.interval = interval

    def final(self) -> bytes:
        piece = self.piece
        before = piece if isinstance(piece, bytes) else piece.final()
        return before + _TEE + self.interval.index


Piece = bytes | Interval | Write | Shared


def allocate(intervals: list[Interval], first: int) -> tuple[tuple[int, str], ...]:
    """Give each interval the index of a local, from `first` on; the runs to declare."""
    counts = dict.fromkeys(_ORDER, 0)
    free: dict[str, list[int]] = {wasm: [] for wasm in _ORDER}
    active: list[tuple[int, int, str]] = []
    found: list[int] = []
    read = [interval for interval in intervals if interval.reads]
    read.sort(key=lambda i: i.start)
    for interval in read:
        while active and active[0][0] <= interval.start:
            _, index, wasm = heapq.heappop(active)
            heapq.heappush(free[wasm], index)
        wasm = interval.wasm
        if free[wasm]:
            index = heapq.heappop(free[wasm])
        else:
            index = counts[wasm]
            counts[wasm] += 1
        heapq.heappush(active, (interval.end, index, wasm))
        found.append(index)
    bases = {}
    for wasm in _ORDER:
        bases[wasm] = first
        first += counts[wasm]
    for interval, index in zip(read, found, strict=True):
        interval.index = unsigned(bases[interval.wasm] + index)
    return tuple((counts[wasm], wasm) for wasm in _ORDER if counts[wasm])


def assemble(body: list[Piece], marks: list[int]) -> tuple[bytes, tuple[int, ...]]:
    """The body's bytes, and the offsets in them of the marked positions, which are in order."""
    parts = [piece if isinstance(piece, bytes) else piece.final() for piece in body]
    moved: list[int] = []
    size = done = 0
    for mark in marks:
        size += sum(map(len, parts[done:mark]))
        done = mark
        moved.append(size)
    return b"".join(parts), tuple(moved)
