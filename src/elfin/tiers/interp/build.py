"""core.wasm: the run function with all handlers, the core functions, the decoder's tables."""

from __future__ import annotations

from elfin import layout
from elfin.codegen import module
from elfin.codegen.module import FunctionImport, Table
from elfin.config import TABLE_SIZE
from elfin.core.build import DATA, functions
from elfin.core.functions import imports
from elfin.decode import tables
from elfin.isa.vectors import UD
from elfin.runtime.host import WASM_PAGE
from elfin.tiers.interp.handlers import handlers
from elfin.tiers.interp.loop import run_function, run_functions
from elfin.tiers.interp.lower import raise_fault
from elfin.tiers.interp.translated import TRANSLATED, come_back


def build(profiled: bool = False, counted: bool = False) -> bytes:
    """The interpreter's Wasm module: imports the memory, exports `run`.

    Exports `note_clock` as well (`core/quick_clock.py`).
    `profiled`: the flavour under a translator.  It counts, exports the table that translated functions
    are put into, and the core functions that they call.  `counted`: the same for `--stats`.
    """
    cases, ends = handlers(profiled)
    undefined = raise_fault(UD, 0)
    if profiled:
        runs = run_functions(cases, undefined, come_back(counted), counted)
    else:
        runs = [run_function(cases, undefined)]
    core = functions()
    for function in core:
        if profiled or function.name == "note_clock":
            function.export = function.name
    table = tables.build()
    translated = TRANSLATED if profiled else 0
    assert layout.TABLES + len(table) <= layout.TABLES_LIMIT
    return module.build(
        [*runs, *core],
        memory_import=("env", "memory", layout.GUEST_BASE // WASM_PAGE),
        memory_export="memory",  # what the host's functions write to
        imports=[
            FunctionImport(r.name, r.params, () if r.result is None else (r.result,))
            for r in imports()
        ],
        table=Table(TABLE_SIZE, TABLE_SIZE, export="table") if profiled else None,
        data=[
            (layout.TABLES, table),
            (layout.ENDS, ends),
            (layout.TRANSLATED, translated.to_bytes(4, "little")),
            *DATA,
        ],
        name="core",
    )
