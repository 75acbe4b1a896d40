"""Translations made when a site is packed (functions, loops, tables and translations of pack/; tiers/jit/ahead.py):
what is found of a program, that it runs with nothing else, and what damage does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from elfin import config
from elfin.api import Machine
from elfin.errors import ElfinError
from elfin.machine.machine import Machine as Bare
from elfin.pack import parallel
from elfin.pack.functions import Code
from elfin.pack.loops import components
from elfin.pack.translations import Chunks, add
from elfin.tiers.jit.ahead import Ahead, Index
from tests.jit.programs import KERNELS, C, Seen, build, native, translator
from tests.jit.unprotected import UnprotectedHost

SWITCHES = """
#include <stdio.h>
#include <stdlib.h>
static unsigned long step(unsigned long x, unsigned op) {
    switch (op) {
    case 0: return x + 77;
    case 1: return x * 5;
    case 2: return x ^ x >> 9;
    case 3: return x - 1;
    case 4: return x << 1 | x >> 63;
    case 5: return ~x;
    case 6: return x * x;
    case 7: return x / 3;
    default: return x;
    }
}
int main(int argc, char **argv) {
    unsigned long x = 1, n = atol(argv[1]);
    for (unsigned long i = 0; i < n; i++) x = step(x, (x >> 5 ^ i) % 9);
    printf("%lx\\n", x);
}
"""


class PageHost(UnprotectedHost):
    """An engine as browsers have."""

    wide = False


@pytest.fixture(scope="module")
def switches(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    source = tmp_path_factory.mktemp("switches") / "switches.c"
    source.write_text(SWITCHES)
    return lambda *options: build(source, *options)


def pack(program: Path, folder: Path, size: int = 15000) -> str:
    """The name of the index; `size` instructions at most."""
    chunks = Chunks(folder)
    with Bare(tier="jit", kept=False) as machine:
        assert add(machine, str(program), chunks, lambda *_: None, size) > 0
    return chunks.finish()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs here are short."""
    monkeypatch.setattr(config, "FIRST_RUN", 0)


def run(
    program: Path, rounds: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, int]:
    """How many units were made and found, where the output is right."""
    return seen(program, rounds, name, folder, monkeypatch).counts()


def seen(
    program: Path, rounds: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Seen:
    """The units that were made and found, where the output is right."""
    monkeypatch.setattr("elfin.machine.machine.this_host", PageHost)
    monkeypatch.setattr("elfin.tiers.policy.is_possible", lambda: False)
    command = [str(program), rounds]
    with Machine(tier="jit", kept=False) as machine:
        engine = translator(machine)
        found = engine.watch = Seen()
        engine.store = Ahead(name, lambda file: (folder / file).read_bytes())
        done = machine.run(command, capture_output=True, timeout=100)
    assert (done.returncode, untimed(done.stdout)) == (0, untimed(native(command)[1]))
    return found


def untimed(output: bytes) -> bytes:
    """A kernel of the benchmarks tells the time it took."""
    return output.partition(b" t=")[0]


@pytest.mark.parametrize("options", [(), ("-O1",), ("-Os", "-fno-pic")], ids=str)
def test_a_program_runs_with_what_was_packed(
    options: tuple[str, ...],
    switches: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = switches(*options)
    name = pack(program, tmp_path)
    made, found = run(program, "300000", name, tmp_path, monkeypatch)
    assert (made, found > 0) == (0, True)


def test_loops_in_a_large_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets a function of its own, and the whole one that is entered at its cases."""
    program = build(KERNELS / "bytecode.c")
    name = pack(program, tmp_path, 3000)
    found = seen(program, "1", name, tmp_path, monkeypatch).found_units
    assert any(len(unit.doors) > config.DOORS for unit in found), [unit.doors for unit in found]


def test_damage(
    switches: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is damaged or missing is translated as if nothing had been packed."""
    program = switches()
    name = pack(program, tmp_path)
    whole = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for damage in (
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:],
    ):
        for hit in ([tmp_path / name], [path for path in whole if path.name != name]):
            for path in hit:
                path.write_bytes(damage(whole[path]))
            made, found = run(program, "300000", name, tmp_path, monkeypatch)
            assert (made > 0, found) == (True, 0)
            for path in hit:
                path.write_bytes(whole[path])
    for path in whole:
        path.unlink()
    assert run(program, "300000", name, tmp_path, monkeypatch)[1] == 0


def test_another_program_fetches_no_chunk(
    switches: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = pack(build(C / "kept.c"), tmp_path)
    for path in tmp_path.iterdir():
        if path.name != name:
            path.unlink()
    made, found = run(switches(), "300000", name, tmp_path, monkeypatch)
    assert (made > 0, found) == (True, 0)


def test_two_processes_make_the_same(switches: Callable[..., Path], tmp_path: Path) -> None:
    found = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        chunks = Chunks(folder)
        with Bare(tier="jit", kept=False) as machine:
            add(machine, str(switches()), chunks, lambda *_: None, 1500, processes)
        found.append((chunks.finish(), sorted(path.name for path in folder.iterdir())))
    assert found[0] == found[1]


def _killed(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_make", _killed)
    work = parallel.Work(cast(Code, None), {})
    with pytest.raises(ElfinError, match="was killed"):
        list(parallel.units(work, range(parallel.FEW), 2))


def test_the_index_reads_back() -> None:
    index = Index(((1, 7, 0), (5, 2**32 - 1, 1)), ((0, 0, 10), (0, 10, 99)), ("one", "two"))
    assert Index.decode(index.encode()) == index


def test_components() -> None:
    graph = {1: [2], 2: [3], 3: [2, 4], 4: [5], 5: [5, 6], 6: []}
    found = components(graph, lambda node: graph[node])
    assert sorted(map(sorted, found)) == [[1], [2, 3], [4], [5], [6]]
