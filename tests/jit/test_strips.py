"""Loops over memory, where translated code looks at pages before several turns: the same output as natively, with
whatever budget (c/strips.c)."""

from __future__ import annotations

import pytest

from tests.jit.programs import C, build, each_budget, native, unprotected


@each_budget
def test_same_output(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(build(C / "strips.c", "-O1"))]
    assert unprotected(monkeypatch, command, budget) == native(command)
