"""Data movement without arithmetic (SDM vol. 2: BSWAP, LEA, MOV, MOVBE, XLAT).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  MOV of segment, control and debug registers is in `segment.py` and `system.py`.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I8, I16, I32
from elfin.ir.value import Value, const
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem

MOV = rows("mov", "SDM 2B MOV")
MOV("""
88 /r   E,b G,b
89 /r   E,v G,v
8A /r   G,b E,b
8B /r   G,v E,v
A0      AL O,b
A1      rAX O,v
A2      O,b AL
A3      O,v rAX
B0+r    Z,b I,b
B8+r    Z,v I,v
C6 /0   E,b I,b
C7 /0   E,v I,z
""")
LEA = rows("lea", "SDM 2A LEA", "noseg")
LEA("8D /r   G,v M,n")
MOVBE = rows("movbe", "SDM 2B MOVBE", "cpuid=movbe")
MOVBE("""
NFx 0F 38 F0 /r   G,v M,v
NFx 0F 38 F1 /r   M,v G,v
""")
BSWAP = rows("bswap", "SDM 2A BSWAP")
BSWAP("0F C8+r   Z,v")
XLAT = rows("xlat", "SDM 2D XLAT", "as=xlatb")
XLAT("D7   [rBX+AL],b")


@semantics("mov")
def mov(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, m.read(src))


@semantics("lea")
def lea(m: Sem, dst: Place, src: Place) -> None:
    assert isinstance(src, Mem)
    m.write(dst, src.address.trunc(dst.type))


def swap_bytes(x: Value) -> Value:
    """The bytes of x in the opposite order; x is an i16, i32 or i64."""
    if x.type is I16:
        wide = x.zext(I32)
        return (wide << 8 | wide >> 8).trunc(I16)
    if x.type is I32:
        return (x.rotl(8) & 0x00FF00FF) | (x.rotr(8) & 0xFF00FF00)
    pairs = (x >> 8 & 0x00FF00FF00FF00FF) | (x & 0x00FF00FF00FF00FF) << 8
    fours = (pairs >> 16 & 0x0000FFFF0000FFFF) | (pairs & 0x0000FFFF0000FFFF) << 16
    return fours.rotl(32)


@semantics("movbe")
def movbe(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, swap_bytes(m.read(src)))


@semantics("bswap")
def bswap(m: Sem, dst: Place) -> None:
    """The 16-bit form is undefined; processors write 0."""
    x = m.read(dst)
    m.write(dst, const(I16, 0) if x.type is I16 else swap_bytes(x))


@semantics("xlat")
def xlat(m: Sem, src: Place) -> None:
    m.write(m.reg(layout.RAX, I8), m.read(src))
