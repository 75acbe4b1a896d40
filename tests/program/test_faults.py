"""Every way to trap: what the caller and what a handler see is the same natively and under elfin.

Without a handler a program dies of the signal.  With one, `siginfo` and `ucontext` show the address and
every register; it recovers through rip in the context and by siglongjmp (c/faults/faults.c).
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from elfin.loader.writer import Piece, write_elf
from tests.program.runner import (
    BROWSER,
    CHOSEN,
    TIER,
    elfin_environment,
    elfin_result,
    elfin_run,
)

SOURCE = Path(__file__).parent / "c" / "faults" / "faults.c"
CASES = [
    *re.findall(r"^FAULT(?:_FLAGS)?\((\w+)", SOURCE.read_text(), re.MULTILINE),
    "abort",
    "stack_overflow",
]
COMPILERS = {
    "gcc-O0": ("gcc", "-O0"),
    "gcc-O2": ("gcc", "-O2"),
    "musl-O2": ("musl-gcc", "-O2"),
}
# One for each signal: these run through the command line, the others in this process.
WAITED_FOR = (
    "null_read", "beyond_file", "divide_by_zero", "illegal", "breakpoint", "abort", "stack_overflow",
)  # fmt: skip
STACK = 8 << 20
Build = Callable[[str], Path]


@pytest.fixture(scope="module", autouse=True)
def limits() -> Iterator[None]:
    """What natively depends on the caller's shell."""
    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_STACK: STACK}
    before = {which: resource.getrlimit(which) for which in wanted}
    for which, soft in wanted.items():
        resource.setrlimit(which, (soft, before[which][1]))
    yield
    for which, old in before.items():
        resource.setrlimit(which, old)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Compile the cases, once for each compiler."""
    folder = tmp_path_factory.mktemp("faults")

    @cache
    def compiled(name: str) -> Path:
        compiler, level = COMPILERS[name]
        if shutil.which(compiler) is None:
            pytest.skip(f"{compiler} is not installed")
        command = [compiler, level, "-static", "-no-pie", "-w", "-o", folder / name, SOURCE]
        subprocess.run(command, check=True, timeout=60)
        return folder / name

    return compiled


@pytest.fixture(scope="module")
def sections(build: Build) -> Callable[[str], dict[str, tuple[str, str]]]:
    """For each case what its handlers print, natively and under elfin."""

    @cache
    def compare(name: str) -> dict[str, tuple[str, str]]:
        program = build(name)
        native = subprocess.run([program], capture_output=True, check=False)
        status, out, err = elfin_result([program])
        assert (status, err) == (native.returncode, native.stderr) == (0, b"")
        expected, got = split(native.stdout), split(out)
        return {case: (expected[case], got[case]) for case in expected}

    return compare


def split(output: bytes) -> dict[str, str]:
    """The output by case: a case's lines stand behind `[case]`, more than once."""
    found: dict[str, str] = {}
    for part in output.decode().split("\n["):
        case, _, lines = part.lstrip("[").partition("]")
        found[case] = found.get(case, "") + lines + "\n"
    return found


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("case", CASES)
def test_handler_sees_the_same(sections, case: str, compiler: str) -> None:
    expected, got = sections(compiler)[case]
    assert got == expected


@pytest.mark.parametrize("case", CASES)
def test_dies_of_the_same_signal(build: Build, case: str) -> None:
    command = [build("gcc-O2"), case]
    native = subprocess.run(command, capture_output=True, check=False)
    status, out, _ = elfin_result(command)
    assert (status, out) == (native.returncode, native.stdout)
    assert native.returncode < 0 or case == "illegal_too_long"


at_command_line = pytest.mark.skipif(CHOSEN == BROWSER, reason="a page has no command line")


@at_command_line
@pytest.mark.parametrize("case", WAITED_FOR)
def test_caller_gets_the_same_wait_status(build: Build, case: str) -> None:
    program = str(build("musl-O2"))
    native = wait_status([program, case], dict(os.environ))
    ours = wait_status(elfin_run("--tier", TIER, program, case), elfin_environment())
    assert os.WIFSIGNALED(native)
    assert ours == native


def wait_status(command: list[str], environment: dict[str, str]) -> int:
    child = subprocess.Popen(command, env=environment, stderr=sys.stderr)
    status = os.waitpid(child.pid, 0)[1]
    child.returncode = 0  # it was waited for here
    return status


@at_command_line
def test_lacking_instruction_is_named(tmp_path: Path) -> None:
    program = tmp_path / "lacking"
    code = bytes.fromhex("90 0f0fc19e 0f0b")  # nop; pfadd mm0, mm1; ud2
    program.write_bytes(write_elf([Piece(0x400000, code)], 0x400000))
    program.chmod(0o755)
    command = elfin_run("--tier", TIER, str(program))
    done = subprocess.run(command, capture_output=True, check=False, env=elfin_environment())
    assert done.returncode == -signal.SIGILL
    told = "executed pfadd mm0, mm1 (0f 0f c1 9e) at 0x400001, which elfin lacks"
    assert done.stderr.decode() == f"elfin: {program}: {told}\n"
