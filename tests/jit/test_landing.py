"""Calls inside a unit as jumps, and returns through its hub (`tiers.jit.landing`, c/landing.c): the same output as
natively."""

from __future__ import annotations

from pathlib import Path

import pytest

from elfin import config
from elfin.tiers import policy
from tests.jit.programs import (
    C,
    build,
    each_budget,
    each_policy,
    native,
    seen,
    translated,
    unprotected,
)


@pytest.fixture(scope="module")
def program() -> Path:
    return build(C / "landing.c")


@each_policy
@each_budget
def test_same_output(
    budget: int, name: str, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "TURN_BUDGET", budget)
    command = [str(program), "4000"]
    assert translated(name, command) == native(command)


@each_budget
def test_paged(budget: int, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(program), "8000"]
    assert unprotected(monkeypatch, command, budget, patience=64) == native(command)


def test_calls_are_jumps(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three functions of the cycle are one unit, which is entered behind their calls, too."""
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    monkeypatch.setattr(config, "FIRST_RUN", 0)
    monkeypatch.setattr(config, "PATIENCE", 64)
    found = seen([str(program), "4000"])
    starts = {pc for region in found.regions for pc in region.starts}
    largest = max(found.regions, key=lambda region: len(region.starts))
    assert len(largest.starts) >= 3
    assert any(pc not in starts for unit in found.made_units for pc in unit.entries)
