"""Ways to run programs, by the name in $ELFIN_TIER: the tiers, and the translator under hard conditions.

`jit-soon` translates whatever a branch goes to, at once.  `jit-mixed` moves between the tiers at random
boundaries: turns end after random numbers of instructions, translations go out of use now and then, and some
programs run with exact checks from the start.

As a program (`python policies.py TIER run ...`) it is the command line `elfin` with that tier.
"""

from __future__ import annotations

import random
import sys
from typing import Final, cast
from unittest.mock import patch

from elfin import config
from elfin.cli.main import main
from elfin.kernel.exit import BudgetEnd, Exit
from elfin.kernel.task import Task
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit.engine import Translator

NEVER: Final = 1 << 30


class Soon(Translator):
    """No code is too cold; regions are small, because so many addresses begin one."""

    def __init__(self) -> None:
        super().__init__(hot=1)

    def translate(self, memory: GuestMemory, pc: int, *, weigh: bool = False) -> None:
        with patch.multiple(config, REGION_OPS=200, UNIT_REGIONS=3):
            super().translate(memory, pc, weigh=weigh)


class Mixed(Soon):
    """Nothing lasts."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.seen: set[int] = set()

    def run(self, task: Task, budget: int) -> Exit:
        r = self.random
        memory = cast(GuestMemory, task.memory)
        if id(memory) not in self.seen:
            self.seen.add(id(memory))
            if r.random() < 0.3:
                memory.make_exact()
        spent = 0
        while spent < budget:
            self.hot = r.choice((1, 3, 20, 200, NEVER))
            if r.random() < 0.02:
                memory.drop_all_code()
            piece = min(budget - spent, r.choice((r.randrange(1, 50), r.randrange(1, 20_000))))
            spent += piece
            event = super().run(task, piece)
            if not isinstance(event, BudgetEnd):
                return event
        return BudgetEnd()


TRANSLATORS: Final = {"jit": Translator, "jit-soon": Soon, "jit-mixed": Mixed}


def choose(name: str) -> str:
    """Let the tier of that name be what machines are made with; elfin's own name for it."""
    translator = TRANSLATORS.get(name)
    if translator is None:
        return name
    vars(policy)["Translator"] = translator
    vars(config)["UNITS_OF_ENTRY"] = 1000  # many programs at the same addresses
    return "jit"


if __name__ == "__main__":
    choose(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
