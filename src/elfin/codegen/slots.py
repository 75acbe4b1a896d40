"""Wasm locals: which variable or shared value lives in which, decided when the body is known.

Input:  the body's bytes without the indices of locals, the places where indices go (`Fix`), and an
        `Interval` for each variable or shared value: the positions between which it must be kept.
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
_TEE: Final = code("local.tee")
_DROP: Final = code("drop")
_SET: Final = code("local.set")[0]
_ORDER: Final = ("i32", "i64", "f32", "f64", "v128")


class Interval:
    """What needs a local of Wasm type `wasm` from position `start` to `end`.

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
        self.index = -1
        self.reads = 0

    def keep(self) -> None:
        """From the start of the function to its end."""
        self.start = -1
        self.end = WHOLE


# Position, interval, and whether a whole `local.tee` goes there, or only the index.
Fix = tuple[int, Interval, bool]


def allocate(intervals: list[Interval], first: int) -> tuple[tuple[int, str], ...]:
    """Give each interval the index of a local, from `first` on; the runs to declare."""
    counts = dict.fromkeys(_ORDER, 0)
    free: dict[str, list[int]] = {wasm: [] for wasm in _ORDER}
    active: list[tuple[int, int, str]] = []
    read = [interval for interval in intervals if interval.reads]
    for interval in sorted(read, key=lambda i: i.start):
        while active and active[0][0] <= interval.start:
            _, index, wasm = heapq.heappop(active)
            heapq.heappush(free[wasm], index)
        wasm = interval.wasm
        if free[wasm]:
            interval.index = heapq.heappop(free[wasm])
        else:
            interval.index = counts[wasm]
            counts[wasm] += 1
        heapq.heappush(active, (interval.end, interval.index, wasm))
    bases = {}
    for wasm in _ORDER:
        bases[wasm] = first
        first += counts[wasm]
    for interval in read:
        interval.index += bases[interval.wasm]
    return tuple((counts[wasm], wasm) for wasm in _ORDER if counts[wasm])


def assemble(
    body: bytes | bytearray, fixes: list[Fix], marks: list[int]
) -> tuple[bytes, tuple[int, ...]]:
    """The body with the indices in it, and where the marked positions, in order, are then."""
    parts: list[bytes | bytearray] = []
    moved: list[int] = []
    done = size = 0
    # Stable: where an index and a tee meet, the index was noted first and belongs before.
    for position, interval, tee in sorted(fixes, key=lambda fix: fix[0]):
        while len(moved) < len(marks) and marks[len(moved)] < position:
            moved.append(marks[len(moved)] - done + size)
        size += position - done
        if interval.reads:
            parts.append(body[done:position])
            if tee:
                size += len(_TEE)
                parts.append(_TEE)
            parts.append(unsigned(interval.index))
            size += len(parts[-1])
        else:  # the opcode goes too; nobody wants the value, or it stays on the stack
            parts.append(body[done : position - 1])
            size -= 1
            if body[position - 1] == _SET:
                parts.append(_DROP)
                size += len(_DROP)
        done = position
    parts.append(body[done:])
    moved += [mark - done + size for mark in marks[len(moved) :]]
    return b"".join(parts), tuple(moved)
