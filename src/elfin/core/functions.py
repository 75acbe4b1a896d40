"""All core functions, which every tier's module can call: their rows, of which a translation needs no more.

Input:  the modules that hold dialect code, listed here by name.
Output: `row` and `imports`; `MODULES`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from elfin.dialect import REGISTRY, CoreFunction

CORE: Final = """
    arith cache clock cpuid divide fault float32 float64 float_compare float_convert
    float_limits float_packed float_packed_compare float_packed_convert float_state guest leaves
    mxcsr quick quick_clock reciprocal segment softfloat softfloat_arith softfloat_convert stack
    string x87_arith x87_compare x87_environment x87_integer x87_move x87_narrow x87_number
    x87_scale x87_state
"""
DECODE: Final = "decoder entry operands vector"
MODULES: Final[tuple[ModuleType, ...]] = (
    *(import_module(f"elfin.core.{name}") for name in CORE.split()),
    *(import_module(f"elfin.decode.{name}") for name in DECODE.split()),
)


def imports() -> list[CoreFunction[..., object]]:
    """The functions that the host gives."""
    return [r for r in REGISTRY.values() if r.imported]


def row(name: str) -> CoreFunction[..., object]:
    """The row of a core function."""
    return REGISTRY[name]
