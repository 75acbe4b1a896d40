"""x87 control and status words (SDM vol. 2: FLDCW, FNSTCW, FNSTSW, FNCLEX, FNINIT, FWAIT).

Input:  `Sem`, and operands as `Place`s.  The rows are in `x87.py`.
Output: effects on the words in the register file.  C libraries read the control word to learn the rounding
        mode; arithmetic on the stack has no meaning yet.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.ir.types import I16, I64
from elfin.ir.value import ZERO64, Value, const
from elfin.isa.row import semantics
from elfin.isa.sem import Place, Sem, Slot
from elfin.isa.vectors import MF

FCW: Final = Slot(layout.FCW, I16)
FSW: Final = Slot(layout.FSW, I16)
FTW: Final = Slot(layout.FTW, I16)
FOP: Final = Slot(layout.FOP, I16)
POINTERS: Final = (Slot(layout.FIP, I64), Slot(layout.FDP, I64))
EXCEPTIONS: Final = 0x3F  # the flags in FSW, and their masks in FCW
SUMMARY: Final = 0x8080  # ES and B: an unmasked exception is pending
CLEARED_BY_FNCLEX: Final = 0x80FF  # B, ES, SF and the six flags
RESERVED_ONE: Final = 0x40  # FCW bit 6 reads as one
RESERVED_ZERO: Final = 0xE080  # FCW bits 7, 13-15 read as zero
INITIAL: Final = 0x37F
EMPTY: Final = 0xFFFF


@semantics("fnstcw")
def fnstcw(m: Sem, dst: Place) -> None:
    m.write(dst, m.read(FCW))


@semantics("fnstsw")
def fnstsw(m: Sem, dst: Place) -> None:
    m.write(dst, m.read(FSW))


@semantics("fldcw")
def fldcw(m: Sem, src: Place) -> None:
    """Unmasking a flag that is set makes its exception pending."""
    wait(m)
    control = m.read(src) & ~RESERVED_ZERO | RESERVED_ONE
    m.write(FCW, control)
    m.write(FSW, _with_summary(m.read(FSW), control))


def _with_summary(status: Value, control: Value) -> Value:
    pending = (status & ~control & EXCEPTIONS).ne(0)
    return (status & ~SUMMARY) | pending.select(const(I16, SUMMARY), const(I16, 0))


@semantics("fnclex")
def fnclex(m: Sem) -> None:
    m.write(FSW, m.read(FSW) & ~CLEARED_BY_FNCLEX)


@semantics("fninit")
def fninit(m: Sem) -> None:
    m.write(FCW, const(I16, INITIAL))
    m.write(FSW, const(I16, 0))
    m.write(FTW, const(I16, EMPTY))
    m.write(FOP, const(I16, 0))
    for pointer in POINTERS:
        m.write(pointer, ZERO64)


@semantics("wait")
def wait(m: Sem) -> None:
    """#MF if an unmasked exception is pending."""
    m.fault_if((m.read(FSW) & SUMMARY).ne(0), MF)
