"""What memories counted of translated code (`core.leaves`): instructions in it, and why it was left where.

Input:  memories made with the counting core module.
Output: sums over all of them, addresses by name.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from typing import Final

from elfin.layout import LEAVES, LEAVES_BITS
from elfin.machine.names import Names
from elfin.runtime import translated
from elfin.runtime.memory import GuestMemory

_HEAD: Final = struct.Struct("<QQ")
_ROW: Final = struct.Struct("<IIQ")
SIZE: Final = _HEAD.size + (_ROW.size << LEAVES_BITS)
HOTTEST: Final = 6  # addresses shown of each kind
KINDS: Final = {
    translated.CONTINUE: "no translation",
    translated.CONTINUE | translated.AGAIN: "to other code",
    translated.STEP: "one step",
    translated.FAULT: "fault",
    translated.MISSED: "unexpected target",
    translated.SLOW: "float operation",
    translated.UNWIND: "too deep",
}
ENDED: Final = "budget spent"
CALLEE: Final = "callee needs the host"


class Leaves:
    """Sums since the start."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.inside = 0
        self.kinds: dict[str, Counter[str]] = {}

    def collect(self, memory: GuestMemory) -> None:
        """Take over what a memory counted; it counts from 0 on."""
        inside, lost = _HEAD.unpack(memory.space.read(LEAVES, _HEAD.size))
        if not inside:
            return
        self.inside += inside
        data = memory.space.read(LEAVES + _HEAD.size, SIZE - _HEAD.size)
        memory.space.fill(LEAVES, SIZE, 0)
        for address, kind, count in _ROW.iter_unpack(data):
            if count:
                place = self.names.in_memory(memory, address) or f"{address:#x}"
                self._counter(kind)[place] += count
        if lost:
            self.kinds.setdefault("anywhere else", Counter())["(not noted)"] += lost

    def rows(self) -> Iterator[tuple[str, str]]:
        """Each kind with its hottest places, the commonest kind first."""
        for kind, places in sorted(self.kinds.items(), key=lambda item: -item[1].total()):
            shown = ", ".join(f"{place} {count}" for place, count in places.most_common(HOTTEST))
            yield kind, f"{places.total()}, to {shown}"

    def _counter(self, kind: int) -> Counter[str]:
        if kind >= translated.REASONS:
            name = CALLEE
        elif kind & translated.ENDED:
            name = ENDED
        else:
            result = kind & (translated.AGAIN - 1)
            name = KINDS.get(kind) or KINDS.get(result) or f"result {result}"
        return self.kinds.setdefault(name, Counter())
