"""Bit test and modification (SDM vol. 2: BT, BTC, BTR, BTS).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  A register bit offset reaches beyond a memory operand; an immediate one does not.
CF is the bit; ZF stays; OF, SF, AF and PF are undefined and left.
"""

from __future__ import annotations

from elfin.ir.types import I1, I8, I64
from elfin.ir.value import Value, const
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem

BT = rows("bt", "SDM 2A BT")
BT("""
0F A3 /r   E,v G,v
0F BA /4   E,v I,b
""")
BTS = rows("bts", "SDM 2A BTS")
BTS("""
0F AB /r   E,v G,v   lock
0F BA /5   E,v I,b   lock
""")
BTR = rows("btr", "SDM 2A BTR")
BTR("""
0F B3 /r   E,v G,v   lock
0F BA /6   E,v I,b   lock
""")
BTC = rows("btc", "SDM 2A BTC")
BTC("""
0F BB /r   E,v G,v   lock
0F BA /7   E,v I,b   lock
""")


def addressed(m: Sem, dst: Place, src: Place) -> tuple[Place, Value]:
    """The operand that holds the bit, and the bit's number in it (still to be taken modulo its width)."""
    offset = m.read(src)
    if offset.type is I8 and dst.type is not I8:
        return dst, offset.zext(dst.type)
    if isinstance(dst, Mem):
        width = dst.type.bits.bit_length() - 1
        units = offset.ashr(width).sext(I64)
        return Mem(m.binder.displaced(dst.address, units << width - 3), dst.type), offset
    return dst, offset


def modify(m: Sem, dst: Place, src: Place, change: str) -> None:
    place, number = addressed(m, dst, src)
    a = m.read(place)
    bit = const(a.type, 1) << number
    r = {"set": a | bit, "reset": a & ~bit, "complement": a ^ bit}[change]
    m.write(place, r)
    m.flags(c=(a >> number).trunc(I1))


@semantics("bt")
def bt(m: Sem, dst: Place, src: Place) -> None:
    place, number = addressed(m, dst, src)
    m.flags(c=(m.read(place) >> number).trunc(I1))


@semantics("bts")
def bts(m: Sem, dst: Place, src: Place) -> None:
    modify(m, dst, src, "set")


@semantics("btr")
def btr(m: Sem, dst: Place, src: Place) -> None:
    modify(m, dst, src, "reset")


@semantics("btc")
def btc(m: Sem, dst: Place, src: Place) -> None:
    modify(m, dst, src, "complement")
