"""Guest calls as Wasm calls: C and assembler that call, return and leave in every way (c/calls.c), and random programs
(`random_calls`), compared with the real processor.

Each runs as by default, and with translation at once and turns that end after a few instructions, so that the
budget runs out anywhere.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

import elfin
from elfin import config
from elfin.tiers import policy
from elfin.tiers.jit.engine import Translator
from tests.jit.random_calls import Deep, Program

SOURCE = Path(__file__).parent / "c" / "calls.c"
CASES = ("deep", "far", "elsewhere", "flags", "floats", "leaves", "tails", "signals", "processes")
SEEDS = range(8)
# Times until code is hot, times until a callee is translated with its caller, instructions of a turn.
WAYS = {
    "default": None,
    "soon": (3, 1, 1_000_000),
    "turns": (20, 5, 1009),
    "table": (2, 1 << 30, 37),
}
SLOW = {
    "soon": ("floats", "deep"),
    "turns": ("floats", "deep"),
    "table": ("floats", "deep", "tails", "processes", "elsewhere", "leaves"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    choose(request.param, monkeypatch)
    return str(request.param)


def choose(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = WAYS[way]
    if chosen is not None:
        hot, warm, turn = chosen
        monkeypatch.setattr(config, "WARM", warm)
        monkeypatch.setattr(config, "TURN_BUDGET", turn)
        monkeypatch.setattr(policy, "Translator", partial(Translator, hot))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    out = tmp_path_factory.mktemp("calls") / "calls"
    command = ["gcc", "-O2", "-static", "-fno-pie", "-no-pie", "-o", str(out), str(SOURCE)]
    subprocess.run(command, check=True, timeout=60)
    return out


def outcomes(command: list[str]) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """Status and output: ours, and natively."""
    native = subprocess.run(command, check=False, capture_output=True, timeout=20)
    ours = elfin.run(command, capture_output=True, timeout=100, tier="jit")
    return (ours.returncode, ours.stdout), (native.returncode, native.stdout)


@pytest.mark.parametrize("case", CASES)
def test_program(case: str, program: Path, way: str) -> None:
    if case in SLOW.get(way, ()):
        pytest.skip("takes long, and shows no more")
    ours, native = outcomes([str(program), case])
    assert ours == native


def test_timeout_ends_recursion(program: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        elfin.run([str(program), "forever"], capture_output=True, timeout=2, tier="jit")
    assert caught.value.output == b"on and on\n"


@pytest.mark.parametrize("seed", SEEDS)
def test_random_program(seed: int, tmp_path: Path, way: str) -> None:
    ours, native = outcomes([str(assembled(Program(seed), tmp_path))])
    assert ours == native


@pytest.mark.parametrize("size", [20, 100, 500])
def test_large_function_nests_deeply(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose("soon", monkeypatch)
    ours, native = outcomes([str(assembled(Deep(1, size), tmp_path))])
    assert ours == native


def assembled(program: Program, folder: Path) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    source, out = folder / "random.s", folder / "random"
    source.write_text(program.text())
    command = ["gcc", "-nostdlib", "-static", "-no-pie", "-o", str(out), str(source)]
    subprocess.run(command, check=True, timeout=60)
    return out
