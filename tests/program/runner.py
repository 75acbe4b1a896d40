"""The program oracle: the same command natively and under elfin; what can be seen of it must be equal.

A `Playground` is a folder that the command may use and change; it is made anew before each run, at the
same absolute path, so that both runs see the same names.  Seen are the two output streams, the exit
status (negative: the signal it died of) and every file of the folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import elfin
from elfin.config import DEFAULT_TIER
from tests.program import in_browser
from tests.program.in_browser import Guest
from tests.program.policies import choose

SOURCE: Final = Path(__file__).parents[2] / "src"
CHOSEN: Final = os.environ.get("ELFIN_TIER", DEFAULT_TIER)  # see policies.py
BROWSER: Final = "browser"  # not a tier: everything runs in a page, see in_browser.py
TIER: Final = choose(CHOSEN)  # elfin's own name for it
POLICIES: Final = Path(__file__).with_name("policies.py")
PATIENCE: Final = 120  # seconds for one run


@dataclass(frozen=True)
class Seen:
    """What a run left behind."""

    status: int
    out: bytes
    err: bytes
    files: Mapping[str, tuple[int, bytes]]  # name -> mode; content, target or nothing


@dataclass(frozen=True)
class Playground:
    """A folder for one test: `bin` stays, `work` is filled by `fill` before each run."""

    root: Path
    fill: Callable[[Path], None] = lambda work: None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        return self.root / "work"

    def variables(self) -> dict[str, str]:
        fixed = {"PATH": f"{self.root}/bin", "HOME": str(self.work), "TZ": "UTC", "LC_ALL": "C"}
        return {**fixed, **self.environment}

    def native(self, command: Sequence[str], stdin: bytes = b"") -> Seen:
        """The command on the real machine."""
        return self._run([*command], self.variables(), stdin)

    def elfin(self, command: Sequence[str], stdin: bytes = b"", *options: str) -> Seen:
        """The command under elfin, which sees the folder and nothing else.

        Under a hard policy (policies.py) all runs are of one machine in this process: to translate everything
        anew for each would take hours.
        """
        if CHOSEN == BROWSER and not options:
            return self.browser(in_browser.guest(), command, stdin)
        if CHOSEN != TIER and not options:
            return self._run_here(command, stdin)
        return self._run([*self.elfin_command(*options), *command], elfin_environment(), stdin)

    def elfin_command(self, *options: str) -> list[str]:
        words = ["--clear-env", "--cwd", str(self.work), "--mount", f"{self.root}:{self.root}:rw"]
        for name, value in self.variables().items():
            words += ["--env", f"{name}={value}"]
        return elfin_run("--tier", TIER, *words, *options)

    def _run_here(self, command: Sequence[str], stdin: bytes) -> Seen:
        self.reset()
        done = _machine(self.root).run(
            command, input=stdin, capture_output=True, timeout=10 * PATIENCE,
            cwd=self.work, env=self.variables(),
        )  # fmt: skip
        return Seen(done.returncode, done.stdout, done.stderr, tree(self.work))

    def browser(self, guest: Guest, command: Sequence[str], stdin: bytes = b"") -> Seen:
        """The command in a page."""
        self.reset()
        guest.fill(self.root, self.work)
        found = guest.run(command, self.variables(), self.work, stdin)
        return Seen(*found, guest.tree(self.work))

    def reset(self) -> None:
        """The working folder as a run finds it."""
        if self.work.exists():
            shutil.rmtree(self.work)
        self.work.mkdir(parents=True)
        self.fill(self.work)

    def _run(self, command: list[str], environment: Mapping[str, str], stdin: bytes) -> Seen:
        self.reset()
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=False, timeout=PATIENCE,
            cwd=self.work, env=environment,
        )  # fmt: skip
        return Seen(done.returncode, done.stdout, done.stderr, tree(self.work))


@cache
def _machine(root: Path) -> elfin.Machine:
    return elfin.Machine(mounts=[f"{root}:{root}:rw"], tier=TIER)


def elfin_run(*words: str) -> list[str]:
    """The command line of `elfin run WORDS`."""
    if CHOSEN == TIER:
        return [sys.executable, "-m", "elfin", "run", *words]
    return [sys.executable, str(POLICIES), CHOSEN, "run", *words]


def elfin_result(command: Sequence[str | Path]) -> tuple[int, bytes, bytes]:
    """Status and streams of a command that needs no files but itself."""
    words = [str(word) for word in command]
    if CHOSEN == BROWSER:
        guest = in_browser.guest()
        guest.install(Path(words[0]))
        return guest.run(words, {}, "/")
    done = elfin.run(words, capture_output=True, timeout=100, tier=TIER)
    return done.returncode, done.stdout, done.stderr


def elfin_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE)}


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = b""
        if stat.S_ISLNK(mode):
            content = os.fsencode(os.readlink(path))
        elif stat.S_ISREG(mode) and os.access(path, os.R_OK):
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = mode, content
    return found


def same(playground: Playground, command: Sequence[str], stdin: bytes = b"") -> Seen:
    """Run natively and under elfin, and insist that nothing differs; what was seen."""
    expected = playground.native(command, stdin)
    got = playground.elfin(command, stdin)
    if got != expected:
        raise AssertionError(difference(expected, got))
    return expected


def difference(expected: Seen, got: Seen) -> str:
    """What differs, as a diff from native to elfin."""
    lines = unified_diff(describe(expected), describe(got), "native", "elfin", lineterm="", n=1)
    return "\n".join(list(lines)[:60])


def describe(seen: Seen) -> list[str]:
    """The run as lines of text."""
    lines = [f"status {seen.status}"]
    lines += [f"out | {line!r}" for line in seen.out.split(b"\n")]
    lines += [f"err | {line!r}" for line in seen.err.split(b"\n")]
    for name, (mode, content) in seen.files.items():
        lines.append(f"file {name} {mode:o} {len(content)} {sha256(content).hexdigest()[:12]}")
    return lines
