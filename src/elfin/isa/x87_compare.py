"""x87 comparisons (SDM vol. 2: FCOM, FUCOM, FICOM, FCOMI, FUCOMI, FTST, FXAM).  The rows are in `x87.py`."""

from __future__ import annotations

from collections.abc import Callable

from elfin.ir.types import I1, I32
from elfin.ir.value import const
from elfin.isa.row import semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.x87_operand import begin, integer, number, operand, register

C0, C2, C3 = 0x100, 0x400, 0x4000


def _compare(quiet_invalid: int, pops: int) -> Callable[..., None]:
    """FCOM and FUCOM; quiet NaNs are invalid for FCOM."""

    def meaning(m: Sem, first: Place | None = None, other: Place | None = None) -> None:
        if first is not None and other is None:
            value = operand(m, first)
            name = "x87_compare_single" if first.type is I32 else "x87_compare_double"
            m.call(name, None, value, number(pops))
            return
        begin(m)
        with_ = number(1) if other is None else register(other)
        m.call("x87_compare", None, with_, number(quiet_invalid), number(pops))

    return meaning


def _compare_flags(quiet_invalid: int, pops: int) -> Callable[[Sem, Place, Place], None]:
    def meaning(m: Sem, _: Place, other: Place) -> None:
        begin(m)
        result = m.compute(
            "x87_compare_flags", I32, register(other), number(quiet_invalid), number(pops)
        )
        m.flags(**{flag: (result & code).ne(0) for flag, code in (("z", C3), ("p", C2), ("c", C0))})
        m.flags(o=const(I1, 0), s=const(I1, 0), a=const(I1, 0))

    return meaning


def _compare_integer(pops: int) -> Callable[[Sem, Place], None]:
    def meaning(m: Sem, src: Place) -> None:
        m.call("x87_compare_integer", None, integer(m, src), number(pops))

    return meaning


for _name, _quiet_invalid in (("fcom", 1), ("fucom", 0)):
    for _pops, _suffix in enumerate(("", "p", "pp")):
        semantics(_name + _suffix)(_compare(_quiet_invalid, _pops))
    semantics(f"{_name}i")(_compare_flags(_quiet_invalid, 0))
    semantics(f"{_name}ip")(_compare_flags(_quiet_invalid, 1))
semantics("ficom")(_compare_integer(0))
semantics("ficomp")(_compare_integer(1))


@semantics("ftst")
def ftst(m: Sem) -> None:
    begin(m)
    m.call("x87_test", None)


@semantics("fxam")
def fxam(m: Sem) -> None:
    begin(m)
    m.call("x87_examine", None)
