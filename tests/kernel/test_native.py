"""C programs that look closely at signals, processes and memory: the same natively and in elfin."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import elfin

SOURCES = sorted((Path(__file__).parent / "native").glob("*.c"))


@pytest.fixture(params=SOURCES, ids=lambda source: source.stem)
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    binary = tmp_path / request.param.stem
    command = ["gcc", "-static", "-O1", "-w", "-o", binary, request.param]
    subprocess.run(command, check=True, timeout=60)
    return binary


def test_output_and_status_are_the_same(program: Path) -> None:
    native = subprocess.run([program], capture_output=True, check=False, timeout=60)
    ours = elfin.run([str(program)], capture_output=True, timeout=100)
    assert ours.stdout.decode() == native.stdout.decode()
    assert ours.returncode == native.returncode
