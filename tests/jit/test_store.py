"""Translations that outlive a run (tiers/jit/store.py): a second run makes none; what is damaged, of another program or
too much does no harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from elfin import config
from elfin.tiers import policy
from elfin.tiers.interp import artifact
from elfin.tiers.jit.store import SIZE, Folder
from tests.jit.programs import C, build, native, seen

ROUNDS = "300000"
LONG = "6000000"  # time enough for the thread that translates


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs here are short."""
    monkeypatch.setattr(config, "FIRST_RUN", 0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where units are kept; the interpreter is kept where it always is.  Units are made when they are wanted."""
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    monkeypatch.setattr("elfin.tiers.jit.store.cache_folder", lambda: tmp_path)
    monkeypatch.delenv(SIZE, raising=False)
    return tmp_path / "units"


def run(*command: str | Path) -> tuple[int, int]:
    """Units made and found by a run that gives what the processor gives."""
    return seen([str(word) for word in command]).counts()


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_the_second_run_makes_none(folder: Path) -> None:
    program = build(C / "kept.c")
    made, found = run(program, ROUNDS)
    assert made >= 1
    assert found == 0
    kept = files(folder)
    assert 1 <= len(kept) <= made  # of what was made anew the last
    made, found = run(program, ROUNDS)
    assert made == 0
    assert 1 <= found <= len(kept)  # what calls and what is called may be in one by now
    assert files(folder) == kept


@pytest.mark.parametrize("how", ["fork", "exec"])
def test_processes(how: str, folder: Path) -> None:
    program = build(C / "kept.c")
    made, _ = run(program, ROUNDS, how)
    assert made
    made, found = run(program, ROUNDS, how)
    assert (made, found > 0) == (0, True)


def test_a_changed_program(folder: Path, tmp_path: Path) -> None:
    """Its code lies where that of the first was, and differs by a constant."""
    program = tmp_path / "program"
    for made_of in (build(C / "kept.c"), build(C / "kept.c", "-DSALT=6")):
        program.write_bytes(made_of.read_bytes())
        program.chmod(0o755)
        made, _ = run(program, ROUNDS)
        assert made
        assert run(program, ROUNDS)[0] == 0


def test_damaged_files(folder: Path) -> None:
    program = build(C / "kept.c")
    run(program, ROUNDS)
    kept = files(folder)
    whole = [path.read_bytes() for path in kept]
    damages = [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[: len(data) // 2],
        lambda data: bytes(len(data)),
        lambda data: data[:-9] + bytes([data[-9] ^ 4]) + data[-8:],
        lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
    ]
    for damage in damages:
        for path, data in zip(kept, whole, strict=True):
            path.write_bytes(damage(data))
        made, found = run(program, ROUNDS)
        assert (made > 0, found) == (True, 0)
        assert run(program, ROUNDS)[0] == 0  # they were written anew
    for path in kept:
        path.unlink()
        path.mkdir()
    assert run(program, ROUNDS)[0] > 0
    assert run(program, ROUNDS)[1] == 0


def test_a_unit_under_a_wrong_name(folder: Path) -> None:
    program = build(C / "kept.c")
    run(program, ROUNDS)
    first, *others = files(folder)
    for path in others:
        path.write_bytes(first.read_bytes())
    run(program, ROUNDS)


def test_no_folder(folder: Path, tmp_path: Path) -> None:
    folder.write_text("a file where the folder should be")
    for _ in range(2):
        assert run(build(C / "kept.c"), ROUNDS)[1] == 0


def test_switched_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SIZE, "0")
    assert run(build(C / "kept.c"), ROUNDS)[1] == 0
    assert files(folder) == []


def test_code_that_was_made_by_the_guest_is_not_kept(folder: Path) -> None:
    made, _ = run(build(C / "kept.c"), ROUNDS, "made")
    assert made
    assert files(folder) == []


def test_what_is_not_used_goes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elfin.tiers.jit.store.LOOK", "")
    folder.mkdir()
    for name, age in (("old", 9000), ("new", 10)):
        (folder / name).write_bytes(bytes(700_000))
        state = (folder / name).stat()
        os.utime(folder / name, (state.st_atime, state.st_mtime - age))
    monkeypatch.setenv(SIZE, "1")
    run(build(C / "kept.c"), ROUNDS)
    names = {path.name for path in files(folder)}
    assert "old" not in names
    assert "new" in names
    assert len(names) > 1


def test_a_file_that_another_process_removes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    for name in ("old", "gone", "new"):
        (folder / name).write_bytes(b"unit")
    scandir = os.scandir

    @contextmanager
    def raced(path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(path) as entries:
            found = list(entries)
        (folder / "gone").unlink()
        yield iter(found)

    monkeypatch.setattr(os, "scandir", raced)
    Folder(str(folder), "engine", limit=0).trim()
    assert files(folder) == []


def test_two_at_once(folder: Path) -> None:
    program = str(build(C / "kept.c"))
    for built in Path(artifact.cache_folder()).glob("core-*"):
        shutil.copy(built, folder.parent)
    command = [sys.executable, "-m", "elfin", "run", "--tier", "jit", program, LONG]
    environment = {**os.environ, "ELFIN_CACHE": str(folder.parent)}
    for _ in range(2):
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in "ab"]
        for one in both:
            output, _ = one.communicate(timeout=100)
            assert (one.returncode, output) == native([program, LONG])
    assert files(folder)
    assert run(program, ROUNDS)[1] > 0
