"""MXCSR, and saving the whole SSE and x87 state (SDM vol. 2: LDMXCSR, STMXCSR, FXSAVE, FXRSTOR)."""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I32
from elfin.ir.value import const
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem, Slot
from elfin.isa.vector import check_alignment
from elfin.isa.vectors import GP

LDMXCSR = rows("ldmxcsr", "SDM 2A LDMXCSR", "cpuid=sse")
LDMXCSR("NP 0F AE /2   M,d")
STMXCSR = rows("stmxcsr", "SDM 2B STMXCSR", "cpuid=sse")
STMXCSR("NP 0F AE /3   M,d")
FXSAVE = rows("fxsave", "SDM 2A FXSAVE", "cpuid=fxsr as=fxsave/fxsave/fxsave64")
FXSAVE("NP 0F AE /0   M,n")
FXRSTOR = rows("fxrstor", "SDM 2A FXRSTOR", "cpuid=fxsr as=fxrstor/fxrstor/fxrstor64")
FXRSTOR("NP 0F AE /1   M,n")

RESERVED = 0xFFFF_0000  # bits of MXCSR that must be zero
MXCSR = Slot(layout.MXCSR, I32)
WATCHED = Slot(layout.FLOAT_WATCHED, I32)


@semantics("ldmxcsr")
def ldmxcsr(m: Sem, src: Place) -> None:
    """Flags that come up together with their exception unmasked raise nothing."""
    value = m.read(src)
    m.fault_if((value & RESERVED).ne(0), GP)
    m.write(MXCSR, value)
    m.write(WATCHED, const(I32, 1))


@semantics("stmxcsr")
def stmxcsr(m: Sem, dst: Place) -> None:
    m.write(dst, m.read(MXCSR))


def _image(m: Sem, place: Place, function: str) -> None:
    assert isinstance(place, Mem)
    check_alignment(m, place)
    wide = const(I32, int(m.size == 64))
    m.call(function, None, place.address, wide)


@semantics("fxsave")
def fxsave(m: Sem, dst: Place) -> None:
    _image(m, dst, "save_float_state")


@semantics("fxrstor")
def fxrstor(m: Sem, src: Place) -> None:
    _image(m, src, "restore_float_state")
