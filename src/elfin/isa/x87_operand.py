"""What the meanings of x87 instructions share: the pending exception, where the instruction is.

Input:  `Sem` and `Place`s; `Imm` stands for ST(i) and holds i, `Mem` for a memory operand.
Output: effects.  All arithmetic is in the core functions `x87_...`.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I16, I32, I64
from elfin.ir.value import ZERO64, Value, const
from elfin.isa.sem import Mem, Place, Sem, Slot
from elfin.isa.vectors import MF

FSW = Slot(layout.FSW, I16)
SUMMARY = 0x8080  # ES and B: an exception that is not masked is pending


def raise_pending(m: Sem) -> None:
    """#MF if an earlier instruction has left an exception that is not masked."""
    m.fault_if((m.read(FSW) & SUMMARY).ne(0), MF)


def number(value: int) -> Value:
    return const(I32, value)


def begin(m: Sem) -> None:
    """The instruction is executed, and has no memory operand."""
    raise_pending(m)
    m.call("x87_begin", None, m.rip)


def operand(m: Sem, src: Place) -> Value:
    """The instruction is executed; the value of its memory operand."""
    assert isinstance(src, Mem)
    raise_pending(m)
    value = m.read(src)
    m.call("x87_begin_at", None, m.rip, offset(m, src))
    return value


def integer(m: Sem, src: Place) -> Value:
    """As `operand`; a signed integer made 64 bits wide."""
    value = operand(m, src)
    return value if value.type is I64 else value.sext(I64)


def offset(m: Sem, place: Place) -> Value:
    """The address that FDP gets: without the segment's base."""
    base = m.segment
    return address(place) if base is ZERO64 else address(place) - base


def address(place: Place) -> Value:
    assert isinstance(place, Mem)
    return place.address


def register(place: Place) -> Value:
    """i of ST(i)."""
    assert place.type is I32
    return place.value if not isinstance(place, (Mem, Slot)) else const(I32, 0)
