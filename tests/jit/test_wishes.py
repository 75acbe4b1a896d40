"""Which unit is made next (tiers/jit/wishes.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.copies import Wish
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.wishes import Wishes

POLICY = Policy(exact=False, paged=True)


@dataclass(eq=False)
class Memory:
    """`units`: where translated code begins."""

    units: set[int] = field(default_factory=set)
    is_closed: bool = False
    translated_handler: int = 1

    @property
    def exports(self) -> dict[str, Any]:
        return {"translated_index": lambda pc, _: pc in self.units}


def wish(translator: Translator, pc: int, often: int, most: int | None = 1) -> Wish:
    """Of code that got hot so often; what it was worth when it was asked for does not matter."""
    for _ in range(often):
        translator.worth.note(pc)
    return Wish(pc, POLICY, most, frozenset())


def test_the_hottest_comes_first_with_what_it_is_worth_by_now() -> None:
    translator = Translator()
    wishes, memory = Wishes(translator), Memory()
    for pc, often in ((1, 2), (2, 5), (3, 3)):
        wishes.add(cast(GuestMemory, memory), wish(translator, pc, often))
    wishes.add(cast(GuestMemory, memory), wish(translator, 4, 1, None))  # no matter what it costs
    assert wishes.has(2) and not wishes.has(5)
    found = [wishes.next() for _ in range(4)]
    assert [one[1].pc for one in found if one] == [4, 2, 3, 1]
    assert [one[1].most for one in found if one][1:] == [
        translator.worth.most(pc, again=False) for pc in (2, 3, 1)
    ]
    assert wishes.next() is None


def test_what_came_with_another_is_not_made_nor_for_who_has_ended() -> None:
    translator = Translator()
    wishes, memory, gone = Wishes(translator), Memory(), Memory()
    wishes.add(cast(GuestMemory, memory), wish(translator, 1, 9))
    wishes.add(cast(GuestMemory, memory), wish(translator, 2, 1))
    wishes.add(cast(GuestMemory, gone), wish(translator, 3, 9))
    memory.units.add(1)
    gone.is_closed = True
    found = wishes.next()
    assert found is not None and found[1].pc == 2
    assert wishes.next() is None
