"""A guest that generates new code for ever (c/rewriting.c, `hot`) does not make elfin grow: units and instances are
capped and given back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import elfin
from elfin import config
from elfin.hosts.wasmtime_owned import Module
from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit import lifted
from elfin.tiers.jit.engine import Translator
from tests.jit.programs import KERNELS, C, build, native, untimed

INSTANCES = 40
EVERY = 20  # translations between two looks
UNIT_BYTES = 100_000  # of one at most; the interpreter has more
MORE = 8 << 10  # KiB: the allocator's play


def resident() -> int:
    """KiB of this process in memory."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


class Watched(Translator):
    """Notes how much there is, now and then."""

    def __init__(self) -> None:
        super().__init__(hot=200)
        self.asked = 0
        self.sizes: list[int] = []

    def translate(self, memory: GuestMemory, pc: int, **options: Any) -> None:
        super().translate(memory, pc, **options)
        self.asked += 1
        if self.asked % EVERY == 0:
            assert self.units.bytes < 2 * config.UNITS_BYTES
            assert self.units.number <= config.UNITS
            assert all(len(one.units) <= INSTANCES for one in self.started.values())
            self.sizes.append(resident())


@pytest.mark.parametrize(("name", "most"), [("UNITS_BYTES", 60_000), ("UNITS", 60)])
def test_code_for_ever(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    made: list[Watched] = []
    monkeypatch.setattr(config, name, most)
    monkeypatch.setattr(config, "UNITS_OF_MEMORY", INSTANCES)
    monkeypatch.setattr(lifted, "MOST", 500)
    monkeypatch.setattr(policy, "Translator", lambda: made.append(Watched()) or made[0])
    renewals = []
    renew = GuestMemory.renew
    monkeypatch.setattr(GuestMemory, "renew", lambda self: renewals.append(renew(self)))
    command = [str(build(C / "rewriting.c")), "hot", "120"]
    done = elfin.run(command, capture_output=True, timeout=100, tier="jit")
    assert (done.returncode, done.stdout) == native(command)
    sizes = made[0].sizes
    third = len(sizes) // 3
    assert made[0].units.generation >= 3
    assert len(renewals) >= 6
    assert len(sizes) >= 12
    assert max(sizes[-third:]) < max(sizes[third : 2 * third]) + MORE, sizes


@pytest.mark.parametrize("behind", [False, True])
def test_no_room(monkeypatch: pytest.MonkeyPatch, behind: bool) -> None:
    """The host refuses the first module and each third one after it: what is there goes, and the guest goes on.
    `behind`: it is the thread that has it compiled."""
    made: list[Translator] = []
    asked: list[str] = []
    compile_ = WasmtimeHost.compile

    def compile_or_not(host: WasmtimeHost, wasm: bytes) -> Module:
        if len(wasm) < UNIT_BYTES:
            asked.append(threading.current_thread().name)
            if len(asked) % 3 == 1:
                raise MemoryError("no room")
        return compile_(host, wasm)

    def translator() -> Translator:
        made.append(Translator() if behind else Translator(hot=200))
        return made[0]

    monkeypatch.setattr(policy, "Translator", translator)
    monkeypatch.setattr(policy, "is_possible", lambda: behind)
    monkeypatch.setattr(WasmtimeHost, "compile", compile_or_not)
    renewals = []
    renew = GuestMemory.renew
    monkeypatch.setattr(GuestMemory, "renew", lambda self: renewals.append(renew(self)))
    code, *args = (KERNELS / "bytecode.c", "4") if behind else (C / "rewriting.c", "hot", "40")
    command = [str(build(code)), *args]
    done = elfin.run(command, capture_output=True, timeout=100, tier="jit")
    assert untimed((done.returncode, done.stdout)) == untimed(native(command))
    assert made[0].units.generation > 0
    assert behind or renewals  # what was started is given back, too
    assert (threading.main_thread().name not in asked) is behind
