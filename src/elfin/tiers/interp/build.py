"""core.wasm: the run function with all handlers, the core functions, the decoder's tables."""

from __future__ import annotations

from elfin import layout
from elfin.codegen import module
from elfin.core.build import DATA, functions
from elfin.decode import tables
from elfin.isa.vectors import UD
from elfin.runtime.host import WASM_PAGE
from elfin.tiers.interp.handlers import handlers
from elfin.tiers.interp.loop import run_function
from elfin.tiers.interp.lower import raise_fault


def build() -> bytes:
    """The interpreter's Wasm module: imports the memory, exports `run`."""
    cases, ends = handlers()
    table = tables.build()
    assert layout.TABLES + len(table) <= layout.TABLES_LIMIT
    return module.build(
        [run_function(cases, raise_fault(UD, 0)), *functions()],
        memory_import=("env", "memory", layout.GUEST_BASE // WASM_PAGE),
        data=[(layout.TABLES, table), (layout.ENDS, ends), *DATA],
        name="core",
    )
