"""What is wanted of the translator and was not sent to its worker yet.

Input:  wishes, and the machine's translator, which knows what code is worth by now.
Output: the hottest one, as it would be asked for now.

In the order in which they came each would be answered for what it was worth when it was asked: most of a program
that calls sixty functions in turn was "not yet", again and again.
"""

from __future__ import annotations

from math import inf

from elfin.records import replace
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.copies import Wish
from elfin.tiers.jit.engine import Translator


class Wishes:
    """One for each address of a memory: the last."""

    def __init__(self, translator: Translator) -> None:
        self.translator = translator
        self._wishes: dict[tuple[GuestMemory, int], Wish] = {}

    def add(self, memory: GuestMemory, wish: Wish) -> None:
        self._wishes[memory, wish.pc] = wish

    def has(self, pc: int) -> bool:
        return any(at == pc for _, at in self._wishes)

    def next(self) -> tuple[GuestMemory, Wish] | None:
        """Take the hottest, if its process still lives and it has not come with another."""
        for key in [key for key in self._wishes if key[0].is_closed]:
            del self._wishes[key]
        while self._wishes:
            now = {key: self._renewed(wish) for key, wish in self._wishes.items()}
            memory, pc = key = max(now, key=lambda key: _heat(now[key]))
            del self._wishes[key]
            if now[key].most is None or not _has_unit(memory, pc):
                return memory, now[key]
        return None

    def _renewed(self, wish: Wish) -> Wish:
        """It may be worth more than when it was asked for, or others may have its code by now."""
        if wish.most is None:
            return wish
        worth = self.translator.worth
        again = self.translator.units.has_inside(wish.pc)
        return replace(wish, most=worth.most(wish.pc, again), loop=worth.loop(wish.pc, again))


def _has_unit(memory: GuestMemory, pc: int) -> bool:
    return memory.exports["translated_index"](pc, memory.translated_handler) != 0


def _heat(wish: Wish) -> float:
    return inf if wish.most is None else max(wish.most, wish.loop)
