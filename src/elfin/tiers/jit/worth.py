"""Whether a translation is worth its time: how often code ran against how much there is to translate.

Input:  the addresses where the interpreter left because a counter stood at a power of two from its threshold on,
        and the sizes of units in guest instructions.
Output: the size up to which a translation is worth it.  An address's n-th leave stands for 2**(n-1) times the
        threshold.

To translate an instruction costs what the interpreter needs for tens of thousands: a large unit must have
shown that it is used much.  A threshold below the usual one means just what it says, for tests.
"""

from __future__ import annotations

from collections import Counter

from elfin import config
from elfin.tiers.jit.units import Unit


class Worth:
    """`hot`: the threshold of the machine."""

    def __init__(self, hot: int) -> None:
        self.hot = hot
        self.weighs = hot >= config.HOT
        self.heat: Counter[int] = Counter()  # by address: leaves
        self.misses: Counter[int] = Counter()  # by a unit's address

    def note(self, pc: int) -> None:
        """Control came often to `pc`."""
        self.heat[pc] += 1

    def most(self, pc: int, again: bool) -> int | None:
        """The instructions of a unit at most; None: no matter how many.  `again`: other translations have the code
        already, and the interpreter came into its middle."""
        if not self.weighs:
            return None
        each = config.PATIENCE * (config.AGAIN_PATIENCE if again else 1)
        return (self.hot << max(0, self.heat[pc] - 1)) // each

    def loop(self, pc: int, again: bool) -> int:
        """The instructions of a loop at most that is translated alone, because more is not worth it.  It goes round in
        the interpreter, where other code that has a translation is mostly returned to."""
        if not self.weighs or not again:
            return 0
        each = config.PATIENCE * config.LOOP_PATIENCE
        return min((self.hot << max(0, self.heat[pc] - 1)) // each, config.LOOP_OPS)

    def has_missed_enough(self, at: int, unit: Unit, count: int) -> bool:
        """Note that control took a way that the unit of `at` lacks for the time `count`, a power of two.  Should
        it be made anew with all such ways?  Around a `switch` small units go such ways at little cost."""
        self.misses[at] += count if count <= config.MISSES else count // 2
        each = config.SWITCH_PATIENCE if unit.doors else config.MISS_PATIENCE
        if self.weighs and self.misses[at] < unit.ops * each:
            return False
        self.misses[at] = 0
        return True
