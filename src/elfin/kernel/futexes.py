"""Futexes: queues of tasks that wait on a word of memory (man 2 futex).

A key names the word: the pages it is in (an address space, or shared pages) and the offset there.
Tasks run one at a time, so comparing the word and joining the queue is atomic by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.mm import AddressSpace

MATCH_ANY = 0xFFFF_FFFF
Key = tuple[int, int]


@dataclass(eq=False, slots=True)
class Waiter:
    """One task in a queue; `woken` is its way out."""

    key: Key
    bitset: int
    woken: bool = False


class Futexes:
    """All queues of a machine, first come first served."""

    def __init__(self) -> None:
        self._queues: dict[Key, list[Waiter]] = {}

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        return sum(map(len, self._queues.values()))

    def key(self, space: AddressSpace, address: int) -> Key:
        area = space.areas.find(address)
        if area is not None and area.pages is not None:
            return id(area.pages), area.offset + address - area.start
        return id(space), address

    def join(self, key: Key, bitset: int = MATCH_ANY) -> Waiter:
        waiter = Waiter(key, bitset)
        self._queues.setdefault(key, []).append(waiter)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        if not waiter.woken:
            self._remove(waiter)

    def wake(self, space: AddressSpace, address: int, count: int, bitset: int = MATCH_ANY) -> int:
        """Wake up to `count` waiters whose bitset meets this one; how many it were."""
        return self.wake_key(self.key(space, address), count, bitset)

    def wake_key(self, key: Key, count: int, bitset: int = MATCH_ANY) -> int:
        chosen = [w for w in self._queues.get(key, ()) if w.bitset & bitset][: max(count, 0)]
        for waiter in chosen:
            self._remove(waiter)
            waiter.woken = True
        return len(chosen)

    def requeue(self, source: Key, target: Key, count: int) -> int:
        """Move up to `count` waiters to another queue without waking them."""
        moved = self._queues.get(source, [])[: max(count, 0)]
        for waiter in moved:
            self._remove(waiter)
            waiter.key = target
            self._queues.setdefault(target, []).append(waiter)
        return len(moved)

    def _remove(self, waiter: Waiter) -> None:
        queue = self._queues[waiter.key]
        queue.remove(waiter)
        if not queue:
            del self._queues[waiter.key]
