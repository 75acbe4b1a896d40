"""Every instruction: the one place that lists the families by name.

Output: `FORMS`, each encoding once, in an order that only depends on the rows.  A form's number
        (`NUMBER[form]`) is its index here; the decoder's tables and the handlers are numbered by it.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from elfin.isa.row import Form, collected

FAMILIES: Final[tuple[ModuleType, ...]] = ()

FORMS: Final[tuple[Form, ...]] = tuple(collected())
NUMBER: Final[dict[Form, int]] = {form: number for number, form in enumerate(FORMS)}
