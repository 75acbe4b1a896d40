"""Every instruction: the place that lists, by name, the families of which only names are known.

Output: `FORMS`, each encoding once, in an order that only depends on the rows.  A form's number
        (`NUMBER[form]`) is its index here; the decoder's tables are numbered by it.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from elfin.isa import meant
from elfin.isa.row import Form, collected

NAMES: Final = """
    amx avx512_convert avx512_float avx512_fp16 avx512_integer avx512_mask avx512_move avx_float
    avx_integer bmi crypto mmx sse3 system_extensions threednow xop xsave
"""
FAMILIES: Final[tuple[ModuleType, ...]] = (
    *meant.FAMILIES,
    *(import_module(f"elfin.isa.{name}") for name in NAMES.split()),
)

FORMS: Final[tuple[Form, ...]] = tuple(collected())
NUMBER: Final[dict[Form, int]] = {form: number for number, form in enumerate(FORMS)}
