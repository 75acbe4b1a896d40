"""Shifts (SDM vol. 2: SAL/SHL, SAR, SHR).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  A masked count of 0 leaves all flags; AF is left in any case (undefined).
8- and 16-bit operands are shifted as i32, so that counts beyond the width (up to 31) come out right.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I1, I32, I64, Type
from elfin.ir.value import FALSE, Value, const, get
from elfin.isa.flags import szp
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem

SHL = rows("shl", "SDM 2B SAL/SAR/SHL/SHR")
SHL("""
C0 /4   E,b I,b
C1 /4   E,v I,b
D0 /4   E,b 1
D1 /4   E,v 1
D2 /4   E,b CL
D3 /4   E,v CL
""")
SAL = rows("sal", "SDM 2B SAL/SAR/SHL/SHR", "meaning=shl")
SAL("""
C0 /6   E,b I,b
C1 /6   E,v I,b
D0 /6   E,b 1
D1 /6   E,v 1
D2 /6   E,b CL
D3 /6   E,v CL
""")
SHR = rows("shr", "SDM 2B SAL/SAR/SHL/SHR")
SHR("""
C0 /5   E,b I,b
C1 /5   E,v I,b
D0 /5   E,b 1
D1 /5   E,v 1
D2 /5   E,b CL
D3 /5   E,v CL
""")
SAR = rows("sar", "SDM 2B SAL/SAR/SHL/SHR")
SAR("""
C0 /7   E,b I,b
C1 /7   E,v I,b
D0 /7   E,b 1
D1 /7   E,v 1
D2 /7   E,b CL
D3 /7   E,v CL
""")


def masked_count(m: Sem, src: Place, operand: Type, to: Type) -> Value:
    """The count as the processor takes it: modulo 32, for 64-bit operands modulo 64."""
    limit = 63 if operand is I64 else 31
    count = m.read(src)
    if count.op == "const":
        return const(to, count.imm & limit)
    return count.zext(to) & limit


def flags_if_counted(m: Sem, count: Value, **values: Value) -> None:
    """Set flags unless the masked count is 0."""
    if count.op == "const":
        if count.imm:
            m.flags(**values)
        return
    counted = count.ne(0)
    # The old flag is read where it is written: a tier may choose between the flags' sources.
    m.flags(
        **{name: counted.select(new, get(I1, layout.FLAGS[name])) for name, new in values.items()}
    )


def carrier(operand: Type) -> Type:
    """The type in which an operand is shifted."""
    return I64 if operand is I64 else I32


@semantics("shl")
def shl(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(dst)
    count = masked_count(m, src, a.type, carrier(a.type))
    wide = a.zext(count.type) << count
    r = wide.trunc(a.type)
    m.write(dst, r)
    if a.type is count.type:
        carry = a.rotl(count).trunc(I1)  # the last bit shifted out comes round to bit 0
    else:
        carry = (wide >> a.type.bits).trunc(I1)
    flags_if_counted(m, count, c=carry, o=carry ^ r.lts(0), **szp(r))


@semantics("shr")
def shr(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(dst)
    count = masked_count(m, src, a.type, carrier(a.type))
    wide = a.zext(count.type)
    r = (wide >> count).trunc(a.type)
    m.write(dst, r)
    # For a count of 1, which alone defines OF, r << 1 has the sign that a had.
    overflow = (r ^ r << 1).lts(0)
    flags_if_counted(m, count, c=(wide >> (count - 1)).trunc(I1), o=overflow, **szp(r))


@semantics("sar")
def sar(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(dst)
    count = masked_count(m, src, a.type, carrier(a.type))
    wide = a.sext(count.type)
    r = wide.ashr(count).trunc(a.type)
    m.write(dst, r)
    flags_if_counted(m, count, c=wide.ashr(count - 1).trunc(I1), o=FALSE, **szp(r))
