"""All core functions as IR.

Output: `functions()`, one `ir.stmt.Function` each; `DATA`, the tables that they expect in memory.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from elfin import layout
from elfin.core.dialect_compile import compile_function
from elfin.core.dialect_inline import inlined
from elfin.core.functions import MODULES
from elfin.core.reciprocal_table import TABLES
from elfin.dialect import REGISTRY
from elfin.ir.stmt import Function

# Address in the Wasm memory, and bytes.
DATA: Final[tuple[tuple[int, bytes], ...]] = ((layout.RECIPROCALS, TABLES),)


def functions(*modules: ModuleType) -> list[Function]:
    """The functions of these modules, or of all."""
    names = {module.__name__ for module in modules or MODULES}
    rows = [r for r in REGISTRY.values() if r.__module__ in names and not r.imported]
    return inlined(compile_function(r) for r in rows)
