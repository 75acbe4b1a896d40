"""What the runs say: ratios to native, as a Markdown table or as JSON lines."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from measure import Run
from suite import COMPILE

NATIVE = "native"


@dataclass
class Result:
    """The runs of one kernel, by runner.  `startup`: CPU seconds of an empty program, by runner."""

    name: str
    size: int
    startup: dict[str, float]
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def times(self, runner: str) -> list[float]:
        """CPU seconds of each run, without those of starting up."""
        return [max(run.cpu - self.startup[runner], 1e-4) for run in self.runs[runner]]

    def median(self, runner: str) -> float:
        return statistics.median(self.times(runner))

    def ratio(self, runner: str) -> float:
        return self.median(runner) / self.median(NATIVE)

    def spread(self, runner: str) -> float:
        """Half the range of the times, as a part of their median."""
        times = self.times(runner)
        return (max(times) - min(times)) / 2 / self.median(runner)

    def speed(self, runner: str) -> float:
        """Million guest instructions a CPU second; 0 where they are not counted."""
        return self.runs[runner][0].instructions / self.median(runner) / 1e6


def table(results: Sequence[Result], tiers: Sequence[str], others: Sequence[str]) -> str:
    """One line a kernel, and the geometric means."""
    head = ["kernel", "size", "native s"]
    for tier in tiers:
        head += [f"{tier} / native", "spread", "M instr/s"]
    head += [f"{name} / native" for name in others]
    lines = [row(head), "|---" * len(head) + "|"]
    for r in results:
        cells = [r.name, str(r.size), f"{r.median(NATIVE):.3f}"]
        for tier in tiers:
            cells += [f"{r.ratio(tier):.1f}", f"{r.spread(tier):.0%}", f"{r.speed(tier):.0f}"]
        lines.append(row([*cells, *(f"{r.ratio(name):.1f}" for name in others)]))
    cells = ["geometric mean", "", ""]
    for tier in tiers:
        ratio = statistics.geometric_mean(r.ratio(tier) for r in results)
        speeds = [r.speed(tier) for r in results]
        speed = f"{statistics.geometric_mean(speeds):.0f}" if all(speeds) else ""
        cells += [f"{ratio:.1f}", "", speed]
    cells += [f"{statistics.geometric_mean(r.ratio(n) for r in results):.1f}" for n in others]
    return "\n".join([*lines, row(cells)])


def startup_lines(hello: dict[str, list[Run]]) -> str:
    """Wall and CPU time of a static hello."""
    lines = ["Start-up, a static hello, warm, medians:"]
    for name, runs in hello.items():
        wall = statistics.median(run.wall for run in runs)
        cpu = statistics.median(run.cpu for run in runs)
        lines.append(f"* {name}: {wall * 1000:.0f} ms, {cpu * 1000:.0f} ms of CPU")
    return "\n".join(lines)


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def document(text: str, rounds: int) -> str:
    """docs/benchmarks.md."""
    return (
        "# Benchmarks\n\n"
        "Made by `./dev bench --document`; the kernels are in `bench/kernels`. Each was built with"
        f" `{' '.join(COMPILE)}` and run {rounds} times with each runner in turn, on"
        f" {processor()}, Linux {platform.release()}, Python {platform.python_version()},"
        f" commit {commit()}. Figures are CPU time, medians, without that of starting up; the spread is"
        f" half the range.\n\n{text}\n"
    )


def json_lines(results: Sequence[Result]) -> Iterator[str]:
    for r in results:
        for runner in r.runs:
            yield json.dumps(
                {
                    "commit": commit(),
                    "bench": r.name,
                    "size": r.size,
                    "runner": runner,
                    "runs": len(r.runs[runner]),
                    "median": r.median(runner),
                    "spread": r.spread(runner),
                    "ratio": r.ratio(runner),
                    "instructions": r.runs[runner][0].instructions,
                }
            )


def processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    names = [s.partition(": ")[2] for s in text.splitlines() if s.startswith("model name")]
    return f"{names[0] if names else 'an unnamed processor'} ({len(names)} threads)"


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"
