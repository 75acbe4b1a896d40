"""A C program full of floats ends like native, SIGFPE included."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.program.runner import Playground, same

SOURCE = Path(__file__).with_name("floats.c")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("level", ("-O0", "-O3"))
def test_floats(level: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "floats"
    program.parent.mkdir()
    options = (level, "-static", "-fno-builtin", "-w")
    subprocess.run(["gcc", *options, "-o", program, SOURCE, "-lm"], check=True)
    seen = same(Playground(tmp_path), [str(program)])
    assert seen.status == -signal.SIGFPE
