"""Processor exceptions as Linux reports them: vector -> signal, code, address.

Source: SDM vol. 3A, chapter 6; man 2 sigaction, "The si_code field"; the values were compared with
native runs (tests/program).
"""

from __future__ import annotations

from typing import Final

from elfin.isa import vectors
from elfin.kernel.abi.signal import BusCode, Code, FpeCode, IllCode, SegvCode, Signal, TrapCode
from elfin.kernel.exit import Fault

# #PF error code bits
PRESENT: Final = 1
KERNEL: Final = (1 << 47) - 4096  # from here on Linux tells a program nothing but "present"

# The first of MXCSR's (or FSW's) unmasked exceptions, in the order in which Linux looks.
FLOAT_CODES: Final = (
    (0x01, FpeCode.FPE_FLTINV),
    (0x04, FpeCode.FPE_FLTDIV),
    (0x08, FpeCode.FPE_FLTOVF),
    (0x12, FpeCode.FPE_FLTUND),
    (0x20, FpeCode.FPE_FLTRES),
)


def fault(vector: int, error: int, address: int, rip: int, mxcsr: int) -> Fault:
    """The exception `vector` at `rip`; `address` is CR2 of a page fault."""
    match vector:
        case vectors.PF:
            code = SegvCode.SEGV_ACCERR if error & PRESENT else SegvCode.SEGV_MAPERR
            error |= PRESENT if address >= KERNEL else 0
            return Fault(Signal.SIGSEGV, code, address, vector, error)
        case vectors.DE:
            return Fault(Signal.SIGFPE, FpeCode.FPE_INTDIV, rip, vector, error)
        case vectors.UD:
            return Fault(Signal.SIGILL, IllCode.ILL_ILLOPN, rip, vector, error)
        case vectors.DB:
            return Fault(Signal.SIGTRAP, TrapCode.TRAP_BRKPT, rip, vector, error)
        case vectors.BP:
            return Fault(Signal.SIGTRAP, Code.SI_KERNEL, 0, vector, error)
        case vectors.XM | vectors.MF:
            return Fault(Signal.SIGFPE, float_code(mxcsr), rip, vector, error)
        case vectors.AC:
            return Fault(Signal.SIGBUS, BusCode.BUS_ADRALN, 0, vector, error)
        case vectors.SS:
            return Fault(Signal.SIGBUS, Code.SI_KERNEL, 0, vector, error)
        case _:
            return Fault(Signal.SIGSEGV, Code.SI_KERNEL, 0, vector, error)


def float_code(status: int) -> int:
    """si_code of a SIGFPE by MXCSR: flags in bits 0-5, masks in bits 7-12."""
    unmasked = ~(status >> 7) & status & 0x3F
    return next((code for bits, code in FLOAT_CODES if unmasked & bits), Code.SI_KERNEL)
