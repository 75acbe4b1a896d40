"""String instructions (SDM vol. 2: CMPS, LODS, MOVS, SCAS, STOS, and REP).

Input:  `Sem`, and operands as `Place`s at rSI and rDI.
Output: effects in `Sem`.  One element is done here; the repeated forms are core functions, which advance
        the registers as far as they came before a fault (`core/string.py`).
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const
from elfin.isa.flags import REST, sub_flags
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.rflags import DF

MOVS = rows("movs", "SDM 2B MOVS", "rep")
MOVS("""
A4   Y,b X,b   as=movsb
A5   Y,v X,v   as=movsw/movsd/movsq
""")
CMPS = rows("cmps", "SDM 2A CMPS", "repz")
CMPS("""
A6   X,b Y,b   as=cmpsb
A7   X,v Y,v   as=cmpsw/cmpsd/cmpsq
""")
STOS = rows("stos", "SDM 2B STOS", "rep")
STOS("""
AA   Y,b AL    as=stosb
AB   Y,v rAX   as=stosw/stosd/stosq
""")
LODS = rows("lods", "SDM 2A LODS", "rep")
LODS("""
AC   AL X,b    as=lodsb
AD   rAX X,v   as=lodsw/lodsd/lodsq
""")
SCAS = rows("scas", "SDM 2B SCAS", "repz")
SCAS("""
AE   AL Y,b    as=scasb
AF   rAX Y,v   as=scasw/scasd/scasq
""")
RSI: Final = layout.RSI
RDI: Final = layout.RDI


def step(m: Sem, size: int) -> Value:
    """By how much rSI and rDI move: the element's bytes, or minus that when DF is set; an i64."""
    twice = 2 * size
    down = m.read(REST) >> (DF.bit_length() - twice.bit_length()) & twice
    return const(I64, size) - down


def advance(m: Sem, register: int, by: Value) -> None:
    type_ = I64 if m.address_size == 64 else I32
    slot = m.reg(register, type_)
    m.write(slot, m.read(slot) + by.trunc(type_))


def repeat(m: Sem, name: str, element: Place) -> None:
    """All elements in one core function.

    It gets the element's bytes, the segment base of rSI, the mask of the address size, and with which
    ZF to go on (2: any).
    """
    mask = const(I64, (1 << m.address_size) - 1)
    go_on = const(I32, {"rep": 1, "repne": 0}[m.rep])
    m.call(name, None, const(I32, element.type.bytes), m.segment, mask, go_on)


@semantics("movs")
def movs(m: Sem, dst: Place, src: Place) -> None:
    if m.rep:
        repeat(m, "repeat_movs", dst)
        return
    m.write(dst, m.read(src))
    by = step(m, dst.type.bytes)
    advance(m, RSI, by)
    advance(m, RDI, by)


@semantics("stos")
def stos(m: Sem, dst: Place, src: Place) -> None:
    if m.rep:
        repeat(m, "repeat_stos", dst)
        return
    m.write(dst, m.read(src))
    advance(m, RDI, step(m, dst.type.bytes))


@semantics("lods")
def lods(m: Sem, dst: Place, src: Place) -> None:
    if m.rep:
        repeat(m, "repeat_lods", src)
        return
    m.write(dst, m.read(src))
    advance(m, RSI, step(m, src.type.bytes))


@semantics("cmps")
def cmps(m: Sem, left: Place, right: Place) -> None:
    if m.rep:
        repeat(m, "repeat_cmps", left)
        return
    b = m.read(right)  # the first to fault
    a = m.read(left)
    by = step(m, left.type.bytes)
    advance(m, RSI, by)
    advance(m, RDI, by)
    sub_flags(m, a, b, a - b)


@semantics("scas")
def scas(m: Sem, left: Place, right: Place) -> None:
    if m.rep:
        repeat(m, "repeat_scas", right)
        return
    a, b = m.read(left), m.read(right)
    advance(m, RDI, step(m, right.type.bytes))
    sub_flags(m, a, b, a - b)
