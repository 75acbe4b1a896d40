"""Callers go on translated when a callee was interpreted (`tiers.interp.nested`): the same output as natively, where
that is deep, left by longjmp, under other modes of floats, and in code that changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from elfin import config
from elfin.cli.main import main
from elfin.tiers import policy
from tests.jit.programs import C, build, each_budget, each_policy, native, translated, unprotected

INTERPRETED = re.compile(r"interpreted +\d+ \((.*) %\)")


@pytest.fixture(scope="module")
def program() -> Path:
    return build(C / "nesting.c")


@each_policy
def test_same_output(name: str, program: Path) -> None:
    command = [str(program), "4000"]
    assert translated(name, command) == native(command)


@each_budget
def test_paged(budget: int, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(program), "20000"]
    patience = config.PATIENCE  # some callees are not translated
    assert unprotected(monkeypatch, command, budget, patience=patience) == native(command)


def test_what_is_interpreted(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A twentieth is executed in the callees.  With what is behind their calls it was nearly all."""
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    monkeypatch.setattr(config, "FIRST_RUN", 0)
    monkeypatch.setenv("ELFIN_CACHE_SIZE", "0")
    command = [str(build(C / "callees.c")), "1000000"]
    assert main(["run", "--tier", "jit", "--stats", *command]) == 0
    out, err = capfd.readouterr()
    assert out.encode() == native(command)[1]
    found = INTERPRETED.search(err)
    assert found and float(found[1]) < 75, err
