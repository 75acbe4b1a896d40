"""`./dev bench --browser`: kernels in Chromium, beside native code and their source as Wasm in the same browser.

Input:  workloads.  Output: the titles and tables of the report.
Each kernel has a page of its own, into which a visitor could have dropped it: elfin's worker, nothing translated
ahead.  It is run once to get warm, then a small and a large size count, as elsewhere (`rounds.py`).
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import echo
import report
from chromium import Chromium, chromium
from measure import CHECK, Run, RunError, Runner, runners
from playwright.sync_api import Error, Page
from rounds import NATIVE, Clock, Timing, estimate, measure
from suite import Workload

from elfin.cli.main import main as elfin
from elfin.pack.site import make_site

HERE: Final = Path(__file__).parent
SCRIPT: Final = (HERE / "browser.js").read_text()
WATCHED: Final = 9.0  # seconds that a program runs to see how it gets warm
WINDOW: Final = 0.5  # seconds over which a speed is taken
STEADY: Final = 5.0  # seconds after which the speed is thought to be the steady one
SOON: Final = 1.5  # seconds
NEAR: Final = 0.7  # of the steady speed: what has to be reached
TYPING: Final = 60.0  # seconds that typing takes
PACKED: Final = ("libcmem", "vcall", "bytecode")  # those whose code is not one small loop
PACKING: Final = 10.0  # seconds
AHEAD: Final = 20_000  # instructions that are translated ahead
ENOUGH: Final = (
    0.5  # seconds of CPU that a large run should take: beside it other work of the browser is small
)
MOST: Final = 20.0  # times the work of about a second
LONG: Final = 120  # times the work of about a second: it runs until it is stopped, system calls too


@dataclass(frozen=True)
class BrowserRunner(Runner):
    """A kernel in a page: elfin, or its source as Wasm (`takes_wasm`).  The page of a workload stays open until
    another one comes."""

    browser: Chromium = field(kw_only=True)
    pages: dict[str, Page] = field(default_factory=dict, compare=False)
    shares: dict[str, float] = field(default_factory=dict, compare=False)

    def share(self, workload: Workload) -> float:
        return self.shares.get(workload.name, super().share(workload))

    def sizes(self, workload: Workload) -> tuple[int, int]:
        """Larger ones if the difference takes less than ENOUGH."""
        small, large = super().sizes(workload)
        if workload.name in self.shares or workload.even or workload.small:
            return small, large
        self.shares[workload.name] = super().share(workload)
        with suppress(RunError):  # the next run has the same trouble, and tells
            seconds = self.run(workload, large).cpu - self.run(workload, small).cpu
            self.shares[workload.name] *= min(max(1.0, ENOUGH / max(seconds, 1e-3)), MOST)
        return super().sizes(workload)

    def run(self, workload: Workload, size: int, *, kept: bool = False) -> Run:
        try:
            return self._run(workload, size)
        except Error as error:
            self.close()
            raise RunError(str(error)) from error

    def close(self) -> None:
        for page in self.pages.values():
            page.close()
        self.pages.clear()

    def _run(self, workload: Workload, size: int) -> Run:
        page = self.pages.get(workload.name)
        if page is None:
            self.close()
            page = self.pages[workload.name] = self.browser.page()
            program = (workload.wasm if self.takes_wasm else workload.program) or Path()
            ask(page, "load" if self.takes_wasm else "boot", f"/kernels/{program.name}")
            self._once(page, workload, super().sizes(workload)[1])
            self._settle()
        before = self.browser.cpu()
        printed, wall = self._once(page, workload, size)
        found = CHECK.search(printed)
        return Run(self.browser.cpu() - before, wall, found[1] if found else printed, "")

    def _settle(self) -> None:
        """Until nothing is translated any more."""
        for _ in range(20):
            before = self.browser.cpu()
            time.sleep(0.3)
            if self.browser.cpu() - before < 0.02:
                break

    def _once(self, page: Page, workload: Workload, size: int) -> tuple[str, float]:
        answer = ask(page, "start" if self.takes_wasm else "run", list(workload.arguments(size)))
        if isinstance(answer, str):
            raise RunError(answer)
        printed, wall, status = answer
        if status != 0:
            raise RunError(f"ended with {status}: {printed[-300:]}")
        return printed, wall


@dataclass(frozen=True)
class Warmth:
    """How a program gets fast in a fresh page."""

    name: str
    steady: float  # million instructions a second
    reached: float  # seconds until NEAR of that
    waits: tuple[float, ...]  # seconds until the worker answered while the program ran
    soon: float  # million instructions within SOON


def ask(page: Page, function: str, argument: object) -> Any:
    """Call a function of `browser.js`."""
    return page.evaluate(f"(argument) => {SCRIPT.strip()}.{function}(argument)", argument)


def browse(
    workloads: Sequence[Workload], rounds: int, clock: Clock
) -> tuple[list[tuple[str, str]], bool]:
    """The report's sections, and whether a run failed."""
    with site(workloads) as folder, chromium(folder) as browser:
        native = next(r for r in runners((), ()) if r.name == NATIVE)
        chosen = [
            native,
            BrowserRunner("page", (), browser=browser),
            BrowserRunner("page-wasm", (), takes_wasm=True, browser=browser),
        ]
        plan = [(w, [r for r in chosen if r.can_run(w)]) for w in workloads]
        clock.left += estimate(plan, rounds) + (WATCHED + 3) * len(workloads) + TYPING
        clock.left += PACKING * sum(w.name in PACKED for w in workloads)
        timings = measure(plan, rounds, clock)
        for runner in chosen:
            if isinstance(runner, BrowserRunner):
                runner.close()
        found = []
        for workload in workloads:
            clock.note(f"{workload.name} gets warm", WATCHED + 3)
            found.append(warm(browser, workload))
        clock.note("keys are typed", TYPING)
        typed = echo.echoes(browser, f"{browser.address}/shell/index.html")
        names = [r.name for r in chosen if r is not native]
        packed = []
        for workload in workloads:
            if workload.name in PACKED:
                clock.note(f"{workload.name} is packed", PACKING)
                packed.append(
                    (
                        _packed(browser, folder, workload, 0),
                        _packed(browser, folder, workload, AHEAD),
                    )
                )
        version = f"Chromium {browser.version}, its default settings."
    sections = [
        (
            "In the browser: kernels, steady state, × native",
            f"{report.steady(timings, names)}\n\n{version}",
        ),
        ("In the browser: what was asked", goals(timings, found, typed)),
        ("In the browser: a program that was just dropped", warmths(found)),
        (
            "In the browser: a packed program, with translations ahead of time and without",
            ahead(packed),
        ),
        ("In the browser: typing at a packed shell", echo.table(typed)),
    ]
    return [(title, text) for title, text in sections if text], any(t.failed for t in timings)


@contextmanager
def site(workloads: Sequence[Workload]) -> Iterator[Path]:
    """A folder with elfin's page and the programs."""
    with tempfile.TemporaryDirectory(prefix="elfin-bench-") as name:
        folder = Path(name)
        make_site(folder, has_image=False, title="bench")
        shutil.copy(HERE / "wasi_worker.js", folder)
        _pack_shell(folder / "shell")
        (folder / "kernels").mkdir()
        for workload in workloads:
            for path in (workload.program, workload.wasm):
                if path is not None:
                    shutil.copy(path, folder / "kernels")
        yield folder


def _pack_shell(folder: Path) -> None:
    """A shell of which nothing is translated ahead."""
    _pack(folder, "/bin/busybox", "--entry", "sh", "--translations", "0")


def _pack(folder: Path, *words: str) -> None:
    with redirect_stdout(sys.stderr):
        elfin(["pack", *words, "-o", str(folder)])


def _packed(browser: Chromium, folder: Path, workload: Workload, ahead: int) -> Warmth:
    """How it gets warm if so many instructions are translated ahead."""
    name = f"{workload.name}-{ahead}"
    program = shutil.copy(workload.program, folder / "kernel")
    _pack(folder / name, str(program), "--translations", str(ahead))
    return warm(browser, workload, ("unpack", f"/{name}/image/"))


def warm(browser: Chromium, workload: Workload, start: tuple[str, str] | None = None) -> Warmth:
    """Start a long run in a fresh page and look how fast it is; `start`: the function that gets it ready."""
    page = browser.page()
    try:
        ask(page, *(start or ("boot", f"/kernels/{workload.program.name}")))
        size = workload.part(LONG)
        rows = ask(page, "watch", [list(workload.arguments(size)), WATCHED])
    finally:
        page.close()
    speeds = list(_speeds([(0.0, 0.0), *((at, count) for at, count, _ in rows)]))
    late = [speed for at, speed in speeds if at > STEADY]
    steady = statistics.median(late) if late else 0.0
    reached = next((at for at, speed in speeds if speed >= NEAR * steady), 0.0)
    soon = max((count for at, count, _ in rows if at <= SOON), default=0.0)
    waits = tuple(wait for _, _, wait in rows)
    return Warmth(workload.name, steady / 1e6, reached, waits, soon / 1e6)


def _speeds(rows: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Instructions a second from a time on, over WINDOW."""
    for i, (at, count) in enumerate(rows):
        later = next((row for row in rows[i:] if row[0] >= at + WINDOW), None)
        if later is not None:
            yield at, (later[1] - count) / (later[0] - at)


def goals(timings: Sequence[Timing], found: Sequence[Warmth], typed: Sequence[echo.Echo]) -> str:
    """What was asked beside what was measured."""
    seen = max(echo.part(one, 0.95) for one in typed)
    waits = [wait for one in found for wait in one.waits]
    slowest = max(found, key=lambda one: one.reached)
    rows = [
        ("page / native, geometric mean", "2.0", report.mean(timings, "page", NATIVE)),
        ("page / source as Wasm, geometric mean", "1.4", report.mean(timings, "page", "page-wasm")),
        (f"seconds until 70 % of steady speed ({slowest.name})", "5", slowest.reached),
        ("ms until the worker answers while a program computes, 95 %", "50", _most(waits) * 1e3),
        ("ms until a key is seen while programs compute, 95 %", "50", seen),
    ]
    lines = [report.row(["asked", "at most", "measured"]), "|---|---|---|"]
    return "\n".join([*lines, *(report.row([a, b, report.figure(c)]) for a, b, c in rows if c)])


def warmths(found: Sequence[Warmth]) -> str:
    head = ["", "M instructions/s", "70 % after s", "answers after ms, 95 %", "at most"]
    lines = [report.row(head), "|---" * len(head) + "|"]
    for one in found:
        waits = [_most(one.waits) * 1e3, max(one.waits, default=0.0) * 1e3]
        cells = [f"{one.steady:.0f}", f"{one.reached:.1f}", *(f"{wait:.0f}" for wait in waits)]
        lines.append(report.row([one.name, *cells]))
    return "\n".join(lines)


def ahead(found: Sequence[tuple[Warmth, Warmth]]) -> str:
    """Programs with nothing translated ahead, and with something."""
    if not found:
        return ""
    count = f"M instructions after {SOON} s"
    head = ["", "70 % after s: nothing ahead", "some", f"{count}: nothing ahead", "some"]
    lines = [report.row(head), "|---" * len(head) + "|"]
    for without, some in found:
        times = [f"{one.reached:.1f}" for one in (without, some)]
        lines.append(
            report.row([some.name, *times, *(f"{one.soon:.0f}" for one in (without, some))])
        )
    return "\n".join(lines)


def _most(waits: Sequence[float]) -> float:
    """What 95 % do not exceed."""
    return sorted(waits)[int(len(waits) * 0.95)] if waits else 0.0
