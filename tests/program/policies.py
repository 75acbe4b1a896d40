"""Ways to run programs, by the name in $ELFIN_TIER: the tiers, and the translator under hard conditions.

`jit-soon` translates whatever a branch goes to, at once, into regions of very different sizes.  To end in reasonable
time it waits until control has come there some times for code that stands in the middle of a unit already (three of
four), and for all but $ELFIN_SHARE of the pages (a quarter): others for each process, which finds what those before
have translated, so that sooner or later it is all.
`jit-mixed` moves between the tiers at random boundaries: turns end after random numbers of instructions,
translations go out of use now and then, and some programs run with exact checks from the start.

Which sizes and which cases: $ELFIN_SEED says it.  Units are kept in files beside the built programs, for later
tests, the other policy and the next run, until elfin's sources or the seed change.

As a program (`python policies.py TIER run ...`) it is the command line `elfin` with that tier.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter, defaultdict
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Final, cast
from unittest.mock import patch
from weakref import WeakKeyDictionary

from elfin import config, layout
from elfin.cli.main import main
from elfin.kernel.exit import BudgetEnd, Exit
from elfin.kernel.task import Task
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit.copies import MAKES, Wish
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.store import Folder
from elfin.tiers.jit.units import Known, Unit

NEVER: Final = 1 << 30
SEED: Final = int(os.environ.get("ELFIN_SEED", "1"))
SHARE: Final = float(os.environ.get("ELFIN_SHARE", "0.25"))
SIZES: Final = (5, 10, 10, 20, 60)  # instructions of a region, which may have a block more
FEW: Final = 3  # targets of a `switch`
OFTEN: Final = 8  # th time that the interpreter asks, which is when a branch was taken 128 times
KEPT: Final = Path(__file__).parents[2] / ".cache" / "programs" / "units"
KEPT_BYTES: Final = 4 << 30


class Soon(Translator):
    """No code is too cold."""

    share = 1.0

    def __init__(self) -> None:
        super().__init__(hot=1)
        import_module(MAKES)  # where numbers of `config` are read that are patched later
        self.generation = 0
        self.counted = count(1)
        self.numbers: WeakKeyDictionary[GuestMemory, int] = WeakKeyDictionary()
        self.asked: Counter[int] = Counter()
        self.inside: defaultdict[int, list[Unit]] = defaultdict(list)  # by start of a block

    def _make(self, memory: GuestMemory, wish: Wish) -> Known | None:
        self.asked[wish.pc] += 1
        if self.asked[wish.pc] < OFTEN and self._may_wait(memory, wish):
            return None
        chance = random.Random(f"{SEED} {wish.pc}")
        size, regions = chance.choice(SIZES), chance.choice((1, 1, 3))
        limits = {"REGION_OPS": size, "SWITCH_OPS": 2 * size, "UNIT_REGIONS": regions}
        with patch.multiple(config, **limits, DOORS=FEW):  # so that small functions have doors
            return self._noted(super()._make(memory, wish))

    def _may_wait(self, memory: GuestMemory, wish: Wish) -> bool:
        number = self.numbers.get(memory) or self.numbers.setdefault(memory, next(self.counted))
        if random.Random(f"{SEED} {number} {wish.pc // layout.PAGE}").random() >= self.share:
            return True
        inside = self._has_inside(memory, wish.pc, wish.policy)
        return inside and random.Random(f"{SEED} {wish.pc}").random() >= 0.25

    def _recall(self, memory: GuestMemory, pc: int, policy: Policy) -> Known | None:
        return self._noted(super()._recall(memory, pc, policy))

    def _noted(self, known: Known | None) -> Known | None:
        if self.generation != self.units.generation:
            self.generation = self.units.generation
            self.inside.clear()
        if known is not None:
            for at, _ in known.unit.code:
                self.inside[at].append(known.unit)
        return known

    def _has_inside(self, memory: GuestMemory, pc: int, policy: Policy) -> bool:
        """Is the code at `pc` of a unit that is in use?"""
        return any(unit.is_of(memory, policy) for unit in reversed(self.inside[pc]))


def kept(engine: str) -> Folder:
    """Where the units of these policies are."""
    return Folder(str(KEPT), f"{engine} {SEED}", KEPT_BYTES)


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
    if issubclass(translator, Soon):
        translator.share = SHARE
        vars(policy)["user_store"] = kept
    vars(config)["UNITS_OF_ENTRY"] = 1000  # many programs at the same addresses
    return "jit"


if __name__ == "__main__":
    choose(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
