"""What it costs to get warm: translation, start-up, and the first 30 MB of a sha256sum.

Input:  `elfin run --stats`, whose rows are read by name: this file knows no part of the translator.
Output: figures for the report.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from measure import Run, RunError, Runner, elfin, execute
from programs import mounts
from rounds import Clock, Timing
from suite import Workload

ROW: Final = re.compile(r"^elfin: (\S[^:]*?)  +(.*)$", re.MULTILINE)
OPS: Final = re.compile(r"(\d+) instructions")
PART: Final = re.compile(r"([a-z][a-z ]*?) (\d+\.\d+)\b")
SHARE: Final = re.compile(r"\((\d+\.\d+) %\)")
STARTS: Final = 7


@dataclass
class Translation:
    """What `--stats` said of one run: guest instructions translated, seconds by step."""

    name: str
    ops: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    translated: float = 0.0  # per cent of the instructions that ran

    @property
    def each(self) -> float:
        """Microseconds an instruction."""
        return sum(self.seconds.values()) / self.ops * 1e6 if self.ops else 0.0

    def part(self, name: str) -> float:
        return self.seconds.get(name, 0.0) / self.ops * 1e6 if self.ops else 0.0


def translations(workloads: Iterable[Workload], clock: Clock) -> list[Translation]:
    """Each workload once, its small run, with --stats: apart from the runs that are timed."""
    shown = [word for path in mounts() for word in ("--mount", f"{path}:{path}")]
    words = elfin("jit", "--stats", *shown)
    found = []
    for workload in workloads:
        clock.note(f"--stats of {workload.name}", 1.0)
        size = workload.sizes(1.0)[0]
        try:
            run = execute([*words, str(workload.program), *workload.arguments(size)])
        except RunError as error:
            clock.say(f"{workload.name}, --stats: {error}")
            continue
        found.append(read_stats(workload.name, run.errors))
    return found


def read_stats(name: str, text: str) -> Translation:
    """The rows of `--stats` that speak of translation; none of them: zeros."""
    rows = dict(ROW.findall(text))
    ops = OPS.search(rows.get("translations", ""))
    _, _, parts = rows.get("translation time", "").partition(": ")
    share = SHARE.search(rows.get("translated", ""))
    seconds = {part: float(value) for part, value in PART.findall(parts.partition(";")[0])}
    return Translation(name, int(ops[1]) if ops else 0, seconds, float(share[1]) if share else 0.0)


def total(found: Sequence[Translation]) -> Translation:
    names = dict.fromkeys(part for t in found for part in t.seconds)
    seconds = {part: sum(t.seconds.get(part, 0.0) for t in found) for part in names}
    return Translation("all together", sum(t.ops for t in found), seconds)


@dataclass
class Hashing:
    """`busybox sha256sum` of 30 MB: the whole run, beside the steady state of as much."""

    steady: float
    cpu: float
    wall: float
    start: float  # CPU seconds of a hello
    kept: float  # CPU seconds of a run with the translations of an earlier one


def hashing(timing: Timing, runner: Runner, start: float) -> Hashing:
    """From the rounds: the steady state is the slope, a pass of it the small run's work."""
    workload = timing.workload
    steady = statistics.median(timing.slopes[runner.name]) / workload.size
    runs = [runner.run(workload, 1) for _ in range(5)]
    cpu, wall = (
        statistics.median(times) for times in zip(*((r.cpu, r.wall) for r in runs), strict=True)
    )
    runner.run(workload, 1, kept=True)
    kept = statistics.median(runner.run(workload, 1, kept=True).cpu for _ in range(5))
    return Hashing(steady, cpu, wall, start, kept)


def startup(hello: Workload, runners: Sequence[Runner], clock: Clock) -> dict[str, list[Run]]:
    """A static hello, warm: the first run of each is thrown away."""
    able = [runner for runner in runners if runner.can_run(hello)]
    runs: dict[str, list[Run]] = {runner.name: [] for runner in able}
    for number in range(STARTS + 1):
        for runner in able:
            clock.note(f"hello, {runner.name}", 0.3)
            try:
                run = runner.run(hello, 0)
            except RunError as error:
                clock.say(f"hello, {runner.name}: {error}")
                continue
            if number:
                runs[runner.name].append(run)
    return {name: found for name, found in runs.items() if found}
