"""A part of the program tests in the browser's host; `./dev programs browser` runs all that need no terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import pages
from tests.program import test_busybox, test_c
from tests.program.busybox import cases
from tests.program.compiled import VARIANTS, build
from tests.program.in_browser import Guest
from tests.program.runner import Playground, difference

# Pipelines, jobs in the background, substitution, signals, files, archives, an interpreter of its own.
SCRIPTS = (
    "pipeline", "pipeline status", "substitution", "background", "kill a child", "trap interrupt",
    "fifo", "redirections", "find exec", "awk program", "sed in place", "tar extract", "gzip",
)  # fmt: skip
PROGRAMS = ("pipes", "processes", "signals", "files", "floats", "vectors", "memory")
CASES = cases()
shell = test_busybox.playground
compiled = test_c.playground


@pytest.fixture(scope="module")
def guest(chromium: Browser, server: str, sites: Path) -> Iterator[Guest]:
    for page in pages(chromium):
        page.goto(f"{server}/drop/page.css")
        yield Guest(page, sites / "drop")


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(guest: Guest, shell: Playground, name: str) -> None:
    same(guest, shell, [f"{shell.root}/bin/busybox", "sh", "-c", CASES[name]])


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(guest: Guest, compiled: Playground, name: str) -> None:
    program = Path(shutil.copy(build(name, VARIANTS[2]), compiled.root / "bin" / name))
    same(guest, compiled, [str(program), "one", "two words", ""], b"first\nsecond\nlast")


def same(guest: Guest, playground: Playground, command: list[str], stdin: bytes = b"") -> None:
    expected = playground.native(command, stdin)
    got = playground.browser(guest, command, stdin)
    assert got == expected, difference(expected, got)
