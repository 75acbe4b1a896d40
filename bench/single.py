"""`./dev bench --program PATH ARGS...`: any static program in the same way.

With `--sizes SMALL,LARGE` and `{}` among the arguments, the steady state too.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from measure import Run, RunError, Runner, runners
from report import figure, row
from rounds import NATIVE, Clock
from suite import Workload

PLACE = "{}"


def time_program(
    words: Sequence[str], tiers: Sequence[str], rounds: int, sizes: tuple[int, int] | None
) -> str:
    """A table of the runners.  Files among the arguments are shown to the guest."""
    program = Path(words[0]).resolve()
    arguments = [str(Path(w).resolve()) if Path(w).is_file() else w for w in words[1:]]
    folders = sorted({Path(w).parent for w in arguments if Path(w).is_file()})
    workload = Workload(
        program.name,
        program,
        lambda size: tuple(w.replace(PLACE, str(size)) for w in arguments),
        sizes[1] if sizes else 0,
    )
    chosen = [r for r in runners(tiers, folders) if not r.takes_wasm]
    return _table(_measure(chosen, workload, rounds, sizes))


def _measure(
    chosen: Sequence[Runner], workload: Workload, rounds: int, sizes: tuple[int, int] | None
) -> dict[str, list[tuple[Run, Run | None]]]:
    """A large run and a small one a round, the runners in turn; a round before them does not count."""
    clock = Clock(0.0, 0.0)
    runs: dict[str, list[tuple[Run, Run | None]]] = {runner.name: [] for runner in chosen}
    for number in range(rounds + 1):
        for runner in [r for r in chosen if r.name in runs]:
            try:
                small = runner.run(workload, sizes[0]) if sizes else None
                if number:
                    runs[runner.name].append((runner.run(workload, workload.size), small))
                elif small is None:
                    runner.run(workload, 0)
            except RunError as error:
                clock.say(f"{runner.name}: {error}")
                del runs[runner.name]
    return runs


def _table(runs: dict[str, list[tuple[Run, Run | None]]]) -> str:
    head = ["", "CPU s", "±", "wall s", "/ native", "steady s", "/ native", "prints"]
    lines = [row(head), "|---" * len(head) + "|"]
    whole: dict[str, float] = {}
    steady: dict[str, float] = {}
    for name, found in runs.items():
        cpu = [large.cpu for large, _ in found]
        whole[name] = max(statistics.median(cpu), 1e-4)
        slopes = [large.cpu - small.cpu for large, small in found if small is not None]
        steady[name] = max(statistics.median(slopes), 1e-4) if slopes else 0.0
        cells = [
            name,
            f"{whole[name]:.3f}",
            f"{(max(cpu) - min(cpu)) / 2 / whole[name]:.0%}",
            f"{statistics.median(large.wall for large, _ in found):.3f}",
            figure(whole[name] / whole[NATIVE]) if NATIVE in whole else "-",
            f"{steady[name]:.3f}" if slopes else "-",
            figure(steady[name] / steady[NATIVE]) if slopes and NATIVE in steady else "-",
            found[0][0].check,
        ]
        lines.append(row(cells))
    return "\n".join(lines)
