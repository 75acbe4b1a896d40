"""Code that changes (c/rewriting.c): by each kind of store to the very next instruction, by a compiler in the guest, by
mprotect, munmap and mmap, in forked processes and at several places; and an ENTER that faults when it has begun."""

from __future__ import annotations

import pytest

from tests.jit.programs import C, build, native, translated

# Where code changes all the time nothing gets hot by default.
RUNS = [
    ("jit", ("stores",)),
    ("jit", ("compiler", "1500")),
    ("jit", ("protecting", "300")),
    ("jit", ("hot", "60")),
    ("jit", ("copies",)),
    ("jit", ("gone",)),
    ("jit", ("enter",)),
    ("jit-soon", ("stores",)),
    ("jit-soon", ("gone",)),
    ("jit-mixed", ("stores",)),
    ("jit-mixed", ("compiler", "300")),
    ("jit-mixed", ("copies",)),
    ("jit-mixed", ("enter",)),
]


@pytest.mark.parametrize(("name", "case"), RUNS)
def test_rewriting(name: str, case: tuple[str, ...]) -> None:
    command = [str(build(C / "rewriting.c")), *case]
    assert translated(name, command) == native(command)
