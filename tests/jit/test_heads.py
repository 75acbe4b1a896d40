"""Functions of which callers have the head in line, and call the rest where it is wanted (`region.head`, c/heads.c):
the same output as natively, also when the rest leaves by longjmp, and the budget runs out in it."""

from __future__ import annotations

import pytest

from elfin import config
from elfin.tiers import policy
from tests.jit.programs import C, build, each_budget, each_policy, native, seen, translated


@pytest.fixture(scope="module")
def command() -> list[str]:
    return [str(build(C / "heads.c")), "heads", "60000"]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is short."""
    monkeypatch.setattr(config, "FIRST_RUN", 0)
    monkeypatch.setattr(config, "PATIENCE", 64)


@each_policy
@each_budget
def test_same_output(
    budget: int, name: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "TURN_BUDGET", budget)
    assert translated(name, command) == native(command)


@pytest.mark.parametrize("turn", [2_000_000, 997])
def test_heads_are_in_line(turn: int, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all three functions, whether they have got a translation already or not."""
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    monkeypatch.setattr(config, "TURN_BUDGET", turn)
    heads = [region for region in seen(command).regions if region.tails]
    assert len({region.entry for region in heads}) == 3
    assert all(region.size <= config.INLINE_OPS for region in heads)
