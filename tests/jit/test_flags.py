"""Flags that are read where a branch goes for the first time: the same output as natively, with whatever budget
(c/flags.c)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import elfin
from elfin import config
from elfin.machine import machine
from elfin.tiers import policy
from tests.jit.programs import build
from tests.jit.unprotected import UnprotectedHost

SOURCE = Path(__file__).parent / "c" / "flags.c"


@pytest.fixture(scope="module")
def program() -> Path:
    return build(SOURCE, "-O1")


@pytest.mark.parametrize("budget", [config.TURN_BUDGET, 1237])
def test_same_output(budget: int, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "this_host", UnprotectedHost)
    monkeypatch.setattr(config, "TURN_BUDGET", budget)
    monkeypatch.setattr(config, "FIRST_RUN", 0)
    monkeypatch.setattr(config, "PATIENCE", 1)
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    native = subprocess.run([program], check=True, capture_output=True, timeout=10)
    ours = elfin.run([program], capture_output=True, timeout=100, tier="jit")
    assert (ours.returncode, ours.stdout) == (0, native.stdout)
