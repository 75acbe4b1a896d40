"""`./dev bench --translation [NAME...]`: what it costs to translate, again and again, without running anything.

Input:  the plans that the translator made in one run of each kernel and program.  Recorded once, in
        `.cache/bench/asked`, so that other versions carry out the same ones.
Output: microseconds a guest instruction by step, in CPU time; bytes of Wasm; a digest of all modules, by which to
        tell whether a change of the translator changed what it makes.
"""

from __future__ import annotations

import hashlib
import importlib
import pickle
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from measure import environment
from programs import NAMES, mounts, program
from suite import SIZES, kernel

from elfin.cli.main import main
from elfin.decode.variant import VARIANTS, Variant
from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.ir.value import forget
from elfin.records import dataclass, field, replace
from elfin.tiers.jit import lifted, unit
from elfin.tiers.jit.plan import Plan
from elfin.tiers.jit.store import SIZE

ASKED: Final = Path(__file__).parents[1] / ".cache" / "bench" / "asked"
STEPS: Final = ("decode", "lift", "opt", "structure", "codegen", "engine")
ENGINE: Final = "engine"
NUMBERS: Final = {variant: number for number, variant in enumerate(VARIANTS)}


def record(target: Path, command: list[str]) -> None:
    """Run elfin and write down what its translator is asked to make."""
    plans: list[Plan] = []
    make = unit._make

    def asked(plan: Plan) -> Any:
        plans.append(plan)
        return make(plan)

    unit._make = asked
    sys.argv = ["elfin", "run", "--tier", "jit", *command]
    status = main()
    nowhere: Any = None
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        _Pickler(file).dump([replace(plan, memory=nowhere) for plan in plans])
    sys.exit(status)


class _Pickler(pickle.Pickler):
    """Variants are written as their numbers."""

    def persistent_id(self, thing: Any) -> int | None:
        return NUMBERS[thing] if isinstance(thing, Variant) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, number: int) -> Variant:
        return VARIANTS[number]


@dataclass
class Answers:
    """What translating all of a program's units took."""

    name: str
    ops: int = 0
    wasm: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.0))
    digest: str = ""

    def add(self, other: Answers) -> None:
        self.ops += other.ops
        self.wasm += other.wasm
        for step, seconds in other.seconds.items():
            self.seconds[step] += seconds

    def row(self) -> str:
        each = [self.seconds[step] / self.ops * 1e6 for step in STEPS]
        cells = "".join(f"{value:10.1f}" for value in (*each, sum(each), self.wasm / self.ops))
        return f"{self.name:12}{self.ops:8}{cells}  {self.digest[:12]}"


HEAD: Final = f"{'':12}{'ops':>8}" + "".join(f"{n:>10}" for n in (*STEPS, "together", "bytes"))


@cache
def _engine() -> WasmtimeHost:
    return WasmtimeHost()


def answer(name: str, plans: Iterable[Plan], compiles: bool = True) -> Answers:
    """Translate everything once, as a process does that has just begun."""
    lifted._remembered.clear()
    if lifted._start:
        forget(lifted._start.pop())
    out = Answers(name)
    digest = hashlib.sha256()
    for plan in plans:
        making = unit.make(plan)
        seconds, made = dict(making.seconds), making.unit
        if compiles:
            start = time.process_time()
            _engine().compile(made.wasm)
            seconds[ENGINE] = time.process_time() - start
        out.ops += made.ops
        out.wasm += len(made.wasm)
        for step, took in seconds.items():
            out.seconds[step] += took
        digest.update(made.wasm)
    out.digest = digest.hexdigest()
    return out


def asked(name: str, command: list[str]) -> list[Plan]:
    """What a program's run asked for, recorded if it was not yet."""
    path = ASKED / f"{name}.pickle"
    if not path.exists():
        words = [sys.executable, __file__, str(path), *command]
        own = {**environment(), SIZE: "0"}
        done = subprocess.run(words, stdout=subprocess.DEVNULL, env=own, check=False)
        if done.returncode:
            sys.exit(f"{name}: elfin ended with {done.returncode}")
    with path.open("rb") as file:
        found: list[Plan] = _Unpickler(file).load()
    return found


def commands(names: Iterable[str]) -> dict[str, list[str]]:
    """The small runs of kernels and programs by name, or of all."""
    shown = [word for path in mounts() for word in ("--mount", f"{path}:{path}")]
    found = {}
    for name in names or (*SIZES, *NAMES):
        workload = program(name, 1.0) if name in NAMES else kernel(name, 0.1)
        if workload is not None:
            arguments = workload.arguments(workload.sizes(1.0)[0])
            found[name] = [*shown, str(workload.program), *arguments]
    return found


def replay(names: Iterable[str], rounds: int, compiles: bool = True) -> None:
    """Print the best of some rounds of each."""
    plans = {name: asked(name, command) for name, command in commands(names).items()}
    print(HEAD)
    whole = Answers("together")
    digests = []
    for name, each in plans.items():
        tries = [answer(name, each, compiles) for _ in range(rounds)]
        if not tries[0].ops:
            continue
        best = min(tries, key=lambda a: sum(a.seconds.values()))
        print(best.row(), flush=True)
        whole.add(best)
        digests.append(best.digest)
    whole.digest = hashlib.sha256("".join(digests).encode()).hexdigest()
    print(whole.row())


if __name__ == "__main__":
    # By the module's name, so that what is pickled is found again.
    importlib.import_module("replay").record(Path(sys.argv[1]), sys.argv[2:])
