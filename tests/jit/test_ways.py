"""Indirect jumps and calls in translated code (tiers/jit/dispatch.py, c/ways.c): dense and sparse tables, computed
goto, targets that come late, tables and programs that change meanwhile, calls with many targets, and with none."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from elfin import config
from tests.jit.programs import C, build, native, translated
from tests.program import policies

SAME = ("dense", "sparse", "late", "threaded", "changing", "polymorphic", "table")
BAD = ("null", "high", "data")
NESTED = """#include <stdio.h>
#include <stdlib.h>
long turns(long n);
asm("%s\\n");
int main(int argc, char **argv) { printf("%%ld\\n", turns(atol(argv[1]))); }
"""


@pytest.mark.parametrize("case", (*SAME, *BAD))
def test_ways(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "PATIENCE", 16)  # so that all of it gets translated, and made anew
    monkeypatch.setattr(config, "MISS_PATIENCE", 1)
    command = [str(build(C / "ways.c")), case]
    assert translated("jit", command) == native(command)


@pytest.mark.parametrize("case", ("late", "changing", "table"))
def test_ways_between_tiers(case: str) -> None:
    command = [str(build(C / "ways.c")), case]
    assert translated("jit-mixed", command) == native(command)


@pytest.mark.parametrize("seed", (2, 5, 6))
def test_ways_between_regions_of_two_sizes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where computed jumps make loops of two starts, copies of nodes that only lead on have ways out as well."""
    monkeypatch.setattr(policies, "SEED", seed)
    monkeypatch.setattr(policies, "SIZES", (10, 60))
    monkeypatch.setitem(policies.TRANSLATORS, "jit-mixed", partial(policies.Mixed, seed))
    command = [str(build(C / "ways.c")), "changing"]
    assert translated("jit-mixed", command) == native(command)


def test_a_region_of_many_blocks_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "PATIENCE", 1)
    monkeypatch.setattr(config, "LOOP_PATIENCE", 1 << 20)  # each block would look for its loop
    command = [str(build(C / "backwards.c")), "20000"]
    assert translated("jit", command) == native(command)


@pytest.mark.parametrize("falls_through", [False, True])
def test_a_region_that_nests_deep(
    falls_through: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "PATIENCE", 1)
    monkeypatch.setattr(config, "MISS_PATIENCE", 0)
    source = tmp_path / f"nested{falls_through}.c"
    source.write_text(NESTED % "\\n".join(_tests_in_turn(500, falls_through)))
    command = [str(build(source)), "50000"]
    assert translated("jit", command) == native(command)


def _tests_in_turn(count: int, falls_through: bool) -> list[str]:
    """A number is compared with so many, each of which has its own target."""
    lines = ["turns: xor %eax, %eax", "again: mov %rdi, %rcx; and $1023, %ecx"]
    lines += [f"cmp ${i}, %ecx; je t{i}" for i in range(count)]
    behind = "" if falls_through else "; jmp end"
    lines += ["jmp end", *(f"t{i}: add ${i}, %rax{behind}" for i in range(count))]
    return [*lines, "end: dec %rdi; jnz again; ret"]
