"""`./dev bench [KERNEL...]`: the kernels natively and under elfin, side by side in one run."""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from measure import Run, Runner, runners
from report import Result, document, json_lines, startup_lines, table
from suite import SIZES, build

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
TIERS = ("interp", "jit")


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev bench", description=__doc__)
    parser.add_argument("kernel", nargs="*", help=f"of {', '.join(SIZES)} (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--tier", action="append", help=f"may be repeated (default {TIERS})")
    parser.add_argument("--size", type=float, default=1.0, help="factor on every size")
    parser.add_argument("--json", action="store_true", help="a JSON line a kernel and runner")
    parser.add_argument("--document", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    unknown = set(options.kernel) - SIZES.keys()
    if unknown:
        parser.error(f"no kernel {', '.join(sorted(unknown))}")
    tiers = options.tier or TIERS
    chosen = runners(tiers)
    hello = measure_startup(chosen)
    startup = {name: statistics.median(r.cpu for r in runs) for name, runs in hello.items()}
    results = [
        Result(name, max(1, round(size * options.size)), startup)
        for name, size in SIZES.items()
        if not options.kernel or name in options.kernel
    ]
    measure(results, chosen, options.runs)
    if options.json:
        print("\n".join(json_lines(results)))
        return 0
    others = [r.name for r in chosen if r.name not in ("native", *tiers)]
    text = f"{table(results, tiers, others)}\n\n{startup_lines(hello)}"
    print(text)
    if options.document:
        PAGE.write_text(document(text, options.runs))
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


if __name__ == "__main__":
    sys.exit(main())
