"""Damaged programs end in a clear refusal, a signal or an exit: a sample of what `./dev fuzz` does.

And files that never were programs, through the command line: one line, status 126 or 127.
"""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import elfin
from tests.cli.command import elfin as command
from tests.fuzz.damage import Append, Cut, Damaged, Put, damaged, program, random_code
from tests.fuzz.ending import check_message, ending, resources, warm_up
from tests.programs.tiny import tiny

BUSYBOX = "/bin/busybox"


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    warm_up()


@given(damaged())
@example(Damaged("tiny", [Cut(0)]))
@example(Damaged("tiny", [Cut(63)]))
@example(Damaged("tiny", [Put(40, b"\xff" * 8), Append(b"more")]))
@settings(max_examples=150)
def test_damaged_program(tmp_path: Path, example: Damaged) -> None:
    ending(example.data(), tmp_path)


@given(random_code())
@settings(max_examples=50)
def test_random_code(tmp_path: Path, example: Damaged) -> None:
    ending(example.data(), tmp_path)


def test_nothing_is_left_over(tmp_path: Path) -> None:
    sample = [Damaged("tiny", [Put(24 + 8 * i % 96, b"\x10")]).data() for i in range(12)]
    ending(sample[0], tmp_path)
    before, _ = resources()
    for data in sample:
        ending(data, tmp_path)
    assert resources()[0] <= before


@given(st.binary(max_size=300).map(lambda rest: b"#!" + rest))
@example(b"#!")
@example(b"#! ")
@example(b"#!\n")
@example(b"#!/bin/busybox")
@example(b"#!/bin/busybox\0sh\n")
@example(b"#!/tmp/program\n")
@example(b"#!" + b"/x" * 200)
@settings(max_examples=40)
def test_script(tmp_path: Path, data: bytes) -> None:
    assert ending(data, tmp_path) == "refused"


@pytest.mark.parametrize("loops", [1, 4, 5, 6])
def test_scripts_that_run_each_other(tmp_path: Path, loops: int) -> None:
    for i in range(loops):
        script = tmp_path / f"s{i}"
        script.write_text(f"#!{tmp_path}/s{(i + 1) % loops}\n")
        script.chmod(0o755)
    with pytest.raises(OSError, match=r"(?i)loop|levels") as error:
        elfin.run([tmp_path / "s0"], mounts=[f"{tmp_path}:{tmp_path}"], capture_output=True)
    check_message(error.value.strerror)


NOT_PROGRAMS = {
    "absent": 127,
    "empty": 126,
    "directory": 126,
    "text": 126,
    "without permission": 126,
    "fifo": 126,
    "dangling link": 127,
    "link to itself": 126,
    "file/below": 126,
    "n" * 300: 126,
}


@pytest.mark.parametrize("name", NOT_PROGRAMS, ids=lambda name: name[:20])
def test_what_is_no_program(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").touch(mode=0o755)
    (tmp_path / "directory").mkdir()
    (tmp_path / "text").write_text("just words\n")
    (tmp_path / "text").chmod(0o755)
    (tmp_path / "without permission").write_bytes(tiny())
    os.mkfifo(tmp_path / "fifo", 0o755)
    (tmp_path / "dangling link").symlink_to("nowhere")
    (tmp_path / "link to itself").symlink_to("link to itself")
    (tmp_path / "file").write_bytes(tiny())
    done = command("run", tmp_path / name)
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (NOT_PROGRAMS[name], b"", 1), lines
    assert lines[0].startswith(f"elfin: {tmp_path / name}: ")


def test_damaged_program_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "program"
    for edit in (Cut(100), Put(18, b"\xb7"), Put(0x38, b"\xff\xff")):
        path.write_bytes(Damaged("tiny", [edit]).data())
        path.chmod(0o755)
        done = command("run", path)
        assert (done.returncode, done.stderr.count(b"\n")) == (126, 1), done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


@pytest.mark.parametrize(("words", "size"), [(1, 1 << 18), (20_000, 200)])
def test_too_many_arguments(tmp_path: Path, words: int, size: int) -> None:
    path = tmp_path / "program"
    path.write_bytes(program("tiny"))
    path.chmod(0o755)
    with pytest.raises(OSError, match=r"(?i)argument") as error:
        elfin.run([path, *["w" * size] * words], capture_output=True, env={})
    check_message(error.value.strerror)


def test_many_arguments(tmp_path: Path) -> None:
    words = [str(i) * 20 for i in range(10_000)]
    done = elfin.run([BUSYBOX, "echo", *words], capture_output=True, env={}, text=True)
    assert done.stdout.split() == words


def test_runs_on_until_the_time_is_over(tmp_path: Path) -> None:
    path = tmp_path / "program"
    start = program("tiny").index(bytes.fromhex("b801000000bf"))
    path.write_bytes(Damaged("tiny", [Put(start, b"\xeb\xfe")]).data())
    path.chmod(0o755)
    with pytest.raises(subprocess.TimeoutExpired):
        elfin.run([path], capture_output=True, timeout=0.3)
