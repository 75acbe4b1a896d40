"""What an indirect jump does where it hardly ever goes: flags that were set before it are read there (c/missed.c)."""

from __future__ import annotations

import pytest

from tests.jit.programs import C, build, each_budget, native, unprotected


@each_budget
def test_same_output(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(build(C / "missed.c", "-O1"))]
    assert unprotected(monkeypatch, command, budget) == native(command)
