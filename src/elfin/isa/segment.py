"""Segment registers (SDM vol. 2: LAR, LFS/LGS/LSS, LSL, MOV, VERR, VERW).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  Which selectors a user program may load is in `core/segment.py`.
"""

from __future__ import annotations

from elfin.ir.types import I16, I32, I64
from elfin.ir.value import Value, const
from elfin.isa.conditional import write_if
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem, Slot

MOV = rows("mov", "SDM 2B MOV")
MOV("""
8C /r   R,v S,w   meaning=mov_from_segment
8C /r   M,w S,w   meaning=mov_from_segment
8E /r   S,w E,w   meaning=mov_to_segment
""")
LSS = rows("lss", "SDM 2A LDS/LES/LFS/LGS/LSS", "meaning=load_far")
LSS("0F B2 /r   <SS> G,v M,n")
LFS = rows("lfs", "SDM 2A LDS/LES/LFS/LGS/LSS", "meaning=load_far")
LFS("0F B4 /r   <FS> G,v M,n")
LGS = rows("lgs", "SDM 2A LDS/LES/LFS/LGS/LSS", "meaning=load_far")
LGS("0F B5 /r   <GS> G,v M,n")
LAR = rows("lar", "SDM 2A LAR")
LAR("0F 02 /r   G,v E,w")
LSL = rows("lsl", "SDM 2A LSL")
LSL("0F 03 /r   G,v E,w")
VERR = rows("verr", "SDM 2D VERR/VERW")
VERR("0F 00 /4   E,w")
VERW = rows("verw", "SDM 2D VERR/VERW")
VERW("0F 00 /5   E,w")


def load_segment(m: Sem, register: Slot, selector: Value) -> None:
    """A segment register becomes `selector`, its base 0; #GP(selector) where Linux has no such segment."""
    at = register.offset
    slot = const(I32, at) if isinstance(at, int) else at
    m.call("load_segment", None, slot, selector.zext(I32))


@semantics("mov_from_segment")
def mov_from_segment(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, m.read(src).zext(dst.type))


@semantics("mov_to_segment")
def mov_to_segment(m: Sem, dst: Place, src: Place) -> None:
    assert isinstance(dst, Slot)
    load_segment(m, dst, m.read(src))


@semantics("load_far")
def load_far(m: Sem, register: Place, dst: Place, src: Place) -> None:
    """An offset of the operand size, then the selector; 32 bits at operand size 64, as on AMD processors."""
    assert isinstance(src, Mem) and isinstance(register, Slot)
    type_ = I16 if dst.type is I16 else I32
    offset = m.load(src.address, type_)
    selector = m.load(src.address + type_.bytes, I16)
    load_segment(m, register, selector)
    m.write(dst, offset.zext(dst.type))


@semantics("lar")
def lar(m: Sem, dst: Place, src: Place) -> None:
    describe(m, "segment_rights", dst, src)


@semantics("lsl")
def lsl(m: Sem, dst: Place, src: Place) -> None:
    describe(m, "segment_limit", dst, src)


def describe(m: Sem, question: str, dst: Place, src: Place) -> None:
    """ZF: the selector names a visible segment; only then is the destination written."""
    answer = m.compute(question, I64, m.read(src).zext(I32))
    known = answer.bit(63)
    write_if(m, known, dst, answer.trunc(I32).resize(dst.type))
    m.flags(z=known)


@semantics("verr")
def verr(m: Sem, src: Place) -> None:
    """Every segment that Linux shows to a program is readable."""
    m.flags(z=m.compute("segment_rights", I64, m.read(src).zext(I32)).bit(63))


@semantics("verw")
def verw(m: Sem, src: Place) -> None:
    """A data segment (type bit 3 is 0) with its write bit (type bit 1) set."""
    rights = m.compute("segment_rights", I64, m.read(src).zext(I32))
    m.flags(z=rights.bit(63) & (rights & 0xA00).eq(0x200))
