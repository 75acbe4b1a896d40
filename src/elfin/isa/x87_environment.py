"""The x87 environment in memory (SDM vol. 2: FNSTENV, FLDENV, FNSAVE, FRSTOR).  The rows are in `x87.py`."""

from __future__ import annotations

from elfin.ir.value import Value
from elfin.isa.row import semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.x87_operand import address, number, raise_pending


def _narrow(m: Sem) -> Value:
    """With words of 16 bits?"""
    return number(int(m.size == 16))


@semantics("fnstenv")
def fnstenv(m: Sem, dst: Place) -> None:
    m.call("x87_store_environment", None, address(dst), _narrow(m))


@semantics("fnsave")
def fnsave(m: Sem, dst: Place) -> None:
    m.call("x87_save", None, address(dst), _narrow(m))


@semantics("fldenv")
def fldenv(m: Sem, src: Place) -> None:
    raise_pending(m)
    m.call("x87_load_environment", None, address(src), _narrow(m))


@semantics("frstor")
def frstor(m: Sem, src: Place) -> None:
    raise_pending(m)
    m.call("x87_restore", None, address(src), _narrow(m))
