"""docs/benchmarks.md: the report, with the machine, the versions, and how to read it."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from suite import NATIVE, WASM

BEGIN = "<!-- speed: written by ./dev bench --document -->"
END = "<!-- /speed -->"
IN_BROWSER = "<!-- browser: written by ./dev bench --browser --document -->"
BROWSER_END = "<!-- /browser -->"
READING = """\
Times are CPU seconds of the whole process, user and system. *Steady state* is the difference of a large run
and one of a quarter of its work, so that starting up and translating drop out. A ratio is that of two such
differences measured one after another in the same round; a figure is the median of the rounds' ratios, ± half
their range as a part of it. Slow runners do less of the same work (qemu-user 1/8, the interpreter 1/24), and
their figures are scaled. Geometric means are over the kernels that the runners have in common: `libcmem` and
`syscalls` have no counterpart as Wasm, which V8 runs with its optimising compiler only. *Whole runs* have
everything in them: the start of Python, of elfin and of the program, and translation.

The kernels are `bench/kernels`, the programs applets of Debian's static busybox on generated inputs
(`bench/programs.py`). Nothing in elfin knows them: `./dev bench FILE.c=SIZE` measures another kernel in the
same way, `./dev bench --program PATH ARGS...` any static program."""


def document(command: str, rounds: int, sections: Sequence[tuple[str, str]]) -> str:
    """The page; `sections` are titles and text."""
    versions = "\n".join(f"* {name}: {version}" for name, version in versions_found())
    head = (
        f"# Benchmarks\n\nMade by `{command}`; {rounds} round{'s' * (rounds > 1)}.\n\n"
        f"* machine: {processor()}, Linux {platform.release()}\n{versions}\n"
        f"* kernels: `{' '.join(NATIVE)}`; as Wasm: `{' '.join(WASM)}`\n\n{READING}\n"
    )
    return head + "".join(f"\n## {title}\n\n{text}\n" for title, text in sections if text)


def with_browser(text: str, sections: Sequence[tuple[str, str]], command: str) -> str:
    """The page with a part for the browser, which it may have had already."""
    parts = "".join(f"## {title}\n\n{table}\n\n" for title, table in sections)
    made = f"Made by `{command}`, on {processor()}, {elfin_version()}."
    before, _, rest = text.partition(IN_BROWSER)
    after = rest.partition(BROWSER_END)[2]
    return f"{before.rstrip()}\n\n{IN_BROWSER}\n{parts}{made}\n{BROWSER_END}{after.rstrip()}\n"


def browser_part(text: str) -> str:
    """What a page says of the browser, to be kept when the rest is made anew."""
    _, begin, rest = text.partition(IN_BROWSER)
    return f"\n{begin}{rest.rstrip()}\n" if begin else ""


def put_into(text: str, table: str) -> str:
    """A page with the table between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"no place for the table: {BEGIN} ... {END}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def versions_found() -> Iterator[tuple[str, str]]:
    yield "elfin", elfin_version()
    yield "Python", platform.python_version()
    yield "wasmtime", importlib.metadata.version("wasmtime")
    for name, program in (
        ("qemu-user", "qemu-x86_64"),
        ("gcc", "gcc"),
        ("clang", "clang"),
        ("node (V8)", "node"),
    ):
        if shutil.which(program):
            yield name, first_version(program, "--version")
    if shutil.which("busybox"):
        yield "busybox", first_version("busybox")


def first_version(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)*", done.stdout)
    return found[0] if found else "unknown"


def elfin_version() -> str:
    """The commit, or where there is no git the package's version."""
    here = Path(__file__).parent
    words = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(words, cwd=here, capture_output=True, text=True, check=False)
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "no commit known"


def processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    names = [s.partition(": ")[2] for s in text.splitlines() if s.startswith("model name")]
    return f"{names[0] if names else 'an unnamed processor'} ({len(names)} threads)"
