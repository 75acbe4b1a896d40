"""Flags directly (SDM vol. 2: CLC, CLD, CMC, LAHF, SAHF, STC, STD).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I8, I64
from elfin.ir.value import FALSE, TRUE
from elfin.isa.flags import REST, status_byte, write_status
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Sem
from elfin.rflags import DF

CMC = rows("cmc", "SDM 2A CMC")
CMC("F5")
CLC = rows("clc", "SDM 2A CLC")
CLC("F8")
STC = rows("stc", "SDM 2B STC")
STC("F9")
CLD = rows("cld", "SDM 2A CLD")
CLD("FC")
STD = rows("std", "SDM 2B STD")
STD("FD")
SAHF = rows("sahf", "SDM 2B SAHF")
SAHF("9E")
LAHF = rows("lahf", "SDM 2A LAHF")
LAHF("9F")


@semantics("cmc")
def cmc(m: Sem) -> None:
    m.flags(c=~m.flag("c"))


@semantics("clc")
def clc(m: Sem) -> None:
    m.flags(c=FALSE)


@semantics("stc")
def stc(m: Sem) -> None:
    m.flags(c=TRUE)


@semantics("cld")
def cld(m: Sem) -> None:
    m.write(REST, m.read(REST) & ~DF)


@semantics("std")
def std(m: Sem) -> None:
    m.write(REST, m.read(REST) | DF)


@semantics("lahf")
def lahf(m: Sem) -> None:
    m.write(m.reg(layout.RAX + 1, I8), status_byte(m).trunc(I8))


@semantics("sahf")
def sahf(m: Sem) -> None:
    write_status(m, m.read(m.reg(layout.RAX + 1, I8)).zext(I64), "cpazs")
