"""`./dev bench [KERNEL...]`: the kernels natively and under elfin, side by side in one run."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from measure import Run, Runner, runners
from suite import COMPILE, SIZES, build

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


@dataclass
class Result:
    """The runs of one kernel, by runner."""

    name: str
    size: int
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def cpu(self, runner: str, startup: dict[str, float]) -> list[float]:
        """CPU seconds of each run, without those of starting up."""
        return [max(run.cpu - startup[runner], 1e-4) for run in self.runs[runner]]

    def ratio(self, runner: str, startup: dict[str, float]) -> float:
        return statistics.median(self.cpu(runner, startup)) / statistics.median(
            self.cpu("native", startup)
        )

    def spread(self, runner: str, startup: dict[str, float]) -> float:
        """Half the range of a runner's times, as a part of their median."""
        times = self.cpu(runner, startup)
        return (max(times) - min(times)) / 2 / statistics.median(times)

    def speed(self, startup: dict[str, float]) -> float:
        """Guest instructions a CPU second under elfin."""
        return self.runs["elfin"][0].instructions / statistics.median(self.cpu("elfin", startup))


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev bench", description=__doc__)
    parser.add_argument("kernel", nargs="*", help=f"of {', '.join(SIZES)} (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--tier", default="interp")
    parser.add_argument("--size", type=float, default=1.0, help="factor on every size")
    parser.add_argument("--json", action="store_true", help="a JSON line a kernel and runner")
    parser.add_argument("--document", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    unknown = set(options.kernel) - SIZES.keys()
    if unknown:
        parser.error(f"no kernel {', '.join(sorted(unknown))}")
    chosen = runners(options.tier)
    hello = Result("hello", 0, measure_startup(chosen))
    startup = {r.name: statistics.median(run.cpu for run in hello.runs[r.name]) for r in chosen}
    results = [
        Result(name, max(1, round(size * options.size)))
        for name, size in SIZES.items()
        if not options.kernel or name in options.kernel
    ]
    measure(results, chosen, options.runs)
    if options.json:
        print_json(results, chosen, startup, options.tier)
    else:
        page = table(results, chosen, startup, hello, options.tier)
        print(page)
        if options.document:
            PAGE.write_text(document(page, options.runs))
    return 0


def measure_startup(chosen: list[Runner]) -> dict[str, list[Run]]:
    """A static hello, warm: the first run of each is thrown away."""
    program = build("hello")
    for runner in chosen:
        runner.run(program)
    return {r.name: [r.run(program) for _ in range(9)] for r in chosen}


def measure(results: list[Result], chosen: list[Runner], rounds: int) -> None:
    """Interleaved, so that a busy minute of the machine hits all runners alike."""
    programs = {result.name: build(result.name) for result in results}
    for number in range(rounds):
        for result in results:
            for runner in chosen:
                progress(f"{number + 1}/{rounds} {result.name} {runner.name}")
                run = runner.run(programs[result.name], str(result.size))
                result.runs.setdefault(runner.name, []).append(run)
            checks = {run.check for runs in result.runs.values() for run in runs}
            if len(checks) != 1:
                sys.exit(f"\n{result.name}: the checks differ: {checks}")
    progress("")


def progress(note: str) -> None:
    """One line that is written over, where a person looks on."""
    if sys.stderr.isatty():
        print(f"\r{note:40}\r{note}", end="", file=sys.stderr, flush=True)


def table(
    results: list[Result],
    chosen: list[Runner],
    startup: dict[str, float],
    hello: Result,
    tier: str,
) -> str:
    """A Markdown table, and the lines below it."""
    others = [runner.name for runner in chosen if runner.name not in ("native", "elfin")]
    head = [
        "kernel",
        "size",
        "native s",
        "elfin s",
        "elfin / native",
        "spread",
        "M instr/s",
        *others,
    ]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for r in results:
        native, elfin = (statistics.median(r.cpu(n, startup)) for n in ("native", "elfin"))
        cells = [
            r.name, str(r.size), f"{native:.3f}", f"{elfin:.2f}", f"{r.ratio('elfin', startup):.1f}",
            f"{r.spread('elfin', startup):.0%}", f"{r.speed(startup) / 1e6:.0f}",
            *(f"{r.ratio(n, startup):.1f}" for n in others),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    means = [mean([r.ratio(n, startup) for r in results]) for n in ("elfin", *others)]
    speed = mean([r.speed(startup) for r in results]) / 1e6
    cells = ["geometric mean", "", "", "", f"{means[0]:.1f}", "", f"{speed:.0f}"]
    cells += [f"{m:.1f}" for m in means[1:]]
    lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"Tier {tier}. CPU seconds, medians; spread: half the range. Start-up, a static hello, warm:",
    ]
    for runner in chosen:
        runs = hello.runs[runner.name]
        wall, cpu = (statistics.median(getattr(run, a) for run in runs) for a in ("wall", "cpu"))
        lines.append(f"* {runner.name}: {wall * 1000:.0f} ms, {cpu * 1000:.0f} ms of CPU")
    return "\n".join(lines)


def mean(values: list[float]) -> float:
    """The geometric one; ratios of 0 do not occur."""
    return statistics.geometric_mean(values) if values else 0.0


def document(page: str, rounds: int) -> str:
    """docs/benchmarks.md."""
    return (
        "# Benchmarks\n\n"
        "Made by `./dev bench --document`; the kernels are in `bench/kernels`. Each was built with"
        f" `{' '.join(COMPILE)}` and run {rounds} times with each runner in turn, on"
        f" {processor()}, Linux {platform.release()}, Python {platform.python_version()},"
        f" commit {commit()}.\n\n{page}\n"
    )


def processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    name = next(
        (s.partition(": ")[2] for s in text.splitlines() if s.startswith("model name")), "?"
    )
    return f"{name} ({text.count('processor')} processors)"


def commit() -> str:
    here = Path(__file__).parent
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def print_json(
    results: list[Result], chosen: list[Runner], startup: dict[str, float], tier: str
) -> None:
    for result in results:
        for runner in chosen:
            times = result.cpu(runner.name, startup)
            line = {
                "commit": commit(),
                "bench": result.name,
                "size": result.size,
                "runner": runner.name,
                "tier": tier if runner.name == "elfin" else None,
                "runs": len(times),
                "median": statistics.median(times),
                "spread": result.spread(runner.name, startup),
                "ratio": result.ratio(runner.name, startup),
                "instructions": result.runs[runner.name][0].instructions,
            }
            print(json.dumps(line))


if __name__ == "__main__":
    sys.exit(main())
