"""What belongs to the system (SDM vol. 2): identification, counters, segment bases, calls, traps, tables.

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  System tables are what Linux shows of them where the processor lets it (UMIP).
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.ir.types import I16, I32, I64
from elfin.ir.value import TRUE, const
from elfin.isa.flags import RF, read_rflags
from elfin.isa.leave import LEAVE_INT1, LEAVE_INT3, LEAVE_SYSCALL
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem, Slot
from elfin.isa.vectors import GP, UD

# -- identification, counters, bases -----------------------------------------------------------
CPUID = rows("cpuid", "SDM 2A CPUID")
CPUID("0F A2")
RDTSC = rows("rdtsc", "SDM 2B RDTSC")
RDTSC("0F 31")
RDTSCP = rows("rdtscp", "SDM 2B RDTSCP", "cpuid=rdtscp")
RDTSCP("0F 01 !F9")
RDPID = rows("rdpid", "SDM 2B RDPID", "cpuid=rdpid")
RDPID("F3 0F C7 /7   R,q")
XGETBV = rows("xgetbv", "SDM 2D XGETBV")
XGETBV("NP 0F 01 !D0")
RDFSBASE = rows("rdfsbase", "SDM 2B RDFSBASE/RDGSBASE", "cpuid=fsgsbase")
RDFSBASE("F3 0F AE /0   R,y")
RDGSBASE = rows("rdgsbase", "SDM 2B RDFSBASE/RDGSBASE", "cpuid=fsgsbase")
RDGSBASE("F3 0F AE /1   R,y")
WRFSBASE = rows("wrfsbase", "SDM 2D WRFSBASE/WRGSBASE", "cpuid=fsgsbase")
WRFSBASE("F3 0F AE /2   R,y")
WRGSBASE = rows("wrgsbase", "SDM 2D WRFSBASE/WRGSBASE", "cpuid=fsgsbase")
WRGSBASE("F3 0F AE /3   R,y")
# -- calls and traps ---------------------------------------------------------------------------
SYSCALL = rows("syscall", "SDM 2B SYSCALL")
SYSCALL("0F 05")
INT3 = rows("int3", "SDM 2A INT n/INTO/INT3/INT1")
INT3("CC")
INT1 = rows("int1", "SDM 2A INT n/INTO/INT3/INT1")
INT1("F1")
INT = rows("int", "SDM 2A INT n/INTO/INT3/INT1")
INT("CD   I,b")
UD2 = rows("ud2", "SDM 2B UD", "meaning=undefined")
UD2("0F 0B")
UD1 = rows("ud1", "SDM 2B UD", "meaning=undefined")
UD1("0F B9 /r   G,v E,v")
UD0 = rows("ud0", "SDM 2B UD", "meaning=undefined")
UD0("0F FF /r   G,v E,v")
# -- system tables: what Linux lets a program see ------------------------------------------------
SGDT = rows("sgdt", "SDM 2B SGDT")
SGDT("0F 01 /0   M,n")
SIDT = rows("sidt", "SDM 2B SIDT")
SIDT("0F 01 /1   M,n")
SMSW = rows("smsw", "SDM 2B SMSW")
SMSW("""
0F 01 /4   R,v
0F 01 /4   M,w
""")
SLDT = rows("sldt", "SDM 2B SLDT")
SLDT("""
0F 00 /0   R,v
0F 00 /0   M,w
""")
STR = rows("str", "SDM 2B STR")
STR("""
0F 00 /1   R,v
0F 00 /1   M,w
""")

RAX, RCX, RDX, RBX = (Slot(n, I64, gpr=True) for n in (0, 8, 16, 24))
EAX, ECX, EDX, EBX = (Slot(n, I32, gpr=True) for n in (0, 8, 16, 24))
XCR0: Final = 3  # x87 and SSE state
CR0: Final = 0x80050033  # as SMSW reads it under Linux
TASK_REGISTER: Final = 0x40
TABLE_BASE: Final = {
    "gdt": 0xFFFFFFFFFFFE0000,
    "idt": 0xFFFFFFFFFFFF0000,
}  # Linux' dummies, limit 0


@semantics("cpuid")
def cpuid(m: Sem) -> None:
    leaf, subleaf = m.read(EAX), m.read(ECX)
    for number, register in enumerate((EAX, EBX, ECX, EDX)):
        m.write(register, m.compute("cpuid", I32, leaf, subleaf, const(I32, number)))


@semantics("rdtsc")
def rdtsc(m: Sem) -> None:
    now = m.compute("read_tsc", I64)
    m.write(EAX, now.trunc(I32))
    m.write(EDX, (now >> 32).trunc(I32))


@semantics("rdtscp")
def rdtscp(m: Sem) -> None:
    """TSC_AUX is node and processor in Linux: both 0."""
    rdtsc(m)
    m.write(ECX, const(I32, 0))


@semantics("rdpid")
def rdpid(m: Sem, dst: Place) -> None:
    m.write(dst, const(I64, 0))


@semantics("xgetbv")
def xgetbv(m: Sem) -> None:
    m.fault_if(m.read(ECX).ne(0), GP)
    m.write(EAX, const(I32, XCR0))
    m.write(EDX, const(I32, 0))


FS_BASE: Final = Slot(layout.FS_BASE, I64)
GS_BASE: Final = Slot(layout.GS_BASE, I64)


@semantics("rdfsbase")
def rdfsbase(m: Sem, dst: Place) -> None:
    m.write(dst, m.read(FS_BASE).trunc(dst.type))


@semantics("rdgsbase")
def rdgsbase(m: Sem, dst: Place) -> None:
    m.write(dst, m.read(GS_BASE).trunc(dst.type))


def write_base(m: Sem, base: Slot, src: Place) -> None:
    """#GP for an address that is not canonical (48 bits, sign-extended)."""
    value = m.read(src).zext(I64)
    m.fault_if((value << 16).ashr(16).ne(value), GP)
    m.write(base, value)


@semantics("wrfsbase")
def wrfsbase(m: Sem, src: Place) -> None:
    write_base(m, FS_BASE, src)


@semantics("wrgsbase")
def wrgsbase(m: Sem, src: Place) -> None:
    write_base(m, GS_BASE, src)


@semantics("syscall")
def syscall(m: Sem) -> None:
    """SYSRET gives back RFLAGS from R11 and RIP from RCX, so both already stand there.

    Some calls are answered at once (`core/quick.py`)."""
    number = m.read(RAX)
    arguments = [m.read(m.reg(slot)) for slot in (layout.RDI, layout.RSI, layout.RDX)]
    answer = m.compute("quick_syscall", I64, number, *arguments)
    unanswered = answer.eq(layout.UNANSWERED)
    m.write(RAX, unanswered.select(number, answer))
    m.write(RCX, m.next_rip)
    m.write(m.reg(8 * 11), read_rflags(m) & ~RF)
    m.leave(LEAVE_SYSCALL, unanswered)


@semantics("int3")
def int3(m: Sem) -> None:
    m.leave(LEAVE_INT3)


@semantics("int1")
def int1(m: Sem) -> None:
    m.leave(LEAVE_INT1)


@semantics("int")
def int_(m: Sem, vector: Place) -> None:
    """Only gate 3 is open to programs as a trap; INT 80h, Linux' 32-bit entry, is closed here."""
    m.call("software_interrupt", None, m.read(vector).zext(I32))
    m.leave(LEAVE_INT3)


@semantics("undefined")
def undefined(m: Sem, *_: Place) -> None:
    m.fault_if(TRUE, UD)


def store_table(m: Sem, dst: Place, base: int) -> None:
    assert isinstance(dst, Mem)
    m.call("check_write", None, dst.address, const(I32, 10))
    m.store(dst.address, const(I16, 0))
    m.store(dst.address + 2, const(I64, base))


@semantics("sgdt")
def sgdt(m: Sem, dst: Place) -> None:
    store_table(m, dst, TABLE_BASE["gdt"])


@semantics("sidt")
def sidt(m: Sem, dst: Place) -> None:
    store_table(m, dst, TABLE_BASE["idt"])


@semantics("smsw")
def smsw(m: Sem, dst: Place) -> None:
    m.write(dst, const(dst.type, CR0))


@semantics("sldt")
def sldt(m: Sem, dst: Place) -> None:
    m.write(dst, const(dst.type, 0))


@semantics("str")
def str_(m: Sem, dst: Place) -> None:
    m.write(dst, const(dst.type, TASK_REGISTER))
