"""Binary arithmetic (SDM vol. 2: ADC, ADCX, ADD, ADOX, CMP, DEC, INC, NEG, SBB, SUB).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.
"""

from __future__ import annotations

from elfin.ir.value import Value
from elfin.isa.flags import add_flags, sub_flags, szp
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem

ADD = rows("add", "SDM 2A ADD")
ADD("""
00 /r   E,b G,b   lock
01 /r   E,v G,v   lock
02 /r   G,b E,b
03 /r   G,v E,v
04      AL I,b
05      rAX I,z
80 /0   E,b I,b   lock
81 /0   E,v I,z   lock
83 /0   E,v I,bs  lock
""")
ADC = rows("adc", "SDM 2A ADC")
ADC("""
10 /r   E,b G,b   lock
11 /r   E,v G,v   lock
12 /r   G,b E,b
13 /r   G,v E,v
14      AL I,b
15      rAX I,z
80 /2   E,b I,b   lock
81 /2   E,v I,z   lock
83 /2   E,v I,bs  lock
""")
SBB = rows("sbb", "SDM 2B SBB")
SBB("""
18 /r   E,b G,b   lock
19 /r   E,v G,v   lock
1A /r   G,b E,b
1B /r   G,v E,v
1C      AL I,b
1D      rAX I,z
80 /3   E,b I,b   lock
81 /3   E,v I,z   lock
83 /3   E,v I,bs  lock
""")
SUB = rows("sub", "SDM 2B SUB")
SUB("""
28 /r   E,b G,b   lock
29 /r   E,v G,v   lock
2A /r   G,b E,b
2B /r   G,v E,v
2C      AL I,b
2D      rAX I,z
80 /5   E,b I,b   lock
81 /5   E,v I,z   lock
83 /5   E,v I,bs  lock
""")
CMP = rows("cmp", "SDM 2A CMP")
CMP("""
38 /r   E,b G,b
39 /r   E,v G,v
3A /r   G,b E,b
3B /r   G,v E,v
3C      AL I,b
3D      rAX I,z
80 /7   E,b I,b
81 /7   E,v I,z
83 /7   E,v I,bs
""")
INC = rows("inc", "SDM 2A INC")
INC("""
FE /0   E,b   lock
FF /0   E,v   lock
""")
DEC = rows("dec", "SDM 2A DEC")
DEC("""
FE /1   E,b   lock
FF /1   E,v   lock
""")
NEG = rows("neg", "SDM 2B NEG")
NEG("""
F6 /3   E,b   lock
F7 /3   E,v   lock
""")
ADCX = rows("adcx", "SDM 2A ADCX", "cpuid=adx")
ADCX("66 0F 38 F6 /r   G,y E,y")
ADOX = rows("adox", "SDM 2A ADOX", "cpuid=adx")
ADOX("F3 0F 38 F6 /r   G,y E,y")


def add_with_carry(a: Value, b: Value, carry: Value) -> tuple[Value, Value]:
    """The sum and the carry out of the top: at most one of the two additions overflows."""
    partial = a + b
    r = partial + carry.zext(a.type)
    return r, partial.ltu(a) | r.ltu(partial)


@semantics("add")
def add(m: Sem, dst: Place, src: Place) -> None:
    a, b = m.read(dst), m.read(src)
    r = a + b
    m.write(dst, r)
    add_flags(m, a, b, r)


@semantics("adc")
def adc(m: Sem, dst: Place, src: Place) -> None:
    a, b = m.read(dst), m.read(src)
    r, carry = add_with_carry(a, b, m.flag("c"))
    m.write(dst, r)
    add_flags(m, a, b, r, carry)


@semantics("sub")
def sub(m: Sem, dst: Place, src: Place) -> None:
    a, b = m.read(dst), m.read(src)
    r = a - b
    m.write(dst, r)
    sub_flags(m, a, b, r)


@semantics("sbb")
def sbb(m: Sem, dst: Place, src: Place) -> None:
    a, b = m.read(dst), m.read(src)
    borrow = m.flag("c").zext(a.type)
    partial = a - b
    r = partial - borrow
    m.write(dst, r)
    sub_flags(m, a, b, r, a.ltu(b) | partial.ltu(borrow))


@semantics("cmp")
def cmp(m: Sem, left: Place, right: Place) -> None:
    a, b = m.read(left), m.read(right)
    sub_flags(m, a, b, a - b)


@semantics("inc")
def inc(m: Sem, dst: Place) -> None:
    a = m.read(dst)
    r = a + 1
    m.write(dst, r)
    m.flags(a=(a ^ r).bit(4), o=((a ^ r) & r).lts(0), **szp(r))


@semantics("dec")
def dec(m: Sem, dst: Place) -> None:
    a = m.read(dst)
    r = a - 1
    m.write(dst, r)
    m.flags(a=(a ^ r).bit(4), o=((a ^ r) & a).lts(0), **szp(r))


@semantics("neg")
def neg(m: Sem, dst: Place) -> None:
    a = m.read(dst)
    r = -a
    m.write(dst, r)
    m.flags(c=a.ne(0), a=(a ^ r).bit(4), o=(a & r).lts(0), **szp(r))


@semantics("adcx")
def adcx(m: Sem, dst: Place, src: Place) -> None:
    r, carry = add_with_carry(m.read(dst), m.read(src), m.flag("c"))
    m.write(dst, r)
    m.flags(c=carry)


@semantics("adox")
def adox(m: Sem, dst: Place, src: Place) -> None:
    r, carry = add_with_carry(m.read(dst), m.read(src), m.flag("o"))
    m.write(dst, r)
    m.flags(o=carry)
