"""`elfin run` stands for the program: status, signals, streams, environment, options."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.cli.command import BUSYBOX, elfin, elfin_command, environment, run_shell
from tests.programs.tiny import MESSAGE, tiny


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "tiny"
    path.write_bytes(tiny())
    path.chmod(0o755)
    return path


def test_a_program(program):
    done = elfin("run", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, MESSAGE, b"")


@pytest.mark.parametrize("script", ["exit 0", "exit 42", "exit 255"])
def test_exit_status(script):
    assert run_shell(script).returncode == int(script.split()[1])


@pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV", "ABRT", "PIPE", "INT", "USR1"])
def test_death_by_signal_is_ours_too(name):
    done = run_shell(f"kill -{name} $$")
    assert done.returncode == -signal.Signals[f"SIG{name}"]
    assert done.stderr == b""


def test_a_shell_sees_the_signal():
    words = " ".join(
        f"'{word}'" for word in elfin_command("run", BUSYBOX, "sh", "-c", "kill -9 $$")
    )
    done = subprocess.run(
        ["sh", "-c", f"{words}; echo $?"], capture_output=True, check=True, env=environment()
    )
    assert done.stdout == b"137\n"


def test_what_cannot_be_run(tmp_path, program):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "text").chmod(0o755)
    program.chmod(0o644)
    for name, status, message in [
        (tmp_path / "none", 127, "no such program"),
        ("no-such-program", 127, "no such program"),
        (tmp_path / "text", 126, "not an ELF file: it starts with 68 65 6c 6c 6f"),
        (program, 126, "Permission denied"),
        (tmp_path, 126, "it is a folder, not a program"),
        ("/bin/ls", 127, "it is dynamically linked and /lib64/ld-linux-x86-64.so.2"),
    ]:
        done = elfin("run", name)
        assert (done.returncode, done.stdout) == (status, b""), done.stderr
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith(f"elfin: {name}: {message}")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["run"], 2, "required"),
        (["run", "--memory", "lots", BUSYBOX], 2, "no size"),
        (["run", "--no-such-option", BUSYBOX], 2, "no-such-option"),
        (["run", "--tier", "magic", BUSYBOX], 125, "there is no tier 'magic'"),
        (["run", "--mount", "x", BUSYBOX], 125, "write HOST:/GUEST"),
        (["run", "--root", "/nonexistent", BUSYBOX], 125, "no such folder"),
        (["run", "--user", "me", BUSYBOX], 125, "in numbers"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_a_wrong_command_line_is_told_without_a_traceback(words, status, message):
    done = elfin(*words)
    assert done.returncode == status
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_words_behind_the_program_are_its_own():
    done = elfin("run", BUSYBOX, "echo", "--strace", "-h", "--", "--help")
    assert done.stdout == b"--strace -h -- --help\n"
    assert elfin("run", "--", BUSYBOX, "echo", "x").stdout == b"x\n"


def test_standard_streams():
    done = elfin("run", BUSYBOX, "cat", input=b"x" * 100_000)
    assert done.stdout == b"x" * 100_000
    done = run_shell("echo out; echo err >&2")
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")


def test_in_a_pipeline_a_closed_reader_ends_it():
    command = elfin_command("run", BUSYBOX, "yes")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(timeout=60) == -signal.SIGPIPE


def test_environment():
    variables = {**environment(), "MINE": "1"}
    out = run_shell("env", env=variables).stdout.splitlines()
    assert b"MINE=1" in out
    assert b"PATH=" + os.environb[b"PATH"] in out
    out = run_shell("echo $MINE $A", "--env", "A=b c", "--env", "MINE=2", env=variables).stdout
    assert out == b"2 b c\n"
    out = elfin("run", "--clear-env", "--env", "MINE", BUSYBOX, "env", env=variables).stdout
    assert out == b"MINE=1\n"


def test_directories_and_identity(tmp_path):
    assert run_shell("pwd", cwd=tmp_path).stdout == b"/\n"
    assert run_shell("pwd", "--cwd", "/tmp").stdout == b"/tmp\n"
    mount = f"{tmp_path}:{tmp_path}:rw"
    done = run_shell("pwd; umask; echo x > file", "--mount", mount, cwd=tmp_path, umask=0o027)
    assert done.stdout.decode() == f"{tmp_path}\n0027\n"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert run_shell("id -u; id -g", "--user", "7:8").stdout == b"7\n8\n"
    assert run_shell("echo $(id -u)").stdout == b"%d\n" % os.getuid()


def test_strace():
    done = run_shell("exit 3", "--strace")
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 3
    assert any("exit_group(" in line for line in lines)
    assert all("(" in line or "+++" in line or "---" in line for line in lines)


def test_stats(program):
    done = elfin("run", "--stats", program)
    assert done.stdout == MESSAGE
    assert b"instructions" in done.stderr
    assert b"2 SystemCall" in done.stderr


LOOP = "i=0; while [ $i -lt 12000 ]; do i=$((i+1)); done; echo $i"


def on_one_core() -> None:
    """What is hot is translated at once then, not when a thread comes to it."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def test_stats_of_translated_code():
    done = run_shell(LOOP, "--stats", "--tier", "jit", preexec_fn=on_one_core)
    assert done.stdout == b"12000\n"
    rows = {
        line[7:27].strip(): line[27:].split()[0]
        for line in done.stderr.decode().splitlines()
        if line.startswith("elfin: ")
    }
    assert int(rows["translated"]) > int(rows["interpreted"]) / 2
    assert int(rows["translations"]) > 5
    assert any(name.startswith("left: ") for name in rows)


def test_dump_translations(tmp_path):
    done = run_shell(
        LOOP, "--dump-translations", str(tmp_path / "out"), "--tier", "jit", preexec_fn=on_one_core
    )
    assert done.stdout == b"12000\n"
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) > 5
    text = files[0].read_text()
    for part in ("guest code and its meaning", "the function", "=== Wasm", "(module "):
        assert part in text


def test_timeout():
    start = time.monotonic()
    done = run_shell("echo x; sleep 60", "--timeout", "0.5")
    assert (done.returncode, done.stdout) == (124, b"x\n")
    assert b"killed after 0.5 s" in done.stderr
    assert time.monotonic() - start < 20


def test_background_processes_go_on_after_the_program():
    start = time.monotonic()
    words = elfin_command("run", BUSYBOX, "sh", "-c", "(sleep 2; echo late) & echo early")
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"early\n"
        assert process.wait(timeout=60) == 0
        ended = time.monotonic() - start
        assert process.stdout.read() == b"late\n"
    assert time.monotonic() - start > ended + 0.5


def test_a_bare_name_is_looked_up_in_path(program):
    variables = environment() | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    assert elfin("run", "tiny", env=variables).stdout == MESSAGE


def test_the_version_and_help():
    assert elfin("--help").returncode == 0
    assert b"--mount" in elfin("run", "--help").stdout
    assert b"--stage" in elfin("show", "--help").stdout
