"""Units that are made elsewhere, of copies, while the program runs: another memory, and much later."""

from __future__ import annotations

from collections import deque

import pytest

import elfin
from elfin.kernel.exit import Exit
from elfin.kernel.task import Task
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit.copies import Wish, clear, make, parts
from elfin.tiers.jit.engine import Translator
from tests.jit.programs import C, build, native

LATE = 5  # turns of some program


class Slow(Translator):
    """Its maker answers late, as a worker or a thread does."""

    def __init__(self) -> None:
        super().__init__(hot=50)
        self.maker = self
        self.wishes: deque[tuple[int, GuestMemory, Wish, list[tuple[int, bytes]]]] = deque()
        self.turns = 0
        self.copy: GuestMemory | None = None
        self.adopted = 0

    def ask(self, memory: GuestMemory, wish: Wish) -> None:
        copies = [(offset, memory.space.read(offset, size)) for offset, size in parts(memory)]
        self.wishes.append((self.turns + LATE, memory, wish, copies))

    def has(self, pc: int) -> bool:
        return any(wish.pc == pc for _, _, wish, _ in self.wishes)

    def look(self) -> bool:
        return bool(self.wishes)

    def run(self, task: Task, budget: int) -> Exit:
        self.turns += 1
        while self.wishes and self.wishes[0][0] <= self.turns:
            _, memory, wish, copies = self.wishes.popleft()
            if self.copy is None:
                self.copy = GuestMemory(memory.host, memory.core)
            clear(self.copy)
            for offset, data in copies:
                self.copy.space.grow(offset + len(data))
                self.copy.space.write(offset, data)
            unit = make(self.copy, wish)
            if unit is not None:
                self.adopted += 1
                self.adopt(memory, wish.pc, unit, memory.host.compile(unit.wasm))
        return super().run(task, min(budget, 20_000))


@pytest.mark.parametrize(
    "words", [("rewriting.c", "hot", "5"), ("rewriting.c", "cold"), ("calls.c",)], ids=" ".join
)
def test_units_come_late(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Slow] = []
    monkeypatch.setattr(policy, "Translator", lambda: made.append(Slow()) or made[0])
    command = [str(build(C / words[0])), *words[1:]]
    done = elfin.run(command, capture_output=True, timeout=100, tier="jit")
    assert (done.returncode, done.stdout) == native(command)
    assert made[0].adopted > 0
