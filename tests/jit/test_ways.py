"""Indirect jumps and calls in translated code (tiers/jit/dispatch.py, c/ways.c): dense and sparse tables, computed
goto, targets that come late, tables and programs that change meanwhile, calls with many targets, and with none."""

from __future__ import annotations

import pytest

from elfin import config
from tests.jit.programs import C, build, native, translated

SAME = ("dense", "sparse", "late", "threaded", "changing", "polymorphic", "table")
BAD = ("null", "high", "data")


@pytest.mark.parametrize("case", (*SAME, *BAD))
def test_ways(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "PATIENCE", 16)  # so that all of it gets translated, and made anew
    monkeypatch.setattr(config, "MISS_PATIENCE", 1)
    command = [str(build(C / "ways.c")), case]
    assert translated("jit", command) == native(command)


@pytest.mark.parametrize("case", ("late", "changing", "table"))
def test_ways_between_tiers(case: str) -> None:
    command = [str(build(C / "ways.c")), case]
    assert translated("jit-mixed", command) == native(command)
