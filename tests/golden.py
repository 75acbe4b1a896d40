"""Golden text: `.test` files of cases, input and expected output beside one another.

    [case name]
    input
    [out]
    output

`check(path, produce, bless)` runs `produce` on each input; `pytest --bless` rewrites the outputs with what
the code says now, and a reviewer reads the diff.  Lines before the first case are a comment and stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CASE = re.compile(r"^\[case ([^]]+)]\n", re.MULTILINE)
OUT = "[out]\n"


@dataclass
class Case:
    """`source` and `expected` end with a newline each, unless empty."""

    name: str
    source: str
    expected: str


@dataclass
class GoldenFile:
    path: Path
    head: str
    cases: list[Case]

    @staticmethod
    def read(path: Path) -> GoldenFile:
        head, *parts = CASE.split(path.read_text())
        cases = []
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            source, _, expected = body.partition(OUT)
            cases.append(Case(name, source.strip("\n") + "\n", expected.strip("\n") + "\n"))
        return GoldenFile(path, head, cases)

    def write(self) -> None:
        text = self.head
        text += "\n".join(f"[case {c.name}]\n{c.source}{OUT}{c.expected}" for c in self.cases)
        self.path.write_text(text)


def check(path: Path, produce: Callable[[str], str], bless: bool) -> None:
    """Every case of the file gives its expected output."""
    golden = GoldenFile.read(path)
    wrong = []
    for case in golden.cases:
        actual = produce(case.source).strip("\n") + "\n"
        if actual != case.expected:
            case.expected, stale = actual, case.expected
            wrong.append((case.name, stale, actual))
    if wrong and bless:
        golden.write()
        return
    for name, stale, actual in wrong:
        assert actual == stale, f"{path.name}: {name} (accept with --bless)"
