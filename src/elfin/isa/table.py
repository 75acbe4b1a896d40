"""Every instruction: the one place that lists the families by name.

Output: `FORMS`, each encoding once, in an order that only depends on the rows.  A form's number
        (`NUMBER[form]`) is its index here; the decoder's tables and the handlers are numbered by it.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from elfin.isa import (
    arithmetic,
    bit_scan,
    bit_test,
    branch,
    condition,
    divide,
    double_shift,
    exchange,
    extend,
    flag_control,
    hint,
    logic,
    move,
    multiply,
    privileged,
    rotate,
    segment,
    shift,
    sse2_integer,
    sse2_pack,
    sse2_shift,
    sse_logic,
    sse_move,
    sse_shuffle,
    stack,
    string,
    system,
)
from elfin.isa.row import Form, collected

FAMILIES: Final[tuple[ModuleType, ...]] = (
    arithmetic,
    bit_scan,
    bit_test,
    branch,
    condition,
    divide,
    double_shift,
    exchange,
    extend,
    flag_control,
    hint,
    logic,
    move,
    multiply,
    privileged,
    rotate,
    segment,
    shift,
    stack,
    sse2_integer,
    sse2_pack,
    sse2_shift,
    sse_logic,
    sse_move,
    sse_shuffle,
    string,
    system,
)

FORMS: Final[tuple[Form, ...]] = tuple(collected())
NUMBER: Final[dict[Form, int]] = {form: number for number, form in enumerate(FORMS)}
