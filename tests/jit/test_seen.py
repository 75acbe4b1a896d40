"""What a signal's handler sees of the registers where translated code faults: the same as natively (`tests/program`'s
cases, each translated at once)."""

from __future__ import annotations

from pathlib import Path

from tests.jit.programs import build, native, translated

SOURCE = Path(__file__).parents[1] / "program" / "c" / "faults" / "faults.c"


def test_handlers_see_the_same() -> None:
    command = [str(build(SOURCE, "-no-pie"))]
    assert translated("jit-soon", command) == native(command)
