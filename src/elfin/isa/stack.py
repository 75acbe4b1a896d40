"""The stack (SDM vol. 2: ENTER, LEAVE, POP, POPF, PUSH, PUSHF).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  RSP is 64 bits wide always; operands have 64 or 16 bits.
`popm`: the address of the operand of `pop [rsp + ...]` is formed with RSP after the pop; whoever binds
        the operand sees to that.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.ir.types import I16, I32, I64
from elfin.ir.value import Value, const, int_type
from elfin.isa.flags import RF, USER_REST, read_rflags, write_rflags
from elfin.isa.row import rows, semantics
from elfin.isa.segment import load_segment
from elfin.isa.sem import Mem, Place, Sem, Slot

PUSHES: Final = frozenset({"push", "pushf", "call", "enter"})  # they store below RSP
POPS: Final = frozenset({"pop", "popf", "ret"})  # they load at RSP

PUSH = rows("push", "SDM 2B PUSH", "d64")
PUSH("""
50+r    Z,v
68      I,z
6A      I,bs
FF /6   E,v
0F A0   FS   as=push/push/push
0F A8   GS   as=push/push/push
""")
POP = rows("pop", "SDM 2B POP", "d64")
POP("""
58+r    Z,v
8F /0   E,v   popm
0F A1   FS    as=pop/pop/pop meaning=pop_segment
0F A9   GS    as=pop/pop/pop meaning=pop_segment
""")
PUSHF = rows("pushf", "SDM 2B PUSHF", "d64 as=pushf/pushfd/pushfq")
PUSHF("9C")
POPF = rows("popf", "SDM 2B POPF", "d64 as=popf/popfd/popfq")
POPF("9D")
ENTER = rows("enter", "SDM 2A ENTER", "d64 as=enter/enter/enter")
ENTER("C8   I,w I,b")
LEAVE = rows("leave", "SDM 2A LEAVE", "d64 as=leave/leave/leave")
LEAVE("C9")

RSP = Slot(layout.RSP, I64, gpr=True)
RBP = Slot(layout.RBP, I64, gpr=True)


def push_value(m: Sem, value: Value) -> None:
    """One element; faults leave RSP alone because it is committed last."""
    top = m.read(RSP) - value.type.bytes
    m.store(top, value)
    m.write(RSP, top)


def pop_value(m: Sem) -> Value:
    """One element of the operand size; RSP is moved."""
    top = m.read(RSP)
    value = m.load(top, int_type(m.size))
    m.write(RSP, top + m.size // 8)
    return value


@semantics("push")
def push(m: Sem, src: Place) -> None:
    """PUSH RSP stores the old value.  A segment register is zero-extended."""
    push_value(m, m.read(src).zext(int_type(m.size)))


@semantics("pop")
def pop(m: Sem, dst: Place) -> None:
    """POP RSP leaves the popped value in RSP, so the destination is written after the increment."""
    value = pop_value(m)
    if not isinstance(dst, Mem):
        m.commit()
    m.write(dst, value)


@semantics("pop_segment")
def pop_segment(m: Sem, dst: Place) -> None:
    assert isinstance(dst, Slot)
    load_segment(m, dst, pop_value(m).trunc(I16))


@semantics("pushf")
def pushf(m: Sem) -> None:
    push_value(m, (read_rflags(m) & ~RF).trunc(int_type(m.size)))


@semantics("popf")
def popf(m: Sem) -> None:
    """IF and IOPL stay (privilege level 3); the 16-bit form does not reach AC and ID.

    TF and AC are kept and have no effect: there is no single-step trap and no alignment check.
    """
    value = pop_value(m).zext(I64)
    write_rflags(m, value, USER_REST if m.size == 64 else USER_REST & 0xFFFF)


@semantics("enter")
def enter(m: Sem, allocated: Place, level: Place) -> None:
    """The frame pointers of the outer levels are copied by a core function: it loops and may fault."""
    nesting = m.read(level).zext(I32)
    m.call("enter", None, const(I32, m.size // 8), m.read(allocated).zext(I32), nesting)


@semantics("leave")
def leave(m: Sem) -> None:
    frame = m.read(RBP)
    type_ = int_type(m.size)
    saved = m.load(frame, type_)
    m.write(m.reg(layout.RBP, type_), saved)
    m.write(RSP, frame + type_.bytes)
