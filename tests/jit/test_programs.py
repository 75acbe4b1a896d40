"""Whole programs under the translator, in each policy: bytes and status as on the processor.

The kernels of `bench` at small sizes, C programs of `tests/program`, a few busybox scripts.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.jit.programs import KERNELS, C, build, each_policy, native, translated
from tests.program.compiled import VARIANTS
from tests.program.compiled import build as build_program

# Sizes for a few hundred thousand instructions.
SMALL = {
    "sieve": 1, "sha256": 2, "mandel": 1, "nbody": 1, "matmul": 1, "vecmem": 20, "libcmem": 1,
    "fib": 14, "vcall": 1, "bytecode": 1, "syscalls": 1,
}  # fmt: skip
DEATHS = (
    "null", "near_null", "high", "non_canonical", "above", "unmapped", "read_only", "code",
    "misaligned", "divide", "none",
)  # fmt: skip
# Under the hard policies start-up alone takes seconds: one of a kind.
KERNEL_RUNS = [*[("jit", k) for k in SMALL], ("jit-soon", "nbody"), ("jit-mixed", "sha256")]
PROGRAM_RUNS = [
    ("jit", "floats"), ("jit", "integers"), ("jit", "vectors"), ("jit-soon", "jumps"), ("jit-mixed", "sorting"),
]  # fmt: skip
DEATH_RUNS = [*[("jit", d) for d in DEATHS], ("jit-soon", "read_only"), ("jit-mixed", "unmapped")]
SCRIPTS = {
    "processes": "for i in 1 2 3; do (echo $i; exit $i) & wait $!; echo $?; done; seq 400 | sort -rn | tail -3",
    "awk": "seq 300 | awk '{n += $1 % 7; s = s substr($1, 1, 1)} END {print n, length(s), sqrt(n)}'",
    "text": "seq 200 | sed 's/1/one/g' | tr a-z A-Z | grep -c ONE; seq 9 | sha256sum; echo a | gzip | zcat",
}  # fmt: skip


def checks(output: bytes) -> list[bytes]:
    """What a kernel says about its result; it also prints times."""
    return re.findall(rb"check=\S+", output)


@pytest.mark.parametrize(("name", "kernel"), KERNEL_RUNS)
def test_kernel(kernel: str, name: str) -> None:
    command = [str(build(KERNELS / f"{kernel}.c")), str(SMALL[kernel])]
    status, output = translated(name, command)
    assert (status, checks(output)) == (0, checks(native(command)[1]))


@pytest.mark.parametrize(("name", "program"), PROGRAM_RUNS)
def test_program(program: str, name: str) -> None:
    command = [str(build_program(program, VARIANTS[2]))]
    assert translated(name, command) == native(command)


@each_policy
@pytest.mark.parametrize("program", ["changing", "interrupted", "deep"])
def test_c(program: str, name: str) -> None:
    command = [str(build(C / f"{program}.c"))]
    assert translated(name, command) == native(command)


@pytest.mark.parametrize(("name", "death"), DEATH_RUNS)
def test_death(death: str, name: str) -> None:
    command = [str(build(C / "dies.c")), death]
    assert translated(name, command) == native(command)


@pytest.mark.skipif(not Path("/bin/busybox").exists(), reason="busybox-static is not installed")
@pytest.mark.parametrize("script", SCRIPTS)
def test_busybox(script: str) -> None:
    command = ["/bin/busybox", "sh", "-c", SCRIPTS[script]]
    assert translated("jit", command) == native(command)
