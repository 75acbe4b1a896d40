"""Control transfer (SDM vol. 2: CALL, IRET, JMP, JRCXZ, LOOPcc, RET).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  Near branches are 64 bits wide whatever the prefixes say, as on Intel
        processors.  Far ones exist for the 64-bit code segment alone.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.ir.types import I16, I32, I64, Type
from elfin.ir.value import Value, const, int_type
from elfin.isa.flags import USER_REST, write_rflags
from elfin.isa.row import rows, semantics
from elfin.isa.segment import load_segment
from elfin.isa.sem import Imm, Mem, Place, Sem, Slot
from elfin.isa.stack import RSP
from elfin.isa.vectors import GP

JMP = rows("jmp", "SDM 2A JMP", "f64")
JMP("""
E9      J,z
EB      J,b
FF /4   E,q
""")
CALL = rows("call", "SDM 2A CALL", "f64")
CALL("""
E8      J,z
FF /2   E,q
""")
RET = rows("ret", "SDM 2B RET", "f64")
RET("""
C3
C2   I,w
""")
JRCXZ = rows("jrcxz", "SDM 2A Jcc", "f64")
JRCXZ("a64 E3   J,b")
JECXZ = rows("jecxz", "SDM 2A Jcc", "f64")
JECXZ("a32 E3   J,b")
LOOP = rows("loop", "SDM 2A LOOP/LOOPcc", "f64")
LOOP("""
a64 E2   J,b
a32 E2   J,b   meaning=loop_ecx
""")
LOOPE = rows("loope", "SDM 2A LOOP/LOOPcc", "f64")
LOOPE("""
a64 E1   J,b
a32 E1   J,b   meaning=loope_ecx
""")
LOOPNE = rows("loopne", "SDM 2A LOOP/LOOPcc", "f64")
LOOPNE("""
a64 E0   J,b
a32 E0   J,b   meaning=loopne_ecx
""")
JMPF = rows("jmpf", "SDM 2A JMP", "as=jmp/jmp/jmp")
JMPF("FF /5   M,n")
CALLF = rows("callf", "SDM 2A CALL", "as=call/call/call")
CALLF("FF /3   M,n")
RETF = rows("retf", "SDM 2B RET", "as=retf/retf/retf")
RETF("""
CB
CA   I,w
""")
IRET = rows("iret", "SDM 2A IRET/IRETD/IRETQ", "as=iret/iretd/iretq")
IRET("CF")

RCX: Final = layout.RCX
CS: Final = Slot(layout.SEGMENT + 2, I16)
SS: Final = Slot(layout.SEGMENT + 4, I16)


def check_target(m: Sem, to: Value) -> None:
    """#GP for an address that is not canonical: its upper 17 bits must be equal."""
    m.fault_if((to + (1 << 47) >> 48).ne(0), GP)


@semantics("jmp")
def jmp(m: Sem, target: Place) -> None:
    to = m.read(target)
    if not isinstance(target, Imm):
        check_target(m, to)
    m.jump(to)


@semantics("call")
def call(m: Sem, target: Place) -> None:
    """The target is read before the return address is pushed: `call [rsp]`.

    Whether it can be pushed is asked before the target is checked, and done after that.
    """
    to = m.read(target)
    top = m.read(RSP) - 8
    if not isinstance(target, Imm):
        m.load(top, I64)
        check_target(m, to)
    m.store(top, m.next_rip)
    m.write(RSP, top)
    m.jump(to)


@semantics("ret")
def ret(m: Sem, released: Place | None = None) -> None:
    top = m.read(RSP)
    to = m.load(top, I64)
    check_target(m, to)
    above = top + 8
    m.write(RSP, above if released is None else above + m.read(released).zext(I64))
    m.jump(to)


@semantics("jrcxz")
def jrcxz(m: Sem, target: Place) -> None:
    m.branch(m.read(m.reg(RCX)).eq(0), m.read(target))


@semantics("jecxz")
def jecxz(m: Sem, target: Place) -> None:
    m.branch(m.read(m.reg(RCX, I32)).eq(0), m.read(target))


def count_down(m: Sem, type_: Type) -> Value:
    """rCX - 1, written; does it differ from 0?"""
    left = m.read(m.reg(RCX, type_)) - 1
    m.write(m.reg(RCX, type_), left)
    return left.ne(0)


@semantics("loop")
def loop(m: Sem, target: Place) -> None:
    m.branch(count_down(m, I64), m.read(target))


@semantics("loop_ecx")
def loop_ecx(m: Sem, target: Place) -> None:
    m.branch(count_down(m, I32), m.read(target))


@semantics("loope")
def loope(m: Sem, target: Place) -> None:
    m.branch(count_down(m, I64) & m.flag("z"), m.read(target))


@semantics("loope_ecx")
def loope_ecx(m: Sem, target: Place) -> None:
    m.branch(count_down(m, I32) & m.flag("z"), m.read(target))


@semantics("loopne")
def loopne(m: Sem, target: Place) -> None:
    m.branch(count_down(m, I64) & ~m.flag("z"), m.read(target))


@semantics("loopne_ecx")
def loopne_ecx(m: Sem, target: Place) -> None:
    m.branch(count_down(m, I32) & ~m.flag("z"), m.read(target))


# -- far ---------------------------------------------------------------------------------------


def far_pointer(m: Sem, src: Place) -> tuple[Value, Value]:
    """Offset (i64) and selector; a selector other than that of 64-bit user code is #GP.

    The offset has 32 bits at operand size 64 too, as on AMD processors.
    """
    assert isinstance(src, Mem)
    type_ = int_type(min(m.size, 32))
    offset = m.load(src.address, type_)
    selector = m.load(src.address + type_.bytes, I16)
    m.call("check_code_segment", None, selector.zext(I32))
    return offset.zext(I64), selector


@semantics("jmpf")
def jmpf(m: Sem, src: Place) -> None:
    offset, selector = far_pointer(m, src)
    m.write(CS, selector)
    m.jump(offset)


@semantics("callf")
def callf(m: Sem, src: Place) -> None:
    """Both elements are checked before the first is stored."""
    offset, selector = far_pointer(m, src)
    type_ = int_type(m.size)
    top = m.read(RSP) - 2 * type_.bytes
    m.call("check_write", None, top, const(I32, 2 * type_.bytes))
    m.store(top + type_.bytes, m.read(CS).zext(type_))
    m.store(top, m.next_rip.trunc(type_))
    m.write(RSP, top)
    m.write(CS, selector)
    m.jump(offset)


@semantics("retf")
def retf(m: Sem, released: Place | None = None) -> None:
    type_ = int_type(m.size)
    top = m.read(RSP)
    to = m.load(top, type_)
    selector = m.load(top + type_.bytes, type_).trunc(I16)
    m.call("check_code_segment", None, selector.zext(I32))
    check_target(m, to.zext(I64))
    above = top + 2 * type_.bytes
    m.write(CS, selector)
    m.write(RSP, above if released is None else above + m.read(released).zext(I64))
    m.jump(to.zext(I64))


@semantics("iret")
def iret(m: Sem) -> None:
    """Five elements always (64-bit mode): RIP, CS, RFLAGS, RSP, SS."""
    type_ = int_type(m.size)
    top = m.read(RSP)
    rip, cs, rflags, rsp, ss = (m.load(top + n * type_.bytes, type_) for n in range(5))
    m.call("check_code_segment", None, cs.trunc(I16).zext(I32))
    check_target(m, rip.zext(I64))
    load_segment(m, SS, ss.trunc(I16))
    m.write(CS, cs.trunc(I16))
    m.write(RSP, rsp.zext(I64))
    write_rflags(m, rflags.zext(I64), USER_REST if m.size != 16 else USER_REST & 0xFFFF)
    m.jump(rip.zext(I64))
