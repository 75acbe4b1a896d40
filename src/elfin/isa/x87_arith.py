"""x87 arithmetic (SDM vol. 2: FADD, FSUB, FMUL, FDIV, FIADD ..., FSQRT).  The rows are in `x87.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.types import I32
from elfin.isa.row import semantics
from elfin.isa.sem import Mem, Place, Sem
from elfin.isa.x87_operand import begin, integer, number, operand, register

# Operations by the number in the opcode's reg field.
OPERATIONS: Final = {"add": 0, "mul": 1, "sub": 4, "subr": 5, "div": 6, "divr": 7}


def _arith(operation: int, pops: int) -> Callable[..., None]:
    def meaning(m: Sem, dst: Place, src: Place | None = None) -> None:
        if src is not None:
            begin(m)
            to, other = register(dst), register(src)
            m.call("x87_arith", None, number(operation), to, other, number(pops))
            return
        value = operand(m, dst)
        assert isinstance(dst, Mem)
        name = "x87_arith_single" if dst.type is I32 else "x87_arith_double"
        m.call(name, None, number(operation), value)

    return meaning


def _arith_integer(operation: int) -> Callable[[Sem, Place], None]:
    def meaning(m: Sem, src: Place) -> None:
        m.call("x87_arith_integer", None, number(operation), integer(m, src))

    return meaning


for _name, _operation in OPERATIONS.items():
    semantics(f"f{_name}")(_arith(_operation, 0))
    semantics(f"f{_name}p")(_arith(_operation, 1))
    semantics(f"fi{_name}")(_arith_integer(_operation))


@semantics("fsqrt")
def fsqrt(m: Sem) -> None:
    begin(m)
    m.call("x87_sqrt", None)
