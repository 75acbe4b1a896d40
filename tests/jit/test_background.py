"""Translations that are made in a thread while the guest goes on (`tiers/jit/background.py`)."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import elfin
from elfin import layout
from elfin.config import FIRST_RUN
from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit import unit
from elfin.tiers.jit.background import Background
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.plan import Plan, plan
from elfin.tiers.jit.policy import Policy
from tests.jit.programs import KERNELS, C, build, native, translated, untimed
from tests.program.runner import elfin_environment, elfin_run

AT = 0x401000
COUNT = bytes.fromhex("48ffc0 4839c8 75f8 cc")  # inc rax; cmp rax, rcx; jne; int3
OTHER = bytes.fromhex("48ffc8 4839c8 75f8 cc")
READ_EXECUTE = 5
PATIENCE = 60.0  # seconds on a busy machine


class Gate:
    """Lets the thread carry out plans only when it is open."""

    def __init__(self) -> None:
        self.open = Event()
        self.begun = Event()


CARRY_OUT = Background.carry_out
RUNS = (("fib", "31"), ("sha256", "20"), ("bytecode", "1"), ("fib", "29"))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()

    def carry_out(background: Background, plan: Plan) -> None:
        made.begun.set()
        assert made.open.wait(PATIENCE)
        CARRY_OUT(background, plan)

    monkeypatch.setattr(Background, "carry_out", carry_out)
    yield made
    made.open.set()


class Bench:
    """A translator with a thread, and memories that hold a loop."""

    def __init__(self) -> None:
        self.hardware, _ = policy.engine("jit", WasmtimeHost())
        self.translator = Translator()
        self.translator.ran = FIRST_RUN
        self.maker = self.translator.maker = Background(self.translator)
        self.memory = self.new_memory()

    def new_memory(self) -> GuestMemory:
        memory = self.hardware.new_memory()
        memory.protect(AT, 0x1000, READ_EXECUTE)
        self.put(memory, COUNT)
        return memory

    def put(self, memory: GuestMemory, code: bytes) -> None:
        memory.write(AT, code)
        memory.exports["drop_code"]()

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            self.maker.look()
            self.translator._translate_late(self.memory)
            time.sleep(0.001)

    def settle(self) -> None:
        """All that is on its way comes."""
        self.until(lambda: not self.maker.look())
        self.translator._translate_late(self.memory)

    def is_translated(self) -> bool:
        handler = self.memory.translated_handler
        return self.memory.exports["translated_index"](AT, handler) != 0


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_translates(bench: Bench) -> None:
    bench.translator.translate(bench.memory, AT)
    assert not bench.is_translated()
    bench.until(bench.is_translated)
    assert not bench.maker.has(AT)


def test_code_changes_meanwhile(bench: Bench, gate: Gate) -> None:
    bench.translator.translate(bench.memory, AT)
    bench.until(gate.begun.is_set)
    bench.put(bench.memory, OTHER)
    gate.open.set()
    bench.settle()
    assert not bench.is_translated()  # the unit is of other code
    bench.put(bench.memory, COUNT)
    bench.translator.translate(bench.memory, AT)
    assert bench.is_translated()  # it was kept


def test_permissions_change_meanwhile(bench: Bench, gate: Gate) -> None:
    bench.translator.translate(bench.memory, AT)
    bench.until(gate.begun.is_set)
    bench.memory.protect(AT, 0x1000, 1)
    gate.open.set()
    bench.settle()
    assert not bench.is_translated()


def test_policy_changes_meanwhile(bench: Bench, gate: Gate) -> None:
    bench.translator.translate(bench.memory, AT)
    bench.until(gate.begun.is_set)
    bench.memory.make_exact()
    bench.memory.exports["drop_code"]()
    gate.open.set()
    bench.settle()
    assert not bench.is_translated()


def test_memory_closed_meanwhile(bench: Bench, gate: Gate) -> None:
    bench.translator.translate(bench.memory, AT)
    bench.until(gate.begun.is_set)
    bench.memory.close()
    bench.memory = bench.new_memory()
    gate.open.set()
    bench.settle()
    bench.translator.translate(bench.memory, AT)
    assert bench.is_translated()  # another process may run the same program


def test_memory_renewed_meanwhile(bench: Bench, gate: Gate) -> None:
    bench.translator.translate(bench.memory, AT)
    bench.until(gate.begun.is_set)
    bench.memory.renew()
    gate.open.set()
    bench.until(bench.is_translated)


def test_wanted_once(bench: Bench, gate: Gate) -> None:
    for _ in range(5):
        bench.translator.translate(bench.memory, AT)
    bench.until(gate.begun.is_set)
    bench.translator.translate(bench.memory, AT)
    assert bench.maker.has(AT)
    gate.open.set()
    bench.settle()
    assert bench.translator.units.count() == 1


def test_hottest_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[int] = []

    def carry_out(background: Background, plan: Plan) -> None:
        order.append(plan.pc)
        CARRY_OUT(background, plan)

    monkeypatch.setattr(Background, "carry_out", carry_out)
    places = [AT + 0x100 * i for i in range(4)]
    for i, at in enumerate(places):
        bench.memory.write(at, COUNT)
        bench.translator.worth.heat[at] = 10 + i
    bench.memory.exports["drop_code"]()
    for at in places:
        bench.translator.translate(bench.memory, at, weigh=True)
    bench.settle()
    assert order == places[::-1]


def test_one_unit_for_a_nest(bench: Bench) -> None:
    """The inner loop is hotter; the unit of the outer one, which is wanted too, has it inside."""
    outer = bytes.fromhex("b9e8030000 48ffc0 ffc9 75f9 ffca 75f0 cc")  # the inner loop is 5 behind
    bench.put(bench.memory, outer)
    heat = bench.translator.worth.heat
    heat[AT], heat[AT + 5] = 5, 12
    bench.translator.translate(bench.memory, AT + 5, weigh=True)
    bench.translator.translate(bench.memory, AT, weigh=True)
    bench.settle()
    assert bench.is_translated()
    assert bench.translator.units.count() == 1


def test_waits_for_what_it_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of what nearly all instructions so far were of is carried out before the guest goes on."""
    bench.translator.translate(bench.memory, AT)
    bench.until(bench.is_translated)  # the import is done
    at = AT + 0x100
    bench.memory.write(at, OTHER)
    bench.memory.exports["drop_code"]()
    monkeypatch.setattr(Plan, "executed", bench.translator.ran)
    bench.translator.translate(bench.memory, at)
    assert not bench.maker.look()


def test_executed(bench: Bench) -> None:
    """The count of a branch, times what is in line behind it."""
    cpu = bench.hardware.new_cpu()
    cpu.gpr[1] = 1000
    cpu.rip = AT
    bench.memory.space.write(layout.STATE, cpu.file)
    bench.memory.set_hot(bench.translator.hot)
    bench.memory.run(1 << 20)
    made = plan(bench.memory, AT, Policy())
    assert made is not None
    assert made.executed == 999 * 3


def test_error_reaches_the_machine(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(plan: Plan) -> Any:
        raise ZeroDivisionError("of the translator")

    monkeypatch.setattr(unit, "make", fail)
    bench.translator.translate(bench.memory, AT)
    with pytest.raises(ZeroDivisionError, match="of the translator"):
        bench.until(lambda: False)
    assert not bench.maker.has(AT)


def test_guest_goes_on(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program comes to its end while its first plan still waits."""
    monkeypatch.setattr(policy, "is_possible", lambda: True)
    command = [str(build(KERNELS / "fib.c")), "31"]
    assert untimed(translated("jit", command)) == untimed(native(command))
    assert gate.begun.is_set()


def test_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "is_possible", lambda: False)
    _, translator = policy.engine("jit", WasmtimeHost())
    assert isinstance(translator, Translator)
    assert translator.maker is None


@pytest.mark.parametrize("number", ("22", "28", "29", "31"))
def test_exit_meanwhile(number: str) -> None:
    """The thread is at all kinds of work when the program ends: nothing is waited for, nothing is said."""
    program = str(build(KERNELS / "fib.c"))
    command = elfin_run("--tier", "jit", program, number)
    done = subprocess.run(
        command, capture_output=True, env=elfin_environment(), timeout=PATIENCE, check=False
    )
    assert untimed((done.returncode, done.stdout)) == untimed(native([program, number]))
    assert done.stderr == b""


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_killed_meanwhile(number: signal.Signals, tmp_path: Path) -> None:
    command = elfin_run("--tier", "jit", str(build(C / "endless.c")), "loop")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=elfin_environment()
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        assert run.stdout.readline() == b"begins\n"
        time.sleep(0.05)
        run.send_signal(number)
        assert run.wait(timeout=PATIENCE) == -number
        assert run.stderr.read() == b""


def test_machines_in_threads() -> None:
    commands = [[str(build(KERNELS / f"{name}.c")), size] for name, size in RUNS]
    results: dict[int, tuple[int, bytes]] = {}

    def run(i: int) -> None:
        done = elfin.run(commands[i], capture_output=True, timeout=100, tier="jit")
        results[i] = untimed((done.returncode, done.stdout))

    threads = [Thread(target=run, args=(i,)) for i in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert results == {i: untimed(native(command)) for i, command in enumerate(commands)}


def test_after_fork_of_the_host() -> None:
    """A child of the host's process has no such thread, and starts its own."""
    program = str(build(KERNELS / "fib.c"))
    script = f"""
import os, elfin
run = lambda: elfin.run([{program!r}, "30"], capture_output=True, timeout=50, tier="jit").stdout.split()[2]
first = run()
if (child := os.fork()) == 0:
    os._exit(run() != first)
assert os.waitpid(child, 0)[1] == 0
assert run() == first
"""
    subprocess.run([sys.executable, "-c", script], env=elfin_environment(), timeout=100, check=True)
