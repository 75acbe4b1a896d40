"""Units: what is kept of translations, by the addresses that they are for.

Input:  units as they are made or found; memories that may hold the same code.
Output: the unit that is right for an address of a memory, and its place in the table of functions.
Nothing here makes a unit: a machine that finds all it needs does not import the translator.
"""

from __future__ import annotations

from collections.abc import Container
from time import perf_counter

from elfin import config, layout
from elfin.records import dataclass, field, replace
from elfin.runtime.host import Module
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.policy import Policy

LONGEST, FORGIVEN = 10, 8  # see `Made`


@dataclass(frozen=True, slots=True)
class Unit:
    """Regions translated together into one Wasm module: `entries[i]` is the guest address of the function that the
    module puts into the table behind where its `first` is.  The same in every machine.  `ways`: branches, and where
    they were seen to go, which one that takes its place should know as well.  `doors`: the entries of functions around
    a `switch` (`doors.py`), where units of others end."""

    wasm: bytes
    entries: tuple[int, ...]
    code: tuple[tuple[int, bytes], ...]  # guest address and bytes of each piece of code
    ops: int
    policy: Policy
    ways: tuple[tuple[int, int], ...] = ()
    doors: tuple[int, ...] = ()

    def covers(self, pc: int) -> bool:
        return any(at <= pc < at + len(data) for at, data in self.code)

    def pages(self) -> set[int]:
        """The numbers of the guest pages that its code is on."""
        found: set[int] = set()
        for at, data in self.code:
            found.update(range(at // layout.PAGE, (at + len(data) - 1) // layout.PAGE + 1))
        return found

    def is_of(self, memory: GuestMemory, policy: Policy) -> bool:
        """Was the unit made from the code that this memory holds and may execute, in this way?"""
        return (
            self.policy == policy
            and all(  # which is seldom so, where code changes
                memory.space.read(layout.GUEST_BASE + at, len(data)) == data
                for at, data in self.code
            )
            and all(memory.permission(page * layout.PAGE) & layout.PAGE_X for page in self.pages())
        )


@dataclass(frozen=True, slots=True)
class Known:
    """A unit of this machine, compiled; its functions are in the tables from `first` on."""

    unit: Unit
    module: Module
    first: int


@dataclass(slots=True)
class Made:
    """How often one entry was translated, because its code had changed; `due`: when it may be next.

    Who changes code all the time waits twice as long each time, and is forgiven when that stops.
    """

    times: int = 0
    due: float = 0.0

    def again(self) -> None:
        now = perf_counter()
        if self.times > config.UNITS_OF_ENTRY and now - self.due > FORGIVEN * self._wait():
            self.times = config.UNITS_OF_ENTRY
        self.times += 1
        if self.times > config.UNITS_OF_ENTRY:
            self.due = now + self._wait()

    def _wait(self) -> float:
        return config.CHANGED_WAIT * float(1 << min(self.times - config.UNITS_OF_ENTRY, LONGEST))


@dataclass(slots=True)
class Units:
    """All of a machine.  `generation` changes when all are dropped, because there are as many as there may be."""

    generation: int = 0
    number: int = 0  # that were added
    bytes: int = 0  # of Wasm
    next_index: int = 0  # in the table of functions
    _known: dict[int, list[Known]] = field(default_factory=dict)  # by address, the newest last
    _made: dict[tuple[int, Policy], Made] = field(default_factory=dict)
    _inside: set[int] = field(default_factory=set)  # starts of blocks
    _doors: dict[int, int] = field(default_factory=dict)  # the address of the unit with a door

    def of(self, pc: int) -> list[Known]:
        return self._known.get(pc, [])

    def find(self, memory: GuestMemory, pc: int, policy: Policy) -> Known | None:
        """The unit made for `pc`, if what the memory holds is what it was made from."""
        return next((k for k in self.of(pc) if k.unit.is_of(memory, policy)), None)

    def newest(self, memory: GuestMemory, pc: int, policy: Policy) -> Known | None:
        """The same, whatever experience it has."""
        for known in reversed(self.of(pc)):
            learned = known.unit.policy
            if known.unit.is_of(
                memory, replace(policy, round=learned.round, careful=learned.careful)
            ):
                return known
        return None

    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self._known.values()))

    def addresses_of(self, pc: int) -> list[int]:
        """For which addresses there are units that have the instruction at `pc`."""
        return [at for at, known in self._known.items() if any(k.unit.covers(pc) for k in known)]

    def own(self, pc: int) -> set[int]:
        """The entries of the units of `pc`."""
        return {at for known in self.of(pc) for at in known.unit.entries}

    def has_inside(self, pc: int) -> bool:
        """Does a block of some unit start there?"""
        return pc in self._inside

    def behind(self, pc: int) -> int:
        """The address of the unit that has a door at `pc`, or `pc`."""
        return self._doors.get(pc, pc)

    def doors(self, firsts: Container[int], but: int) -> frozenset[int]:
        """Those of units whose functions begin at some places of the table, but not of the unit of an address."""
        around = {*self._doors.values()} - {but}
        known = [k for pc in around for k in self.of(pc) if k.first in firsts]
        return frozenset(door for k in known for door in k.unit.doors)

    def due(self, pc: int, policy: Policy) -> float:
        """When the next unit of `pc` may be made (`perf_counter`)."""
        made = self._made.get((pc, policy))
        return 0.0 if made is None else made.due

    @property
    def is_full(self) -> bool:
        full = self.next_index + config.UNIT_ENTRIES > config.TABLE_SIZE
        return full or self.bytes > config.UNITS_BYTES or self.number >= config.UNITS

    def drop_all(self) -> None:
        """Begin anew."""
        self._known.clear()
        self._made.clear()
        self._inside.clear()
        self._doors.clear()
        self.next_index = self.bytes = self.number = 0
        self.generation += 1

    def made(self, pc: int, unit: Unit) -> int:
        """It was made for `pc`; how often one was, in this way."""
        made = self._made.setdefault((pc, unit.policy), Made())
        made.again()
        return made.times

    def add(self, pc: int, unit: Unit, module: Module, size: int) -> Known:
        """Keep the unit for `pc`; `size`: bytes of its Wasm."""
        known = Known(unit, module, self.next_index)
        self.next_index += len(unit.entries)
        self.number += 1
        self.bytes += size
        if not unit.doors:  # what is in the middle of such code gets a small unit
            self._inside.update(at for at, _ in unit.code)
        self._doors.update(dict.fromkeys(unit.doors, pc))
        of_address = self._known.setdefault(pc, [])
        of_address.append(known)
        del of_address[: -config.UNITS_OF_ENTRY]
        return known
