"""Loops without end in translated code (c/endless.c) end at once: by a timer of their own, a signal from outside, a
time limit."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

import elfin
from tests.jit.programs import C, build, native, translated
from tests.program.runner import elfin_environment, elfin_run

LOOPS = ("tight", "loop", "nested", "recursion", "calls", "movs", "system_calls")
PATIENCE = 4.0  # seconds on a busy machine


@pytest.fixture(scope="module")
def program() -> Path:
    made = build(C / "endless.c")
    translated("jit", [str(made), "tight", "timer"])  # so that all of the translator is there
    return made


@pytest.mark.parametrize("loop", LOOPS)
def test_timer(loop: str, program: Path) -> None:
    command = [str(program), loop, "timer"]
    start = time.monotonic()
    assert translated("jit", command) == native(command) == (7, b"begins\n20 ticks\n")
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize("loop", LOOPS)
def test_time_limit(loop: str, program: Path) -> None:
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        elfin.run([str(program), loop], capture_output=True, timeout=0.7, tier="jit")
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize("loop", ("tight", "recursion", "movs"))
@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_signal_from_outside(loop: str, number: signal.Signals, program: Path) -> None:
    command = elfin_run("--tier", "jit", str(program), loop)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=elfin_environment()) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"begins\n"
        time.sleep(0.3)
        start = time.monotonic()
        run.send_signal(number)
        assert run.wait(timeout=60) == -number
        assert time.monotonic() - start < PATIENCE
