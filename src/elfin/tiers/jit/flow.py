"""What a function's registers hold where: which must be stored on the way out, and which are dead.

Input:  a graph whose nodes carry the `Event`s of their statements, in order (`Node.note`).
Output: statements filled in: stores at exits and before calls, only of what was changed on a way there;
        loads behind calls and at the entry, only of what is used later.  Writes that nobody reads go.

Sets of registers are ints, as in `codegen.locals`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from elfin.codegen.locals import ALL, FLAGS, loads, stores
from elfin.ir.stmt import Br, Set, Stmt
from elfin.structure.graph import Graph
from elfin.structure.order import Order

EXITS = 6  # kinds of exit at most: each has the code of its stores


@dataclass(slots=True)
class Read:
    registers: int


@dataclass(slots=True)
class GuestRead:
    """The instruction reads these flags, maybe not from their locals; stands behind its exits."""

    flags: int


@dataclass(slots=True)
class Write:
    """A register is replaced by `statement`, which does nothing else."""

    register: int
    statement: Stmt
    needed: bool = False


@dataclass(slots=True)
class Exit:
    """The function is left at the end of `body`; `changed` registers must be stored.

    `returns`: only to go on at this very point, in the interpreter.
    """

    body: list[Stmt]
    returns: bool = False
    changed: int = 0
    dead: int = ALL  # flags that are set anew before anything can read them


@dataclass(slots=True)
class Call:
    """Something that works on the register file in memory: `seen` is what it reads or writes."""

    seen: int = ALL
    written: int = ALL
    before: list[Stmt] = field(default_factory=list)
    behind: list[Stmt] = field(default_factory=list)
    stored: int = 0
    loaded: int = 0


Event = Read | GuestRead | Write | Exit | Call


class Flow:
    """Analyses a graph; `exits` are the labels of the ways out, with what each stores."""

    def __init__(self, graph: Graph, order: Order) -> None:
        self.graph = graph
        self.order = order
        self.exits: list[tuple[str, int]] = []

    def finish(self) -> int:
        """Fill in all statements; the result is what must be loaded at the entry."""
        self._changed()
        self._drop_dead_flags()
        labels = self._choose_exits()
        needed = self._needed()
        for events in {id(self._events(n)): self._events(n) for n in self.order.sequence}.values():
            for event in events:
                match event:
                    case Call():
                        event.before += stores(event.stored)
                        event.behind += loads(event.loaded)
                    case Exit():
                        event.body.append(Br(labels[event.changed]))
        return needed

    def _events(self, number: int) -> list[Event]:
        note: list[Event] = self.graph.nodes[number].note
        return note

    def _changed(self) -> None:
        """Forwards: which registers differ from memory."""
        arriving = dict.fromkeys(self.order.sequence, 0)
        effect = {n: self._change(n, 0) for n in self.order.sequence}
        kept = {n: self._change(n, ALL) for n in self.order.sequence}
        work = True
        while work:
            work = False
            for number in self.order.sequence:
                out = effect[number] | (arriving[number] & kept[number])
                for to in self.graph.successors(number):
                    if out & ~arriving[to]:
                        arriving[to] |= out
                        work = True
        for number in self.order.sequence:
            self._change(number, arriving[number], note=True)

    def _change(self, number: int, changed: int, *, note: bool = False) -> int:
        for event in self._events(number):
            match event:
                case Write(register):
                    changed |= register
                case Call(seen):
                    if note:
                        event.stored |= changed & seen
                    changed &= ~seen
                case Exit() if note:
                    event.changed |= changed
        return changed

    def _drop_dead_flags(self) -> None:
        """Who goes on at an exit's point does not miss the flags that the code behind it sets before it reads
        them; to keep them up for that would cost most loops more than the loop."""
        leaving = self._backwards(self._read)
        for number in self.order.sequence:
            self._read(number, leaving[number], note=True)
        for number in self.order.sequence:
            for event in self._events(number):
                if isinstance(event, Exit):
                    event.changed &= ~event.dead

    def _read(self, number: int, needed: int, *, note: bool = False) -> int:
        """Which registers the guest's code may read from a point on."""
        for event in reversed(self._events(number)):
            match event:
                case Write(register):
                    needed &= ~register
                case Read(registers) | GuestRead(registers):
                    needed |= registers
                case Exit(returns=True):
                    if note:
                        event.dead &= FLAGS & ~needed
                case Exit():
                    needed = ALL
                    event.dead = 0
                case Call():
                    needed = (needed & ~event.written) | event.seen
        return needed

    def _backwards(self, step: Callable[..., int]) -> dict[int, int]:
        """What `step` finds to be needed at the end of each node."""
        leaving = dict.fromkeys(self.order.sequence, 0)
        effect = {n: step(n, 0) for n in self.order.sequence}
        kept = {n: step(n, ALL) for n in self.order.sequence}
        work = True
        while work:
            work = False
            for number in reversed(self.order.sequence):
                needed = effect[number] | (leaving[number] & kept[number])
                for before in self.order.predecessors[number]:
                    if needed & ~leaving[before]:
                        leaving[before] |= needed
                        work = True
        return leaving

    def _choose_exits(self) -> dict[int, str]:
        """A label for each set of registers to store; the rarer ones share one."""
        exits = {
            id(event): event
            for number in self.order.sequence
            for event in self._events(number)
            if isinstance(event, Exit)
        }
        kinds = Counter(event.changed for event in exits.values()).most_common()
        together = 0
        for changed, _ in kinds[EXITS - 1 :]:
            together |= changed
        for event in exits.values():
            if event.changed in {changed for changed, _ in kinds[EXITS - 1 :]}:
                event.changed = together
        chosen = sorted({event.changed for event in exits.values()})
        labels = {changed: f"exit{n}" for n, changed in enumerate(chosen)}
        self.exits = [(label, changed) for changed, label in labels.items()]
        return labels

    def _needed(self) -> int:
        """Backwards: which registers are read later.  What is needed where the function starts."""
        leaving = self._backwards(self._need)
        for number in self.order.sequence:
            self._need(number, leaving[number], note=True)
        for number in self.order.sequence:
            self._remove_dead(number)
        return self._need(0, leaving[0])

    def _need(self, number: int, needed: int, *, note: bool = False) -> int:
        for event in reversed(self._events(number)):
            match event:
                case Write(register):
                    if note and needed & register:
                        event.needed = True
                    needed &= ~register
                case Read(registers):
                    needed |= registers
                case Exit():
                    needed |= event.changed
                case Call():
                    if note:
                        event.loaded |= needed & event.written
                    needed = (needed & ~event.written) | event.stored
        return needed

    def _remove_dead(self, number: int) -> None:
        dead = {
            id(event.statement)
            for event in self._events(number)
            if isinstance(event, Write) and not event.needed
        }
        if dead:
            body = self.graph.nodes[number].body
            body[:] = [s for s in body if not (isinstance(s, Set) and id(s) in dead)]
