"""Flags that are read where a branch goes for the first time: the same output as natively, with whatever budget
(c/flags.c)."""

from __future__ import annotations

import pytest

from tests.jit.programs import C, build, each_budget, native, unprotected


@each_budget
def test_same_output(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(build(C / "flags.c", "-O1"))]
    assert unprotected(monkeypatch, command, budget) == native(command)
