"""The ways out of a region's function: what is stored on each, and where one goes on as another.

Input:  the exits, which know what has changed on the ways to them (`flow.py`).
Output: the ways, and each exit's jump to its own; `frame.py` puts them behind the function's code.
"""

from __future__ import annotations

from collections.abc import Sequence

from elfin.ir.stmt import Br
from elfin.records import dataclass
from elfin.tiers.jit.events import Exit

AWAY = "away"  # behind all stores


@dataclass(frozen=True, slots=True)
class Way:
    """A way out: `registers` to store, and the label of what comes `then`."""

    label: str
    registers: int
    then: str = ""


def choose_ways(exits: Sequence[Exit]) -> list[Way]:
    """A label for each set of registers to store, the largest first: who has stored what it has more than another
    goes on as that.  (A vector's lowest lane is stored behind it: where the one is, the other is, too.)"""
    kinds = sorted({e.changed for e in exits}, key=lambda kind: (-kind.bit_count(), kind))
    labels = {changed: f"exit{n}" for n, changed in enumerate(kinds)}
    ways = []
    for n, changed in enumerate(kinds):
        less = next((kind for kind in kinds[n + 1 :] if not kind & ~changed), None)
        then = AWAY if less is None else labels[less]
        ways.append(Way(labels[changed], changed & ~(less or 0), then))
    for event in exits:
        event.body.append(Br(labels[event.changed]))
    return ways
