"""Large functions around one `switch` (tiers/jit/doors.py, c/cases.c): the same output as natively when they are
entered through their cases, with cases that come late, and from units that were kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from elfin import config
from elfin.tiers import policy
from elfin.tiers.jit.store import SIZE
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

each_way = pytest.mark.parametrize("way", ["switch", "threaded"])


@pytest.fixture(scope="module")
def program() -> Path:
    return build(C / "cases.c")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is short."""
    monkeypatch.setattr(config, "FIRST_RUN", 0)
    monkeypatch.setattr(config, "PATIENCE", 4)
    monkeypatch.setattr(config, "SWITCH_PATIENCE", 1)


@each_way
@each_policy
def test_same_output(name: str, way: str, program: Path) -> None:
    command = [str(program), way, "6000"]
    assert translated(name, command) == native(command)


@each_way
@each_budget
def test_paged(budget: int, way: str, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(program), way, "6000"]
    assert unprotected(monkeypatch, command, budget, patience=4) == native(command)


@each_way
def test_one_large_unit_and_small_ones(
    way: str, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is behind a door is no part of others; the next run finds the large one by any of its doors."""
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    monkeypatch.setattr("elfin.tiers.jit.store.cache_folder", lambda: tmp_path)
    monkeypatch.delenv(SIZE, raising=False)
    command = (str(program), way, "60000")
    units = seen(command).made_units
    large = [unit for unit in units if unit.doors]
    assert large
    assert len({unit.doors[0] for unit in large}) == 1  # made anew, with more cases
    assert len(large[-1].doors) >= 80
    later = units[units.index(large[0]) + 1 :]
    assert all(unit in large or unit.ops < large[0].ops / 2 for unit in later)
    again = seen(command)
    assert again.found_units
    assert not [unit for unit in again.made_units if unit.doors]
