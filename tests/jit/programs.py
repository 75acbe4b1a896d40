"""Programs natively and under the translator, each policy of `tests.program.policies`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

import elfin
from elfin import config
from elfin.kernel.exit import Engine
from elfin.machine import machine as host_choice
from elfin.tiers import policy
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.region import Region
from elfin.tiers.jit.unit import Making
from elfin.tiers.jit.units import Unit
from tests.jit.unprotected import UnprotectedHost
from tests.program.policies import TRANSLATORS

C: Final = Path(__file__).parent / "c"
KERNELS: Final = Path(__file__).parents[2] / "bench" / "kernels"
BUILT: Final = Path(__file__).parents[2] / ".cache" / "jit"
POLICIES: Final = tuple(TRANSLATORS)
each_policy = pytest.mark.parametrize("name", POLICIES)
each_budget = pytest.mark.parametrize("budget", [config.TURN_BUDGET, 1237])


class Seen:
    """What a run made and found: `Translator.watch`."""

    def __init__(self) -> None:
        self.made_units: list[Unit] = []
        self.found_units: list[Unit] = []
        self.regions: list[Region] = []  # of the units that were made

    def made(self, making: Making) -> None:
        self.made_units.append(making.unit)
        self.regions += [making.plan.region, *making.plan.small]

    def compiled(self, unit: Unit, seconds: float) -> None:
        pass

    def found(self, unit: Unit, seconds: float) -> None:
        self.found_units.append(unit)

    def counts(self) -> tuple[int, int]:
        """How many units were made, and how many were found."""
        return len(self.made_units), len(self.found_units)


def translator(machine: elfin.Machine) -> Translator:
    """The machine's engine."""
    engine: Engine = machine.engine
    assert isinstance(engine, Translator)
    return engine


def seen(command: Sequence[str]) -> Seen:
    """What a run made and found that gives what the processor gives."""
    with elfin.Machine(tier="jit") as machine:
        found = translator(machine).watch = Seen()
        done = machine.run(list(command), capture_output=True, timeout=100)
    assert (done.returncode, done.stdout) == native(command)
    return found


def build(source: Path, *options: str) -> Path:
    """The executable of a C file, kept until the file changes."""
    BUILT.mkdir(parents=True, exist_ok=True)
    parts = (source.stem, *(o.strip("-") for o in options), str(source.stat().st_mtime_ns))
    target = BUILT / "-".join(parts)
    if not target.exists():
        flags = ("-O2", "-static", "-w", "-mno-red-zone")
        part = target.with_name(f"{target.name}.{os.getpid()}")  # others may be at it
        command = ["gcc", *flags, *options, str(source), "-o", str(part), "-lm"]
        subprocess.run(command, check=True)
        part.rename(target)
    return target


def native(command: Sequence[str]) -> tuple[int, bytes]:
    """Status and output on the real machine."""
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout


def untimed(result: tuple[int, bytes]) -> tuple[int, bytes]:
    """A kernel's status, and its output but for the time."""
    return result[0], result[1].partition(b" t=")[0]


@contextmanager
def machine(name: str) -> Iterator[elfin.Machine]:
    """A machine with the translator of a policy, which begins at once: these programs are short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "Translator", TRANSLATORS[name])
        patch.setattr(config, "FIRST_RUN", 0)
        with elfin.Machine(tier="jit") as made:
            yield made


def translated(name: str, command: Sequence[str], **options: Any) -> tuple[int, bytes]:
    """Status and output under a policy."""
    with machine(name) as it:
        done = it.run(list(command), capture_output=True, timeout=100, **options)
        return done.returncode, done.stdout


def unprotected(
    patch: pytest.MonkeyPatch, command: Sequence[str], budget: int, *, patience: int = 1
) -> tuple[int, bytes]:
    """Status and output where the host cannot protect memory, with turns of `budget` instructions; translated at
    once, anew each time, and by the machine's own thread."""
    patch.setattr(host_choice, "this_host", UnprotectedHost)
    patch.setattr(config, "TURN_BUDGET", budget)
    patch.setattr(config, "FIRST_RUN", 0)
    patch.setattr(config, "PATIENCE", patience)
    patch.setattr(policy, "is_possible", lambda: False)
    patch.setenv("ELFIN_CACHE_SIZE", "0")
    done = elfin.run(command, capture_output=True, timeout=100, tier="jit")
    return done.returncode, done.stdout
