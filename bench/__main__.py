"""`./dev bench [KERNEL...]`: native code, elfin's tiers, qemu-user and the source as Wasm, side by side.

A KERNEL is a name of bench/kernels or FILE.c=SIZE (FILE.c=SMALL,LARGE where the work does not grow with
the size).  Without any: all of them, programs, warm-up.
"""

from __future__ import annotations

import argparse
import importlib
import shlex
import statistics
import sys
from pathlib import Path

import page
import report
from measure import Run, Runner, runners
from programs import NAMES, mounts, program
from rounds import NATIVE, Clock, Timing, estimate, measure
from single import time_program
from suite import NATIVE as COMPILER
from suite import QUICK, SIZES, SOURCES, WASM_PACKAGES, Workload, build, can_build_wasm, kernel
from warmup import hashing, startup, translations

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
README = Path(__file__).parents[1] / "README.md"
TIERS = ("jit", "interp")
QUICK_SCALE = 0.1


def parse() -> tuple[argparse.Namespace, argparse.ArgumentParser]:
    parser = argparse.ArgumentParser(prog="dev bench", description=__doc__)
    option = parser.add_argument
    # fmt: off
    option("kernel", nargs="*", help=f"of {', '.join(SIZES)} (default: all), or FILE.c=SIZE")
    option("--rounds", "--runs", type=int, default=3, help="how often everything is run (default 3)")
    option("--limit", type=float, default=540.0, metavar="SECONDS",
           help="begin no further round that would end later (default 540)")
    option("--tier", action="append", help=f"may be repeated (default {' '.join(TIERS)})")
    option("--quick", action="store_true", help="a look in less than a minute: small sizes, one round")
    option("--browser", action="store_true", help="the kernels in Chromium instead")
    option("--translation", action="store_true",
           help="only what it costs to translate the kernels and programs, recorded once and then replayed")
    option("--json", action="store_true", help="a JSON line a workload and runner instead of tables")
    option("--document", action="store_true", help="write docs/benchmarks.md and the table in README.md")
    option("--program", nargs=argparse.REMAINDER, metavar="PATH ARGS",
           help="time this static program; the last option")
    option("--sizes", metavar="SMALL,LARGE", help="what {} is among ARGS, for the steady state")
    # fmt: on
    return parser.parse_args(), parser


def main() -> int:
    options, parser = parse()
    tiers = options.tier or TIERS
    if options.program is not None:
        if not options.program:
            parser.error("--program: which?")
        small, _, large = (options.sizes or "").partition(",")
        sizes = (int(small), int(large)) if small else None
        print(time_program(options.program, tiers, options.rounds, sizes))
        return 0
    if options.translation:
        importlib.import_module("replay").replay(options.kernel, options.rounds)
        return 0
    unknown = [k for k in options.kernel if "=" not in k and k not in SIZES]
    if unknown:
        parser.error(f"no kernel {', '.join(unknown)}; another file needs a size: FILE.c=SIZE")
    names = options.kernel or (QUICK if options.quick else SIZES)
    scale = QUICK_SCALE if options.quick else 1.0
    full = not options.kernel and not options.quick
    kernels = [kernel(name, scale) for name in names]
    if options.browser:
        return in_browser(options, kernels)
    wanted = () if options.kernel else NAMES if full else ("sha256sum",)
    programs = [p for name in wanted if (p := program(name, scale))]
    chosen = runners(tiers, mounts())
    fast = [r for r in chosen if r.name in (NATIVE, "jit", "qemu")]
    hello = Workload("hello", build(SOURCES / "hello.c", COMPILER, ""), lambda _: (), 0)

    rounds = 1 if options.quick else options.rounds
    rest = 0.0 if options.kernel else 10.0 + 1.2 * len(kernels + programs)
    plan = [*pairs(kernels, chosen), *pairs(programs, fast)]
    clock = Clock(estimate(plan, rounds) + rest, options.limit)
    announce(clock, chosen, bool(programs) or bool(options.kernel))
    started = startup(hello, chosen, clock)  # first: it makes what elfin keeps between runs
    timings = measure(plan, rounds, clock)
    done, ran = timings[: len(kernels)], timings[len(kernels) :]
    sections = tables(options, done, ran, chosen, clock, started)
    clock.say(f"done after {clock.elapsed:.0f} s")
    if options.json:
        print("\n".join(report.json_lines(timings)))
    else:
        print("\n\n".join(f"{title}\n\n{text}" for title, text in sections if text))
    if options.document:
        command = shlex.join(["./dev", "bench", *sys.argv[1:]])
        counts = [len(t.slopes.get(NATIVE, ())) for t in timings]
        kept = page.browser_part(PAGE.read_text())
        PAGE.write_text(page.document(command, min(counts), sections) + kept)
        short = report.summary(done, ran, [r.name for r in chosen if r.name != NATIVE])
        README.write_text(page.put_into(README.read_text(), short))
    return 1 if any(t.failed for t in timings) else 0


def in_browser(options: argparse.Namespace, kernels: list[Workload]) -> int:
    """The same kernels in a page."""
    browser = importlib.import_module("browser")  # it needs Playwright, the rest does not
    clock = Clock(0.0, options.limit)
    sections, failed = browser.browse(kernels, 1 if options.quick else options.rounds, clock)
    clock.say(f"done after {clock.elapsed:.0f} s")
    print("\n\n".join(f"{title}\n\n{text}" for title, text in sections))
    if options.document:
        command = shlex.join(["./dev", "bench", *sys.argv[1:]])
        PAGE.write_text(page.with_browser(PAGE.read_text(), sections, command))
    return int(failed)


def pairs(workloads: list[Workload], chosen: list[Runner]) -> list[tuple[Workload, list[Runner]]]:
    """Each workload with those that can run it."""
    return [(w, [r for r in chosen if r.can_run(w)]) for w in workloads]


def announce(clock: Clock, chosen: list[Runner], with_programs: bool) -> None:
    """What will be missing, and how long it takes."""
    if not any(r.name == "qemu" for r in chosen):
        clock.say("no qemu-x86_64: apt-get install qemu-user")
    if not can_build_wasm():
        clock.say(f"the source is not built as Wasm: apt-get install {' '.join(WASM_PACKAGES)}")
    if not with_programs:
        clock.say("no busybox, so no programs: apt-get install busybox-static")
    clock.say(f"about {clock.left / 60:.1f} minutes, if nothing else runs")


def tables(
    options: argparse.Namespace,
    kernels: list[Timing],
    programs: list[Timing],
    chosen: list[Runner],
    clock: Clock,
    started: dict[str, list[Run]],
) -> list[tuple[str, str]]:
    """The titles and texts of the report; with kernels asked for by name only what was asked."""
    others = [r.name for r in chosen if r.name != NATIVE]
    few = [name for name in others if name in ("jit", "qemu")]
    has_jit = "jit" in others
    made = translations([t.workload for t in kernels + programs], clock) if has_jit else []
    hashed = None
    for timing in programs if "jit" in started and not options.quick else ():
        if timing.workload.name == "sha256sum" and timing.has("jit"):
            begin = statistics.median(run.cpu for run in started["jit"])
            jit = next(r for r in chosen if r.name == "jit")
            hashed = hashing(timing, jit, begin)
    return [
        ("What was asked", report.goals(kernels, programs, made, hashed) if has_jit else ""),
        ("Kernels, steady state, × native", report.steady(kernels, others)),
        ("Programs, steady state, × native", report.steady(programs, few) if programs else ""),
        ("Whole runs", report.whole(kernels + programs) if has_jit else ""),
        ("Translation, µs a guest instruction", report.translation(made) if made else ""),
        ("Warm-up", report.warm(hashed) if hashed else ""),
        ("Start-up", report.startup(started) if started else ""),
    ]


if __name__ == "__main__":
    sys.exit(main())
