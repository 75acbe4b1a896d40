"""`./dev bench --translation [NAME...]`: what it costs to translate, again and again, without running anything.

Input:  what the translator was asked in one run of each kernel and program: pieces of guest code, and what was known
        of them.  Recorded once, in `.cache/bench/asked`, so that other versions answer the same questions.
Output: microseconds a guest instruction by step, in CPU time; bytes of Wasm; a digest of all modules, by which to
        tell whether a change of the translator changed what it makes.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from measure import SOURCE
from programs import NAMES, mounts, program
from suite import SIZES, kernel

from elfin.cli.main import main
from elfin.decode.variant import VARIANTS
from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.ir.value import forget
from elfin.layout import GUEST_BASE
from elfin.tiers.jit import lifted, unit
from elfin.tiers.jit.code import Op, read_edges, read_run

ASKED: Final = Path(__file__).parents[1] / ".cache" / "bench" / "asked"
STEPS: Final = ("decode", "lift", "opt", "structure", "codegen", "engine")
ENGINE: Final = "engine"


@dataclass
class Question:
    """The arguments of one `unit.translate`, and what it asked in turn."""

    pc: int
    policy: Any
    most: int | None
    edges: dict[int, tuple[int, ...]]
    lines: dict[int, list[tuple[Any, ...]]] = field(default_factory=dict)
    known: dict[int, bool] = field(default_factory=dict)
    code: dict[int, bytes] = field(default_factory=dict)


def record(target: Path, command: list[str]) -> None:
    """Run elfin and write down what its translator is asked."""
    questions: list[Question] = []
    translate = unit.translate
    numbers = {variant: number for number, variant in enumerate(VARIANTS)}

    def asked(memory: Any, pc: int, policy: Any, **more: Any) -> Any:
        question = Question(pc, policy, more["most"], dict(read_edges(memory)))

        def read(memory: Any, at: int) -> list[Op]:
            ops = read_run(memory, at)
            question.lines[at] = [_row(op, numbers) for op in ops]
            return ops

        def is_known(at: int) -> bool:
            question.known[at] = more["is_known"](at)
            return question.known[at]

        own = {"read": read, "is_known": is_known}
        made = translate(memory, pc, policy, **(more | own))
        if made is not None:
            question.code = dict(made.code)
            questions.append(question)
        return made

    unit.translate = asked
    sys.argv = ["elfin", "run", "--tier", "jit", *command]
    status = main()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(pickle.dumps(questions))
    sys.exit(status)


def _row(op: Op, numbers: dict[Any, int]) -> tuple[Any, ...]:
    number = None if op.variant is None else numbers[op.variant]
    return (number, op.pc, op.length, op.scale, op.r, op.b, op.x, op.v, op.disp, op.imm)


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


def answer(name: str, questions: Iterable[Question], compiles: bool = True) -> Answers:
    """Translate everything once, as a process does that has just begun."""
    lifted._remembered.clear()
    if lifted._start:
        forget(lifted._start.pop())
    out = Answers(name)
    digest = hashlib.sha256()
    for q in questions:
        memory: Any = SimpleNamespace(space=SimpleNamespace(read=_reader(q)))
        ops = {at: [_op(row) for row in rows] for at, rows in q.lines.items()}
        times: dict[str, float] = {}
        made = unit.translate(
            memory,
            q.pc,
            q.policy,
            read=lambda _, at, ops=ops: ops.get(at, []),  # type: ignore[misc]
            edges=q.edges,
            most=q.most,
            is_known=lambda at, q=q: q.known.get(at, False),  # type: ignore[misc]
            watch=lambda making, times=times: times.update(making.seconds),  # type: ignore[misc]
        )
        if made is None:
            continue
        if compiles:
            start = time.process_time()
            _engine().compile(made.wasm)
            times[ENGINE] = time.process_time() - start
        out.ops += made.ops
        out.wasm += len(made.wasm)
        for step, seconds in times.items():
            out.seconds[step] += seconds
        digest.update(made.wasm)
    out.digest = digest.hexdigest()
    return out


def _reader(q: Question) -> Any:
    return lambda offset, size: q.code.get(offset - GUEST_BASE, b"")[:size]


def _op(row: tuple[Any, ...]) -> Op:
    number, *rest = row
    return Op(None if number is None else VARIANTS[number], *rest)


def questions(name: str, command: list[str]) -> list[Question]:
    """Those of a program, recorded if they were not yet."""
    path = ASKED / f"{name}.pickle"
    if not path.exists():
        words = [sys.executable, __file__, str(path), *command]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        done = subprocess.run(words, stdout=subprocess.DEVNULL, env=environment, check=False)
        if done.returncode:
            sys.exit(f"{name}: elfin ended with {done.returncode}")
    found: list[Question] = pickle.loads(path.read_bytes())
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
    asked = {name: questions(name, command) for name, command in commands(names).items()}
    print(HEAD)
    whole = Answers("together")
    digests = []
    for name, each in asked.items():
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
