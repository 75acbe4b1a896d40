"""x87 integers, packed decimals and exponents (SDM vol. 2: FIST, FISTTP, FBLD, FBSTP, FRNDINT, FSCALE ...).

The rows are in `x87.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from elfin.isa.row import semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.x87_operand import address, begin, number, offset, raise_pending


def _store(truncates: int, pops: int) -> Callable[[Sem, Place], None]:
    def meaning(m: Sem, dst: Place) -> None:
        raise_pending(m)
        how = (number(dst.type.bits), number(truncates), number(pops))
        m.call("x87_store_integer", None, m.rip, address(dst), offset(m, dst), *how)

    return meaning


semantics("fist")(_store(0, 0))
semantics("fistp")(_store(0, 1))
semantics("fisttp")(_store(1, 1))


@semantics("fbld")
def fbld(m: Sem, src: Place) -> None:
    raise_pending(m)
    m.call("x87_load_decimal", None, m.rip, address(src), offset(m, src))


@semantics("fbstp")
def fbstp(m: Sem, dst: Place) -> None:
    raise_pending(m)
    m.call("x87_store_decimal", None, m.rip, address(dst), offset(m, dst))


@semantics("frndint")
def frndint(m: Sem) -> None:
    begin(m)
    m.call("x87_round_to_integer", None)


@semantics("fscale")
def fscale(m: Sem) -> None:
    begin(m)
    m.call("x87_scale", None)


@semantics("fxtract")
def fxtract(m: Sem) -> None:
    begin(m)
    m.call("x87_extract", None)


@semantics("fprem")
def fprem(m: Sem) -> None:
    begin(m)
    m.call("x87_remainder", None, number(0))


@semantics("fprem1")
def fprem1(m: Sem) -> None:
    begin(m)
    m.call("x87_remainder", None, number(1))
