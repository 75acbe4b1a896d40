"""What is wanted of the translator, here or elsewhere: of a memory, or of one that holds what it reads of another.

Input:  a guest's memory; `parts` says what to copy, and `Wish` what is wanted.
Output: `make` gives the unit, from the memory or from one of the same layout into which the parts were copied.
How copies get from one memory to the other is the caller's business.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from elfin import layout
from elfin.layout import GUEST_BASE, PAGE, PAGES
from elfin.records import dataclass
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.units import Unit

if TYPE_CHECKING:
    from elfin.tiers.jit.plan import Namer
    from elfin.tiers.jit.unit import Making, Watcher

# Most of the package: who only wants units does not import it.
PLANS: Final = "elfin.tiers.jit.plan"
READS: Final = "elfin.tiers.jit.code"
MAKES: Final = "elfin.tiers.jit.unit"
EXECUTABLE = re.compile(rb"[\x04-\x07\x0c-\x0f\x14-\x17\x1c-\x1f]+")  # permission bytes with X


@dataclass(frozen=True, slots=True)
class Wish:
    """A unit for `pc` of at most `most` instructions; `own`: the entries of those that there are for it; `ways`:
    where branches went that the memory does not tell; `loop`: instructions of a loop alone, if more is too much;
    `ends`: where the code of others begins, to which it need not go on."""

    pc: int
    policy: Policy
    most: int | None
    own: frozenset[int]
    ways: tuple[tuple[int, int], ...] = ()
    loop: int = 0
    ends: frozenset[int] = frozenset()


def has_unit(memory: GuestMemory, pc: int) -> bool:
    """Is the code at an address run translated?"""
    return memory.exports["translated_index"](pc, memory.translated_handler) != 0


def parts(memory: GuestMemory) -> Iterator[tuple[int, int]]:
    """Offsets and sizes of what the translator reads: tables, decoded code, counters, executable pages."""
    space = memory.space
    top = int.from_bytes(space.read(layout.STATE + layout.CACHE_TOP, 4), "little")
    pages = (space.size - GUEST_BASE) // PAGE
    yield 0, layout.TABLES
    yield PAGES, pages
    yield layout.HASH, max(top, layout.CACHE) - layout.HASH
    for run in EXECUTABLE.finditer(space.read(PAGES, pages)):
        yield GUEST_BASE + run.start() * PAGE, (run.end() - run.start()) * PAGE


def clear(memory: GuestMemory) -> None:
    """Before other parts are copied: what was mapped is not any more."""
    memory.space.fill(PAGES, layout.GUEST_LIMIT // PAGE, 0)


def make(
    memory: GuestMemory, wish: Wish, name: Namer | None = None, watch: Watcher | None = None
) -> Unit | None:
    """The unit that is wanted, of a memory in which nothing runs; None if there is nothing to translate, or more than
    is wanted."""
    if memory.space.read(layout.STATE + layout.PENDING, 4) != bytes(4):
        memory.exports["drop_code"]()  # as the interpreter would before the next instruction

    def is_known(at: int) -> bool:
        return at not in wish.own and has_unit(memory, at)

    plan = importlib.import_module(PLANS).plan(
        memory,
        wish.pc,
        wish.policy,
        most=wish.most,
        loop=wish.loop,
        is_known=is_known,
        ways=wish.ways,
        ends=wish.ends,
        name=name,
    )
    if plan is None:
        return None
    making: Making = importlib.import_module(MAKES).make(plan)
    if watch is not None:
        watch(making)
    return making.unit
