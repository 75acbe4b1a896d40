"""Hints (SDM vol. 2: CLDEMOTE, CLFLUSH, CLWB, ENDBR, LFENCE, MFENCE, NOP, PAUSE, PREFETCH, RDSSP, SFENCE).

Output: rows, and meanings that do nothing, or only find out whether the operand may be read.
The reserved encodings of 0F 18 to 0F 1F execute as NOP; so does RDSSP while there are no shadow stacks.
0F 0D on a register is #UD, as on AMD processors.
"""

from __future__ import annotations

from typing import Final

from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem

NOP = rows("nop", "SDM 2B NOP")
NOP("""
REX.B0 90
0F 1F /0     E,v
""")
RESERVED_NOP = rows("nop", "SDM 2D, table A-3")
for _opcode in (0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E):
    RESERVED_NOP(f"0F {_opcode:02X} /r   E,v G,v")
for _reg in range(1, 8):
    RESERVED_NOP(f"0F 1F /{_reg}   E,v G,v")
RESERVED_NOP("""
0F 0D /r   E,v G,v   mod=3 meaning=undefined
0F 18 /r   E,v G,v   mod=3
0F 18 /4   E,v G,v   mod=m
0F 18 /5   E,v G,v   mod=m
""")
PAUSE = rows("pause", "SDM 2B PAUSE", "meaning=nop")
PAUSE("F3 REX.B0 90")
ENDBR64 = rows("endbr64", "SDM 2A ENDBR64", "meaning=nop")
ENDBR64("F3 0F 1E !FA")
ENDBR32 = rows("endbr32", "SDM 2A ENDBR32", "meaning=nop")
ENDBR32("F3 0F 1E !FB")
RDSSP = rows("rdssp", "SDM 2B RDSSP", "meaning=nop as=rdsspd/rdsspd/rdsspq")
RDSSP("F3 0F 1E /1   R,y")
CLDEMOTE = rows("cldemote", "SDM 2A CLDEMOTE", "meaning=nop")
CLDEMOTE("NP 0F 1C /0   M,b")

_PREFETCH: Final = {
    "prefetchnta": "0F 18 /0", "prefetcht0": "0F 18 /1", "prefetcht1": "0F 18 /2", "prefetcht2": "0F 18 /3",
    "prefetchit1": "0F 18 /6", "prefetchit0": "0F 18 /7",
    "prefetch": "0F 0D /0", "prefetchw": "0F 0D /1", "prefetchwt1": "0F 0D /2",
}  # fmt: skip
for _name, _opcode_text in _PREFETCH.items():
    rows(_name, "SDM 2B PREFETCHh, APM 3 PREFETCH", "meaning=nop")(f"{_opcode_text}   M,b")
# The other five of 0F 0D are reserved and do what PREFETCHW and PREFETCH do (APM 3 PREFETCHlevel).
rows("prefetchw", "APM 3 PREFETCH", "meaning=nop")("0F 0D /3   M,b")
for _reserved in range(4, 8):
    rows("prefetch", "APM 3 PREFETCH", "meaning=nop")(f"0F 0D /{_reserved}   M,b")

LFENCE = rows("lfence", "SDM 2A LFENCE", "meaning=nop")
LFENCE("NP 0F AE /5   -   mod=3")
MFENCE = rows("mfence", "SDM 2B MFENCE", "meaning=nop")
MFENCE("NP 0F AE /6   -   mod=3")
SFENCE = rows("sfence", "SDM 2B SFENCE", "meaning=nop")
SFENCE("NP 0F AE /7   -   mod=3")
CLFLUSH = rows("clflush", "SDM 2A CLFLUSH")
CLFLUSH("NP 0F AE /7   M,b")
CLFLUSHOPT = rows("clflushopt", "SDM 2A CLFLUSHOPT", "meaning=clflush cpuid=clflushopt")
CLFLUSHOPT("66 0F AE /7   M,b")
CLWB = rows("clwb", "SDM 2A CLWB", "meaning=clflush cpuid=clwb")
CLWB("66 0F AE /6   M,b")


@semantics("nop")
def nop(m: Sem, *_: Place) -> None:
    """Memory operands are not accessed."""


@semantics("clflush")
def clflush(m: Sem, line: Place) -> None:
    """Faults as a load of a byte does."""
    m.read(line)
