"""Units that are made elsewhere, of copies, while the program runs: another memory, and much later."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest

import elfin
from elfin.kernel.exit import Exit
from elfin.kernel.task import Task
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit.copies import Wish, clear, make, parts
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.store import Folder
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
        if self.copy is None:
            self.copy = GuestMemory(memory.host, memory.core)
        copies = [(offset, memory.space.read(offset, size)) for offset, size in parts(memory)]
        self.wishes.append((self.turns + LATE, memory, wish, copies))

    def has(self, pc: int) -> bool:
        return any(wish.pc == pc for _, _, wish, _ in self.wishes)

    def look(self) -> bool:
        return bool(self.wishes)

    def run(self, task: Task, budget: int) -> Exit:
        self.turns += 1
        while self.wishes and self.wishes[0][0] <= self.turns:
            self.answer()
        return super().run(task, min(budget, 20_000))

    def answer(self) -> None:
        """The first wish is granted."""
        _, memory, wish, copies = self.wishes.popleft()
        assert self.copy is not None
        clear(self.copy)
        for offset, data in copies:
            self.copy.space.grow(offset + len(data))
            self.copy.space.write(offset, data)
        unit = make(self.copy, wish)
        if unit is not None:
            self.adopted += 1
            self.adopt(memory, wish.pc, unit, memory.host.compile(unit.wasm))


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


def test_a_unit_that_comes_after_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[Slow] = []
    monkeypatch.setattr(policy, "Translator", lambda: made.append(Slow()) or made[0])
    monkeypatch.setattr("tests.jit.test_maker.LATE", 1 << 60)
    elfin.run([str(build(C / "calls.c"))], capture_output=True, timeout=100, tier="jit")
    made[0].store = Folder(tmp_path, "engine", 1 << 20)
    while made[0].wishes:
        made[0].answer()
    assert made[0].adopted > 0
    assert not list(tmp_path.iterdir())
