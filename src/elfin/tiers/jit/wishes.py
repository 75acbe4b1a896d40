"""What is wanted of the translator and is not being made yet.

Input:  wishes, and the machine's translator, which knows what code is worth by now.
Output: the hottest one, as it would be asked for now.

In the order in which they came each would be answered for what it was worth when it was asked: most of a program
that calls sixty functions in turn was "not yet", again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from elfin import config
from elfin.records import replace
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.copies import Wish, has_unit

if TYPE_CHECKING:
    from elfin.tiers.jit.engine import Translator


class Wishes:
    """One for each address: the last.  `is_inside`: has what is being made a block at an address?"""

    def __init__(
        self, translator: Translator, is_inside: Callable[[int], bool] = lambda _: False
    ) -> None:
        self.translator = translator
        self.is_inside = is_inside
        self._wishes: dict[int, tuple[GuestMemory, Wish]] = {}

    def __bool__(self) -> bool:
        return bool(self._wishes)

    def add(self, memory: GuestMemory, wish: Wish) -> None:
        self._wishes[wish.pc] = memory, wish

    def has(self, pc: int) -> bool:
        return pc in self._wishes

    def drop(self, pc: int) -> None:
        """It came with another."""
        del self._wishes[pc]

    def next(self) -> tuple[GuestMemory, Wish] | None:
        """Take the hottest, if its process still lives and it has not come with another."""
        for pc in [pc for pc, (memory, _) in self._wishes.items() if memory.is_closed]:
            del self._wishes[pc]
        while self._wishes:
            pc = max(self._wishes, key=self._heat)
            memory, wish = self._wishes.pop(pc)
            if wish.most is None:
                return memory, wish
            if not has_unit(memory, pc):
                most, loop = self._worth(pc)
                return memory, replace(wish, most=most, loop=loop)
        return None

    def near(self, memory: GuestMemory, pc: int) -> list[Wish]:
        """Those for code of a memory near an address that are worth so much, the hottest first."""
        found = [at for at in self._wishes if abs(at - pc) < config.NEAR]
        found.sort(key=self._heat, reverse=True)
        wishes = [self._wishes[at] for at in found]
        return [wish for of, wish in wishes if of is memory and wish.most is not None]

    def _worth(self, pc: int) -> tuple[int | None, int]:
        """The instructions that a unit is worth by now, and its loop alone: others may have the code since it was
        asked for."""
        worth = self.translator.worth
        again = self.translator.units.has_inside(pc) or self.is_inside(pc)
        return worth.most(pc, again), worth.loop(pc, again)

    def _heat(self, pc: int) -> float:
        if self._wishes[pc][1].most is None:
            return inf
        most, loop = self._worth(pc)
        return inf if most is None else max(most, loop)
