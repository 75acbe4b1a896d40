"""A guest that generates new code for ever (c/rewriting.c, `hot`) does not make elfin grow: units and instances are
capped and given back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import elfin
from elfin import config
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit import lifted
from elfin.tiers.jit.engine import Translator
from tests.jit.programs import C, build, native

INSTANCES = 40
EVERY = 20  # translations between two looks
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
