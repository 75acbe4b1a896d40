"""A linter written in Rust, as its package registry ships it: a static PIE that nobody made for elfin.

The musllinux wheel holds one file of 25 MB.  Standard input is checked in the thread that reads it, so
these jobs need no second thread.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.program.runner import Playground, same

VERSION = "0.17.5"
WHEEL = f"ruff-{VERSION}-py3-none-musllinux_1_2_x86_64.whl"
PROGRAM = f"ruff-{VERSION}.data/scripts/ruff"
TARGET = ("--platform", "musllinux_1_2_x86_64", "--python-version", "3.11")
OFFLINE = "after connection broken by"  # pip's words when it gets no answer
TINY = b'import os, sys\nx=1\ndef f( a,b ):\n  return a+  b\nprint (x , "%s" %sys)\n'


def fetch(folder: Path) -> Path:
    """The wheel, downloaded once by pip."""
    wheel = folder / WHEEL
    if wheel.exists():
        return wheel
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    options = ("--only-binary=:all:", *TARGET, "--retries", "1", "-d", str(folder))
    command = [*pip, *options, f"ruff=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode and OFFLINE in done.stderr:
        pytest.skip("there is no network to get the program by")
    assert done.returncode == 0, done.stderr
    return wheel


@pytest.fixture(scope="module")
def playground(request: pytest.FixtureRequest, tmp_path_factory) -> Playground:
    """A folder with the program in its `bin`."""
    assert request.config.cache is not None
    place = Playground(tmp_path_factory.mktemp("rust"))
    program = place.root / "bin" / "ruff"
    program.parent.mkdir()
    with ZipFile(fetch(request.config.cache.mkdir("wheels"))) as wheel:
        program.write_bytes(wheel.read(PROGRAM))
    program.chmod(0o755)
    return place


@pytest.mark.parametrize(
    "words",
    ["--version", "help", "rule F401", "check --no-cache --isolated -",
     "check --isolated --select ALL --output-format json -",
     "check --isolated --select ALL --fix --diff -", "format --isolated -"],
)  # fmt: skip
def test_small_jobs(playground: Playground, words: str) -> None:
    same(playground, [f"{playground.root}/bin/ruff", *words.split()], TINY)


def test_formats_and_checks_a_large_file(playground: Playground) -> None:
    text = Path(subprocess.__file__).read_bytes()
    program = f"{playground.root}/bin/ruff"
    formatted = same(playground, [program, "format", "--isolated", "-"], text)
    assert formatted.status == 0
    assert len(formatted.out) > 50_000
    checked = same(playground, [program, "check", "--isolated", "--select", "ALL", "-"], text)
    assert checked.status == 1
