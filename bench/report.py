"""What the rounds say, as Markdown tables and as JSON lines."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Sequence

from measure import Run
from rounds import NATIVE, Timing
from warmup import Hashing, Translation, total

TITLES = {
    "jit": "jit",
    "interp": "interp",
    "qemu": "qemu-user",
    "wasm": "source as Wasm, wasmtime",
    "v8": "source as Wasm, V8 (optimised)",
    "page": "elfin in Chromium",
    "page-wasm": "source as Wasm, Chromium",
}


def steady(timings: Sequence[Timing], names: Sequence[str]) -> str:
    """Steady state as a multiple of native, one line a workload, then the geometric means."""
    head = ["", "native s"]
    for name in names:
        head += [TITLES.get(name, name), *(["±"] if name == "jit" else [])]
    lines = [row(head), "|---" * len(head) + "|"]
    for t in timings:
        cells = [t.workload.name, f"{median(t.slopes.get(NATIVE, [])):.3f}"]
        for name in names:
            cells.append(figure(t.ratio(name)) if t.has(name, NATIVE) else "-")
            if name == "jit":
                cells.append(_spread(t, name))
        lines.append(row(cells))
    cells = ["geometric mean", ""]
    for name in names:
        cells += [figure(mean(timings, name, NATIVE)), *([""] if name == "jit" else [])]
    return "\n".join([*lines, row(cells)])


def _spread(timing: Timing, name: str) -> str:
    """Nothing where only one round was run."""
    rounds = len(timing.slopes.get(name, ()))
    return f"{timing.spread(name):.0%}" if rounds > 1 and timing.has(name, NATIVE) else "-"


def mean(timings: Sequence[Timing], name: str, base: str) -> float:
    """The geometric mean of name / base, over the workloads that have both; 0 for none."""
    ratios = [t.ratio(name, base) for t in timings if t.has(name, base)]
    return statistics.geometric_mean(ratios) if ratios else 0.0


def goals(
    kernels: Sequence[Timing],
    programs: Sequence[Timing],
    made: Sequence[Translation],
    hashed: Hashing | None,
) -> str:
    """What was asked beside what was measured."""
    lines = [row(["asked", "at most", "measured", "worst"]), "|---|---|---|---|"]

    def add(what: str, limit: str, value: float, worst: str = "") -> None:
        if value:
            lines.append(row([what, limit, figure(value), worst]))

    add("kernels: jit / native, geometric mean", "2.0", mean(kernels, "jit", NATIVE))
    for group, title, limit in ((kernels, "kernels", "4"), (programs, "programs", "3")):
        top = extreme(group, "jit", NATIVE, max)
        add(f"{title}: jit / native, the slowest", limit, *top)
    add("jit / qemu-user, geometric mean", "0.33", mean(kernels, "jit", "qemu"))
    add("jit / qemu-user, the slowest", "1", *extreme(kernels, "jit", "qemu", max))
    add("jit / source as Wasm on wasmtime, geometric mean", "1.5", mean(kernels, "jit", "wasm"))
    add("jit / interp, geometric mean", "0.1", mean(kernels, "jit", "interp"))
    if made:
        add("translation, µs a guest instruction", "40", total(made).each)
    if hashed is not None:
        whole = hashed.cpu / hashed.steady
        add("sha256sum of 30 MB: whole run / steady state", "1.3", whole)
        again = hashed.kept / hashed.steady
        add("the same with translations that an earlier run kept", "1.3", again)
    return "\n".join(lines)


def summary(kernels: Sequence[Timing], programs: Sequence[Timing], names: Sequence[str]) -> str:
    """The geometric means of the kernels, and each program."""
    names = [name for name in names if mean(kernels, name, NATIVE)]
    lines = [row(["", *(TITLES.get(n, n) for n in names)]), "|---" * (len(names) + 1) + "|"]
    means = [figure(mean(kernels, name, NATIVE)) for name in names]
    lines.append(row([f"{len(kernels)} kernels, geometric mean", *means]))
    for t in programs:
        cells = [figure(t.ratio(n)) if t.has(n, NATIVE) else "" for n in names]
        lines.append(row([f"busybox {t.workload.name}", *cells]))
    return "\n".join(lines)


def extreme(
    timings: Sequence[Timing], name: str, base: str, choose: Callable[..., tuple[float, str]]
) -> tuple[float, str]:
    found = [(t.ratio(name, base), t.workload.name) for t in timings if t.has(name, base)]
    return choose(found) if found else (0.0, "")


def whole(timings: Sequence[Timing]) -> str:
    """Whole runs, start-up and translation included, of about a second natively."""
    head = ["", "size", "native s", "jit s", "jit / native", "jit, wall s"]
    lines = [row(head), "|---" * len(head) + "|"]
    for t in timings:
        if t.has("jit", NATIVE):
            cells = [f"{t.cpu(NATIVE):.2f}", f"{t.cpu('jit'):.2f}", figure(t.whole_ratio("jit"))]
            name, size = t.workload.name, str(t.workload.size)
            lines.append(row([name, size, *cells, f"{t.wall('jit'):.2f}"]))
    return "\n".join(lines)


def translation(made: Sequence[Translation]) -> str:
    """Microseconds a guest instruction, by step."""
    together = total(made)
    head = ["", "instructions", *together.seconds, "together", "ran translated"]
    lines = [row(head), "|---" * len(head) + "|"]
    for t in [*made, together]:
        parts = [f"{t.part(part):.1f}" for part in together.seconds]
        ran = f"{t.translated:.1f} %" if t is not together else ""
        lines.append(row([t.name, str(t.ops), *parts, f"{t.each:.1f}", ran]))
    return "\n".join(lines)


def warm(hashed: Hashing) -> str:
    rest = (hashed.cpu - hashed.start) / hashed.steady
    again = (hashed.kept - hashed.start) / hashed.steady
    return (
        f"`busybox sha256sum` of 30 MB: {hashed.steady:.3f} s in steady state; the whole run takes"
        f" {hashed.cpu:.3f} s of CPU ({hashed.cpu / hashed.steady:.2f} times that; {rest:.2f} times"
        f" without the {hashed.start:.3f} s of a hello), {hashed.wall:.3f} s on the clock. With the translations that"
        f" an earlier run kept it is {hashed.kept:.3f} s"
        f" ({hashed.kept / hashed.steady:.2f} times; {again:.2f} times without the hello)."
    )


def startup(hello: dict[str, list[Run]]) -> str:
    """Wall and CPU time of a static hello, milliseconds."""
    lines = [row(["hello", "wall ms", "CPU ms"]), "|---|---|---|"]
    for name, runs in hello.items():
        wall, cpu = (
            statistics.median(t) * 1000 for t in zip(*((r.wall, r.cpu) for r in runs), strict=True)
        )
        lines.append(row([TITLES.get(name, name), f"{wall:.1f}", f"{cpu:.1f}"]))
    return "\n".join(lines)


def json_lines(timings: Sequence[Timing]) -> Iterator[str]:
    for t in timings:
        for name, slopes in t.slopes.items():
            if t.has(name, NATIVE):
                yield json.dumps(
                    {
                        "bench": t.workload.name,
                        "size": t.workload.size,
                        "runner": name,
                        "rounds": len(slopes),
                        "steady": median(slopes),
                        "ratio": t.ratio(name),
                        "spread": t.spread(name),
                        "whole": t.cpu(name),
                    }
                )


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def figure(value: float) -> str:
    """Three digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
