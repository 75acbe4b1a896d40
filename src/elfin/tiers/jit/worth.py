"""Whether a translation is worth its time: how often code ran against how much there is to translate.

Input:  the addresses where the interpreter left because a counter stood at a power of two from its threshold on,
        and the sizes of units in guest instructions.
Output: yes or no.  An address's n-th leave stands for 2**(n-1) times the threshold.

To translate an instruction costs what the interpreter needs for tens of thousands: a large unit must have
shown that it is used much.  A threshold below the usual one means just what it says, for tests.
"""

from __future__ import annotations

from collections import Counter

from elfin import config


class Worth:
    """`hot`: the threshold of the machine."""

    def __init__(self, hot: int) -> None:
        self.hot = hot
        self.weighs = hot >= config.HOT
        self.heat: Counter[int] = Counter()  # by address: leaves
        self.needed: dict[int, int] = {}  # executions that are worth it
        self.misses: Counter[int] = Counter()  # by a unit's address: leaves

    def is_hot(self, pc: int) -> bool:
        """Note that control came often to `pc`.  Is that enough, as far as is known?"""
        self.heat[pc] += 1
        return self._executions(pc) >= self.needed.get(pc, 0)

    def is_enough(self, pc: int, size: int, again: bool) -> bool:
        """Is it enough for a unit of `size` instructions?  `again`: other translations have the code already, and the
        interpreter came into its middle."""
        if self.weighs:
            each = config.PATIENCE * (config.AGAIN_PATIENCE if again else 1)
            self.needed[pc] = size * each
        return self._executions(pc) >= self.needed.get(pc, 0)

    def has_missed_enough(self, at: int, size: int) -> bool:
        """Note that control often took ways that the unit of `at` lacks.  Should it be made anew with them?"""
        self.misses[at] += 1
        lost = config.MISSES << (self.misses[at] - 1)
        if self.weighs and lost < size * config.MISS_PATIENCE:
            return False
        self.misses[at] = 0
        return True

    def _executions(self, pc: int) -> int:
        return self.hot << (self.heat[pc] - 1)
