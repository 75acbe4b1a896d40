"""A program that dies of an access in a hot loop: same signal and same output before it as natively (c/deaths.c).

Without a handler translated code has no exact faults: what is behind a bad access may have run already, and must not
be seen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import elfin
from elfin import config
from elfin.machine import machine
from elfin.tiers import policy
from tests.jit.programs import build
from tests.jit.unprotected import UnprotectedHost

SOURCE = Path(__file__).parent / "c" / "deaths.c"
WAYS = (
    "load",
    "indexed",
    "store",
    "chain",
    "call",
    "frame",
    "stack",
    "vector",
    "forever",
    "aligned",
    "aligned_frame",
    "stepped",
    "aligned_stepped",
    "walked",
    "searched",
    "followed",
    "seldom",
    "strided",
    "jumped",
)
PLACES = ("null", "unmapped", "readonly", "beyond", "high", "negative", "noncanonical")


@pytest.fixture(scope="module")
def program() -> Path:
    return build(SOURCE)


@pytest.fixture(params=("protected", "unprotected"))
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What refuses accesses: the host's memory protection, or code of our own.  Hot code is translated before it goes
    on, as soon as it is hot."""
    monkeypatch.setattr(config, "FIRST_RUN", 0)
    monkeypatch.setattr(config, "PATIENCE", 1)
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    if request.param == "unprotected":
        monkeypatch.setattr(machine, "this_host", UnprotectedHost)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("way", WAYS)
def test_same_death(way: str, program: Path) -> None:
    for place in (*PLACES, "odd") if way.startswith("aligned") else PLACES:
        command = [str(program), way, place]
        native = subprocess.run(command, check=False, capture_output=True, timeout=10)
        ours = elfin.run(command, capture_output=True, timeout=100, tier="jit")
        assert (ours.returncode, ours.stdout) == (native.returncode, native.stdout), place
