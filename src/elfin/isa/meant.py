"""The instructions that have a meaning, which is all that a translator needs: two thirds of the rows only have a
name, and to read them would be a third of its import.

Output: `MEANT`, their forms, in an order that only depends on the rows.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from elfin.isa.row import Form, collected

NAMES: Final = """
    arithmetic bit_scan bit_test branch condition divide double_shift exchange extend
    flag_control hint logic move multiply privileged rotate segment shift sse2_integer sse2_pack
    sse2_shift sse4 sse_arith sse_cacheability sse_compare sse_convert sse_logic sse_move
    sse_mxcsr sse_shuffle stack string system x87 x87_arith x87_compare x87_control
    x87_environment x87_integer x87_move
"""
FAMILIES: Final[tuple[ModuleType, ...]] = tuple(
    import_module(f"elfin.isa.{name}") for name in NAMES.split()
)

MEANT: Final[tuple[Form, ...]] = tuple(form for form in collected() if form.implemented)
