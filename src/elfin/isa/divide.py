"""Division (SDM vol. 2: DIV, IDIV).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  #DE for a divisor of 0 and for a quotient that does not fit; all flags are
        undefined and left.  Dividends are taken as i32 for bytes and i64 for words and doublewords: in i64
        the one case that traps in Wasm (the least number by -1) is left for doublewords only.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I8, I16, I32, I64, Type
from elfin.ir.value import Value, const, make
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vectors import DE

DIV = rows("div", "SDM 2A DIV")
DIV("""
F6 /6   E,b
F7 /6   E,v
""")
IDIV = rows("idiv", "SDM 2A IDIV")
IDIV("""
F6 /7   E,b
F7 /7   E,v
""")


def dividend(m: Sem, type_: Type) -> Value:
    """AX as i16; DX:AX as i32; EDX:EAX as i64."""
    if type_ is I8:
        return m.read(m.reg(layout.RAX, I16))
    wide = I64 if type_ is I32 else I32
    low, high = m.read(m.reg(layout.RAX, type_)), m.read(m.reg(layout.RDX, type_))
    return high.zext(wide) << type_.bits | low.zext(wide)


def write_result(m: Sem, quotient: Value, remainder: Value) -> None:
    """Quotient to rAX and remainder to rDX, or AL and AH."""
    type_ = quotient.type
    m.write(m.reg(layout.RAX, type_), quotient)
    m.write(m.reg(layout.RAX + 1 if type_ is I8 else layout.RDX, type_), remainder)


@semantics("div")
def div(m: Sem, src: Place) -> None:
    b = m.read(src)
    if b.type is I64:
        low, high = m.read(m.reg(layout.RAX)), m.read(m.reg(layout.RDX))
        m.fault_if(b.leu(high), DE)  # b = 0 as well
        quotient = m.compute("divide_unsigned", I64, high, low, b)
        write_result(m, quotient, low - quotient * b)
        return
    m.fault_if(b.eq(0), DE)
    wide = I32 if b.type is I8 else I64
    a, d = dividend(m, b.type).zext(wide), b.zext(wide)
    quotient = m.let(make("divu", wide, a, d))
    m.fault_if(const(wide, (1 << b.type.bits) - 1).ltu(quotient), DE)
    write_result(m, quotient.trunc(b.type), (a - quotient * d).trunc(b.type))


@semantics("idiv")
def idiv(m: Sem, src: Place) -> None:
    b = m.read(src)
    if b.type is I64:
        low, high = m.read(m.reg(layout.RAX)), m.read(m.reg(layout.RDX))
        m.fault_if(m.compute("divide_overflows", I32, high, low, b).ne(0), DE)
        quotient = m.compute("divide_signed", I64, high, low, b)
        write_result(m, quotient, low - quotient * b)
        return
    m.fault_if(b.eq(0), DE)
    wide = I32 if b.type is I8 else I64
    a, d = dividend(m, b.type).sext(wide), b.sext(wide)
    if b.type is I32:
        m.fault_if(a.eq(1 << 63) & b.eq(-1), DE)
    quotient = m.let(make("divs", wide, a, d))
    m.fault_if(quotient.trunc(b.type).sext(wide).ne(quotient), DE)
    write_result(m, quotient.trunc(b.type), (a - quotient * d).trunc(b.type))
