"""Events in line taken together, so that `flow` need not look at each of them again and again.

Input:  the events of a node.
Output: the same in order, reads and writes with nothing else between them as one `Straight`.
"""

from __future__ import annotations

from elfin.tiers.jit.events import Call, Event, Exit, GuestRead, Read, Write


class Straight:
    """Reads and writes with nothing else between them.  `reads` and `guest_reads` are those of what nothing in here
    has written before: of values, and by the guest's code.  `stores` are its writes."""

    __slots__ = ("events", "guest_reads", "reads", "stores", "writes")

    def __init__(self, events: list[Read | GuestRead | Write]) -> None:
        self.events = events
        self.stores: list[Write] = []
        self.reads = self.guest_reads = self.writes = 0
        for event in events:
            if isinstance(event, Write):
                self.stores.append(event)
                self.writes |= event.register
            elif isinstance(event, Read):
                self.reads |= event.registers & ~self.writes
                self.guest_reads |= event.registers & ~self.writes
            else:
                self.guest_reads |= event.flags & ~self.writes

    def note_needed(self, needed: int) -> None:
        """Notes which of the writes are read later, if `needed` are read behind all of them."""
        for event in reversed(self.events):
            if isinstance(event, Write):
                if needed & event.register:
                    event.needed = True
                needed &= ~event.register
            elif isinstance(event, Read):
                needed |= event.registers


Step = Straight | Exit | Call


def steps(events: list[Event]) -> list[Step]:
    """The events of a node, taken together."""
    found: list[Step] = []
    straight: list[Read | GuestRead | Write] = []
    for event in events:
        if isinstance(event, Write | Read | GuestRead):
            straight.append(event)
            continue
        if straight:
            found.append(Straight(straight))
            straight = []
        found.append(event)
    if straight:
        found.append(Straight(straight))
    return found
