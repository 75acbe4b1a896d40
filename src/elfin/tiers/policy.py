"""Which tier runs a program, and what it needs.

Input:  a tier's name (`--tier`), a host, a limit of guest memory.
Output: what the kernel stands on: a `Hardware` that makes memories and registers, and an `Engine`.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.isa.features import FEATURES_D
from elfin.kernel.exit import Engine
from elfin.runtime.cpu import RegisterFile
from elfin.runtime.host import Host, Module
from elfin.runtime.memory import GuestMemory
from elfin.tiers.interp.artifact import core_module
from elfin.tiers.interp.engine import Interpreter
from elfin.tiers.jit.background import Background, is_possible
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.store import user_store

TIERS: Final = ("interp", "jit")


class WasmHardware:
    """Memories with the core module on them, and registers."""

    hwcap = FEATURES_D

    def __init__(self, host: Host, core: Module, limit: int, guarded: bool) -> None:
        self.host = host
        self.core = core
        self.limit = limit
        self.guarded = guarded

    def new_memory(self) -> GuestMemory:
        return GuestMemory(self.host, self.core, self.limit, guarded=self.guarded)

    def new_cpu(self) -> RegisterFile:
        return RegisterFile()

    def close(self) -> None:
        """Make no more memories."""
        del self.core


def engine(
    tier: str,
    host: Host,
    memory_limit: int = layout.GUEST_LIMIT,
    *,
    counted: bool = False,
    kept: bool = False,
) -> tuple[WasmHardware, Engine]:
    """The hardware and the engine of a tier; ValueError for a name that is not in TIERS.

    `counted`: memories count what translated code does (`core.leaves`), which costs a little.
    `kept`: translations are kept in the user's cache folder.
    """
    if tier not in TIERS:
        raise ValueError(f"there is no tier {tier!r}; there is {', '.join(TIERS)}")
    core = core_module(host, profiled=tier == "jit", counted=counted and tier == "jit")
    hardware = WasmHardware(host, core, memory_limit, guarded=tier == "jit")
    if tier != "jit":
        return hardware, Interpreter()
    translator = Translator()
    translator.store = user_store(host.name) if kept else None
    if translator.worth.weighs and is_possible():  # else what is hot is translated at once
        translator.maker = Background(translator)
    return hardware, translator
