"""Widening (SDM vol. 2: CBW/CWDE/CDQE, CWD/CDQ/CQO, MOVSX/MOVSXD, MOVZX).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I16, I32
from elfin.ir.value import int_type
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem

MOVZX = rows("movzx", "SDM 2B MOVZX")
MOVZX("""
0F B6 /r   G,v E,b
0F B7 /r   G,v E,w
""")
MOVSX = rows("movsx", "SDM 2B MOVSX")
MOVSX("""
0F BE /r   G,v E,b
0F BF /r   G,v E,w
""")
MOVSXD = rows("movsxd", "SDM 2B MOVSXD")
MOVSXD("""
o16 63 /r   G,w E,w   meaning=movsxd16
o32 63 /r   G,d E,d
o64 63 /r   G,q E,d
""")
CBW = rows("cbw", "SDM 2A CBW/CWDE/CDQE", "as=cbw/cwde/cdqe")
CBW("98")
CWD = rows("cwd", "SDM 2A CWD/CDQ/CQO", "as=cwd/cdq/cqo")
CWD("99")


@semantics("movzx")
def movzx(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, m.read(src).zext(dst.type))


@semantics("movsx", "movsxd")
def movsx(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, m.read(src).sext(dst.type))


@semantics("movsxd16")
def movsxd16(m: Sem, dst: Place, src: Place) -> None:
    """Nothing is extended; memory is read as 32 bits nevertheless, as on AMD processors."""
    wide = Mem(src.address, I32) if isinstance(src, Mem) else src
    m.write(dst, m.read(wide).trunc(I16))


@semantics("cbw")
def cbw(m: Sem) -> None:
    """The accumulator from its lower half."""
    half = m.read(m.reg(layout.RAX, int_type(m.size // 2)))
    to = int_type(m.size)
    m.write(m.reg(layout.RAX, to), half.sext(to))


@semantics("cwd")
def cwd(m: Sem) -> None:
    """rDX becomes the sign of rAX."""
    type_ = int_type(m.size)
    m.write(m.reg(layout.RDX, type_), m.read(m.reg(layout.RAX, type_)).ashr(m.size - 1))
