"""Rotations (SDM vol. 2: RCL, RCR, ROL, ROR).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`: only CF and OF, and neither when the masked count is 0.
OF is defined for a count of 1; the formulas hold for it and need no case.
"""

from __future__ import annotations

from elfin.ir.types import I1, I8, I16, I32, I64
from elfin.ir.value import Value, const, make
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.shift import carrier, flags_if_counted, masked_count

ROL = rows("rol", "SDM 2B RCL/RCR/ROL/ROR")
ROL("""
C0 /0   E,b I,b
C1 /0   E,v I,b
D0 /0   E,b 1
D1 /0   E,v 1
D2 /0   E,b CL
D3 /0   E,v CL
""")
ROR = rows("ror", "SDM 2B RCL/RCR/ROL/ROR")
ROR("""
C0 /1   E,b I,b
C1 /1   E,v I,b
D0 /1   E,b 1
D1 /1   E,v 1
D2 /1   E,b CL
D3 /1   E,v CL
""")
RCL = rows("rcl", "SDM 2B RCL/RCR/ROL/ROR")
RCL("""
C0 /2   E,b I,b
C1 /2   E,v I,b
D0 /2   E,b 1
D1 /2   E,v 1
D2 /2   E,b CL
D3 /2   E,v CL
""")
RCR = rows("rcr", "SDM 2B RCL/RCR/ROL/ROR")
RCR("""
C0 /3   E,b I,b
C1 /3   E,v I,b
D0 /3   E,b 1
D1 /3   E,v 1
D2 /3   E,b CL
D3 /3   E,v CL
""")


def repeated(a: Value) -> Value:
    """A value that, rotated as a whole, has the rotated `a` in its low bits: copies of it fill an i32."""
    copies = {I8: 0x0101_0101, I16: 0x0001_0001}.get(a.type)
    return a if copies is None else a.zext(I32) * copies


def two_top_bits_differ(r: Value) -> Value:
    """OF of a rotation to the right by 1."""
    return (r ^ r << 1).lts(0)


@semantics("rol")
def rol(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(dst)
    count = masked_count(m, src, a.type, carrier(a.type))
    r = repeated(a).rotl(count).trunc(a.type)
    m.write(dst, r)
    carry = r.trunc(I1)
    flags_if_counted(m, count, c=carry, o=carry ^ r.lts(0))


@semantics("ror")
def ror(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(dst)
    count = masked_count(m, src, a.type, carrier(a.type))
    r = repeated(a).rotr(count).trunc(a.type)
    m.write(dst, r)
    flags_if_counted(m, count, c=r.lts(0), o=two_top_bits_differ(r))


def with_carry(m: Sem, a: Value) -> Value:
    """CF above the operand, as an i64: the 9, 17 or 33 bits that RCL and RCR rotate."""
    return a.zext(I64) | m.flag("c").zext(I64) << a.type.bits


def count_through_carry(m: Sem, src: Place, a: Value) -> tuple[Value, Value]:
    """The masked count, and what is left of it after whole turns; both i64."""
    count = masked_count(m, src, a.type, I64)
    if a.type is I32:
        return count, count  # at most 31 of 33
    return count, make("remu", I64, count, const(I64, a.type.bits + 1))


@semantics("rcl")
def rcl(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(dst)
    if a.type is I64:
        count = masked_count(m, src, I64, I64)
        low = m.flag("c").zext(I64) << (count - 1) | a >> 1 >> -count
        r = count.ne(0).select(a << count | low, a)
        carry = count.ne(0).select(a.rotl(count).trunc(I1), m.flag("c"))
    else:
        count, turn = count_through_carry(m, src, a)
        x = with_carry(m, a)
        turned = x << turn | x >> (const(I64, a.type.bits + 1) - turn)
        r, carry = turned.trunc(a.type), (turned >> a.type.bits).trunc(I1)
    m.write(dst, r)
    m.flags(c=carry)
    flags_if_counted(m, count, o=carry ^ r.lts(0))


@semantics("rcr")
def rcr(m: Sem, dst: Place, src: Place) -> None:
    a = m.read(dst)
    if a.type is I64:
        count = masked_count(m, src, I64, I64)
        high = m.flag("c").zext(I64) << -count | a << 1 << -count
        r = count.ne(0).select(a >> count | high, a)
        carry = count.ne(0).select((a >> (count - 1)).trunc(I1), m.flag("c"))
    else:
        count, turn = count_through_carry(m, src, a)
        x = with_carry(m, a)
        turned = x >> turn | x << (const(I64, a.type.bits + 1) - turn)
        r, carry = turned.trunc(a.type), (turned >> a.type.bits).trunc(I1)
    m.write(dst, r)
    m.flags(c=carry)
    flags_if_counted(m, count, o=two_top_bits_differ(r))
