"""All core functions as IR: what every tier's module can call.

Input:  the modules that hold dialect code, listed here by name.
Output: `functions()`, one `ir.stmt.Function` each; `imports()`; `DATA`, the tables that they expect in memory.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from elfin import layout
from elfin.core import (
    arith,
    cache,
    clock,
    cpuid,
    divide,
    fault,
    float32,
    float64,
    float_compare,
    float_convert,
    float_limits,
    float_packed,
    float_packed_compare,
    float_packed_convert,
    float_state,
    guest,
    leaves,
    mxcsr,
    quick,
    quick_clock,
    reciprocal,
    segment,
    softfloat,
    softfloat_arith,
    softfloat_convert,
    stack,
    string,
    x87_arith,
    x87_compare,
    x87_environment,
    x87_integer,
    x87_move,
    x87_narrow,
    x87_number,
    x87_scale,
    x87_state,
)
from elfin.core.dialect_compile import compile_function
from elfin.core.dialect_inline import inlined
from elfin.core.reciprocal_table import TABLES
from elfin.decode import decoder, entry, operands, vector
from elfin.dialect import REGISTRY, CoreFunction
from elfin.ir.stmt import Function

MODULES: Final[tuple[ModuleType, ...]] = (
    arith,
    cache,
    clock,
    cpuid,
    decoder,
    divide,
    entry,
    fault,
    float32,
    float64,
    float_compare,
    float_convert,
    float_limits,
    float_packed,
    float_packed_compare,
    float_packed_convert,
    float_state,
    guest,
    leaves,
    mxcsr,
    operands,
    quick,
    quick_clock,
    reciprocal,
    segment,
    softfloat,
    softfloat_arith,
    softfloat_convert,
    stack,
    string,
    vector,
    x87_arith,
    x87_compare,
    x87_environment,
    x87_integer,
    x87_move,
    x87_narrow,
    x87_number,
    x87_scale,
    x87_state,
)

# Address in the Wasm memory, and bytes.
DATA: Final[tuple[tuple[int, bytes], ...]] = ((layout.RECIPROCALS, TABLES),)


def functions(*modules: ModuleType) -> list[Function]:
    """The functions of these modules, or of all."""
    names = {module.__name__ for module in modules or MODULES}
    rows = [r for r in REGISTRY.values() if r.__module__ in names and not r.imported]
    return inlined(compile_function(r) for r in rows)


def imports() -> list[CoreFunction[..., object]]:
    """The functions that the host gives."""
    return [r for r in REGISTRY.values() if r.imported]


def row(name: str) -> CoreFunction[..., object]:
    """The row of a core function."""
    return REGISTRY[name]
