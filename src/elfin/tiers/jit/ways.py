"""The ways out of a region's function: what is stored on each, and where one goes on as another.

Input:  the exits, which know what has changed on the ways to them (`flow.py`).
Output: the ways, and each exit's jump to its own; `frame.py` puts them behind the function's code.
"""

from __future__ import annotations

from collections.abc import Sequence

from elfin.codegen.locals import packed
from elfin.ir.stmt import Br, Set
from elfin.ir.types import I64
from elfin.ir.value import const, local
from elfin.records import dataclass
from elfin.tiers.jit.events import Exit

AWAY = "away"  # behind all stores
UP = "up"  # a callee has left
OWN = local(
    I64, "own"
)  # what is in memory when the function has left: its caller need not store it


@dataclass(frozen=True, slots=True)
class Way:
    """A way out: `registers` to store, and the label of what comes `then`.  `up`: a callee has left by another; only
    those of OWED are stored."""

    label: str
    registers: int
    then: str = ""
    up: bool = False


def choose_ways(exits: Sequence[Exit], upwards: int, *, inner: bool) -> list[Way]:
    """A label for each set of registers to store, the largest first: who has stored what it has more than another
    goes on as that.  (A vector's lowest lane is stored behind it: where the one is, the other is, too.)
    `upwards`: what may have to be stored when a callee has left.  `inner`: a caller asks what is in memory."""
    kinds = sorted({e.changed for e in exits}, key=lambda kind: (-kind.bit_count(), kind))
    labels = {changed: f"exit{n}" for n, changed in enumerate(kinds)}
    ways = []
    for n, changed in enumerate(kinds):
        less = next((kind for kind in kinds[n + 1 :] if not kind & ~changed), None)
        then = AWAY if less is None else labels[less]
        ways.append(Way(labels[changed], changed & ~(less or 0), then))
    for event in exits:
        if inner:
            event.body.append(Set(OWN, const(I64, packed(event.owned | event.changed))))
        event.body.append(Br(labels[event.changed]))
    if upwards:
        ways.append(Way(UP, upwards, up=True))
    return ways
