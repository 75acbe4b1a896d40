"""Register writes that may not happen: what a 32-bit one that does not happen leaves in the upper half.

Input:  `Sem`, a condition, a register.
Output: effects in `Sem`.
"""

from __future__ import annotations

from elfin.ir.types import I32, I64
from elfin.ir.value import Value
from elfin.isa.sem import Place, Sem, Slot


def widened(register: Place) -> Slot:
    """All that a write to a general register changes: 64 bits where 32 are written."""
    assert isinstance(register, Slot) and register.gpr
    return Slot(register.offset, I64, gpr=True) if register.type is I32 else register


def write_if(m: Sem, when: Value, register: Place, value: Value) -> None:
    """A general register becomes `value` if `when` holds, and otherwise keeps all its bits."""
    whole = widened(register)
    m.write(whole, when.select(value.zext(whole.type), m.read(whole)))
