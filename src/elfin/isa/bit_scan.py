"""Bit scans and counts (SDM vol. 2: BSF, BSR, LZCNT, POPCNT, TZCNT).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  Flags that the manual leaves undefined become what AMD processors make of them, so
        that no older value lives on.  16-bit operands are counted as i32.
"""

from __future__ import annotations

from elfin.ir.types import I16, I32
from elfin.ir.value import FALSE, Value, const, make
from elfin.isa.conditional import write_if
from elfin.isa.flags import parity
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem

BSF = rows("bsf", "SDM 2A BSF")
BSF("0F BC /r   G,v E,v")
BSR = rows("bsr", "SDM 2A BSR")
BSR("0F BD /r   G,v E,v")
TZCNT = rows("tzcnt", "SDM 2B TZCNT", "cpuid=bmi1")
TZCNT("F3 0F BC /r   G,v E,v")
LZCNT = rows("lzcnt", "SDM 2A LZCNT", "cpuid=lzcnt")
LZCNT("F3 0F BD /r   G,v E,v")
POPCNT = rows("popcnt", "SDM 2B POPCNT", "cpuid=popcnt")
POPCNT("F3 0F B8 /r   G,v E,v")


def trailing_zeros(a: Value) -> Value:
    """In a's type; the width for 0."""
    if a.type is I16:
        return make("ctz", I32, a.zext(I32) | 0x10000).trunc(I16)
    return make("ctz", a.type, a)


def leading_zeros(a: Value) -> Value:
    """In a's type; the width for 0."""
    if a.type is I16:
        return (make("clz", I32, a.zext(I32)) - 16).trunc(I16)
    return make("clz", a.type, a)


def scan(m: Sem, dst: Place, a: Value, index: Value) -> None:
    """The destination stays when the source is 0, the upper half of a 32-bit register included."""
    write_if(m, a.ne(0), dst, index)
    m.flags(c=FALSE, p=parity(index), a=FALSE, z=a.eq(0), s=FALSE, o=FALSE)


@semantics("bsf")
def bsf(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(src)
    scan(m, dst, a, trailing_zeros(a))


@semantics("bsr")
def bsr(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(src)
    scan(m, dst, a, const(a.type, a.type.bits - 1) - leading_zeros(a))


def count(m: Sem, dst: Place, a: Value, r: Value) -> None:
    m.write(dst, r)
    m.flags(c=a.eq(0), z=r.eq(0))


@semantics("tzcnt")
def tzcnt(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(src)
    count(m, dst, a, trailing_zeros(a))


@semantics("lzcnt")
def lzcnt(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(src)
    count(m, dst, a, leading_zeros(a))


@semantics("popcnt")
def popcnt(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(src)
    m.write(dst, make("popcnt", a.type, a))
    m.flags(c=FALSE, p=FALSE, a=FALSE, z=a.eq(0), s=FALSE, o=FALSE)
