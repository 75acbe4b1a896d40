"""What the translator shows of its work: to `elfin show`, `--stats`, `--dump-translations`.

Nothing here runs unless somebody looks.
"""

from __future__ import annotations

from typing import Protocol

from elfin import config
from elfin.records import replace
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.code import Op, read_run
from elfin.tiers.jit.region import is_direct
from elfin.tiers.jit.unit import Making
from elfin.tiers.jit.units import Unit


class Watcher(Protocol):
    """Is told of each translation as it is made."""

    def made(self, making: Making) -> None: ...
    def compiled(self, unit: Unit, seconds: float) -> None:
        """The engine has turned the unit's Wasm into its own code."""
        ...

    def found(self, unit: Unit, seconds: float) -> None:
        """An earlier run had made the unit, and kept it."""
        ...


def read_warm(memory: GuestMemory, pc: int) -> list[Op]:
    """As `read_run`, for code that has not run: every direct branch as if it had been taken often."""
    return [replace(op, imm=config.WARM) if is_direct(op) else op for op in read_run(memory, pc)]
