"""C programs, compiled in several ways: bytes, status and files equal to native."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.program.compiled import SOURCES, VARIANTS, Variant, build
from tests.program.runner import Playground, same

# Faults have tests of their own.
PROGRAMS = sorted(path.stem for path in SOURCES.glob("*.c") if path.stem != "faults")
CASES = [
    pytest.param(program, variant, id=f"{program} {variant.name}")
    for program in PROGRAMS
    for variant in VARIANTS
]


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    root = tmp_path_factory.mktemp("c")
    (root / "bin").mkdir()
    return Playground(root)


@pytest.mark.parametrize(("program", "variant"), CASES)
def test_program(playground: Playground, program: str, variant: Variant) -> None:
    if not variant.installed:
        pytest.skip(f"{variant.command[0]} is not installed")
    executable = Path(shutil.copy(build(program, variant), playground.root / "bin" / program))
    seen = same(playground, [str(executable), "one", "two words", ""], b"first\nsecond\nlast")
    assert seen.out
