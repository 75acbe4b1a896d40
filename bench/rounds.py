"""Everything once a round, all runners of a workload one after another: a busy minute hits all alike.

Input:  workloads and runners.
Output: `Timing`s.  A run that fails is told on stderr, and its runner has no figure for the workload.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from measure import Run, RunError, Runner
from suite import Workload

NATIVE = "native"


@dataclass
class Timing:
    """The rounds of a workload.  `slopes` and `whole` are by runner, an item a round.

    A slope is the CPU seconds that the full size takes when starting up and translating are left out.
    `whole` has the large run, which is the full size for runners that are not slow.
    """

    workload: Workload
    slopes: dict[str, list[float]] = field(default_factory=dict)
    whole: dict[str, list[Run]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    expected: dict[int, str] = field(default_factory=dict)  # what the native run of a size printed

    def has(self, *runners: str) -> bool:
        return all(name in self.slopes and name not in self.failed for name in runners)

    def ratios(self, runner: str, base: str = NATIVE) -> list[float]:
        """Steady state of `runner` as a multiple of `base`, a ratio a round."""
        pairs = zip(self.slopes[runner], self.slopes[base], strict=False)
        return [mine / other for mine, other in pairs]

    def ratio(self, runner: str, base: str = NATIVE) -> float:
        return statistics.median(self.ratios(runner, base))

    def spread(self, runner: str) -> float:
        """Half the range of the ratios to native, as a part of their median."""
        ratios = self.ratios(runner)
        return (max(ratios) - min(ratios)) / 2 / statistics.median(ratios)

    def whole_ratio(self, runner: str) -> float:
        """The whole run, CPU time, as a multiple of the native one."""
        pairs = zip(self.whole[runner], self.whole[NATIVE], strict=False)
        return statistics.median(mine.cpu / max(other.cpu, 1e-3) for mine, other in pairs)

    def cpu(self, runner: str) -> float:
        return statistics.median(run.cpu for run in self.whole[runner])

    def wall(self, runner: str) -> float:
        return statistics.median(run.wall for run in self.whole[runner])


class Clock:
    """Says how long it will still take; `limit`: seconds after which no new round begins."""

    def __init__(self, estimate: float, limit: float) -> None:
        self.left = estimate
        self.done = 0.0
        self.limit = limit
        self.start = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.start

    def note(self, what: str, seconds: float = 0.0) -> None:
        """A line on stderr (written over, where a person looks on): what comes now, and how long."""
        pace = self.elapsed / self.done if self.done > 5 else 1.0
        text = f"{what:34} {self.elapsed:4.0f} s, some {self.left * pace:.0f} s to go"
        if sys.stderr.isatty():
            print(f"\r{text:70}", end="", file=sys.stderr, flush=True)
        self.left = max(self.left - seconds, 0)
        self.done += seconds

    def say(self, line: str) -> None:
        before = "\n" if sys.stderr.isatty() else ""
        print(f"{before}bench: {line}", file=sys.stderr, flush=True)


Plan = Sequence[tuple[Workload, Sequence[Runner]]]  # each workload with its runners, native first


def estimate(plan: Plan, rounds: int) -> float:
    return rounds * sum(runner.seconds(workload) for workload, chosen in plan for runner in chosen)


def measure(plan: Plan, rounds: int, clock: Clock) -> list[Timing]:
    """All rounds, or as many as the clock's limit allows (one at least)."""
    timings = [Timing(workload) for workload, _ in plan]
    first = 0.0
    for number in range(rounds):
        if number and clock.elapsed + first > clock.limit:
            clock.say(f"{number} rounds instead of {rounds}, to end within {clock.limit:.0f} s")
            break
        begin = clock.elapsed
        for timing, (workload, chosen) in zip(timings, plan, strict=True):
            for runner in chosen:
                if runner.name not in timing.failed:
                    label = f"{number + 1}/{rounds} {workload.name} {runner.name}"
                    clock.note(label, runner.seconds(workload))
                    _both(timing, runner, chosen[0], clock)
        first = first or clock.elapsed - begin
        clock.say(f"round {number + 1} of {rounds} took {clock.elapsed - begin:.0f} s")
    return timings


def _both(timing: Timing, runner: Runner, native: Runner, clock: Clock) -> None:
    """A small run and a large one, that print what the native ones do."""
    workload = timing.workload
    small, large = runner.sizes(workload)
    try:
        one, two = (_checked(timing, runner, native, size) for size in (small, large))
    except RunError as error:
        clock.say(f"{workload.name}, {runner.name}: {error}")
        timing.failed.add(runner.name)
        return
    share = (workload.work(large) - workload.work(small)) / workload.work(workload.size)
    slope = max(two.cpu - one.cpu, 1e-4) / share
    timing.slopes.setdefault(runner.name, []).append(slope)
    timing.whole.setdefault(runner.name, []).append(two)


def _checked(timing: Timing, runner: Runner, native: Runner, size: int) -> Run:
    run = runner.run(timing.workload, size)
    if runner is not native and size not in timing.expected:
        timing.expected[size] = native.run(timing.workload, size).check
    if run.check != timing.expected.setdefault(size, run.check):
        raise RunError(f"printed {run.check}, natively {timing.expected[size]}, for size {size}")
    return run
