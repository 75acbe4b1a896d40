"""Stacks that are changed, and that end, where translated code has looked at pages once for a whole function: the same
output as natively, with whatever budget (c/stacks.c)."""

from __future__ import annotations

from typing import Any

import pytest

from elfin.tiers.jit import window
from tests.jit.programs import C, build, each_budget, native, unprotected


@each_budget
def test_same_output(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = []
    look = window.look_at_stack

    def looked(*arguments: Any) -> object:
        windows.append(look(*arguments))
        return windows[-1]

    monkeypatch.setattr("elfin.tiers.jit.function.look_at_stack", looked)
    command = [str(build(C / "stacks.c", "-O1"))]
    assert unprotected(monkeypatch, command, budget) == native(command)
    assert any(windows)
