"""Multiplication (SDM vol. 2: IMUL, MUL).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  CF and OF say whether the upper half matters; SF, ZF, AF and PF are undefined and left.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I8, I16, I32, I64
from elfin.ir.value import Value, make
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem

MUL = rows("mul", "SDM 2B MUL")
MUL("""
F6 /4   E,b
F7 /4   E,v
""")
IMUL = rows("imul", "SDM 2A IMUL")
IMUL("""
F6 /5      E,b
F7 /5      E,v
0F AF /r   G,v E,v
69 /r      G,v E,v I,z
6B /r      G,v E,v I,bs
""")


def unsigned_product(a: Value, b: Value) -> tuple[Value, Value]:
    """Low and high half of a * b, in the type of a."""
    if a.type is I64:
        return a * b, make("mulhu", I64, a, b)
    wide = I64 if a.type is I32 else I32
    product = a.zext(wide) * b.zext(wide)
    return product.trunc(a.type), (product >> a.type.bits).trunc(a.type)


def signed_product(a: Value, b: Value) -> tuple[Value, Value, Value]:
    """Low half, high half, and whether the product does not fit the low half."""
    if a.type is I64:
        low, high = a * b, make("mulhs", I64, a, b)
        return low, high, high.ne(low.ashr(63))
    wide = I64 if a.type is I32 else I32
    product = a.sext(wide) * b.sext(wide)
    low = product.trunc(a.type)
    return low, (product >> a.type.bits).trunc(a.type), product.ne(low.sext(wide))


def write_double(m: Sem, low: Value, high: Value) -> None:
    """rDX:rAX, or AX for bytes."""
    if low.type is I8:
        m.write(m.reg(layout.RAX, I16), low.zext(I16) | high.zext(I16) << 8)
        return
    m.write(m.reg(layout.RAX, low.type), low)
    m.write(m.reg(layout.RDX, low.type), high)


@semantics("mul")
def mul(m: Sem, src: Place) -> None:
    b = m.read(src)
    low, high = unsigned_product(m.read(m.reg(layout.RAX, b.type)), b)
    write_double(m, low, high)
    m.flags(c=high.ne(0), o=high.ne(0))


@semantics("imul")
def imul(m: Sem, first: Place, second: Place | None = None, third: Place | None = None) -> None:
    """One operand: rDX:rAX = rAX * first.  Two: first *= second.  Three: first = second * third."""
    if second is None:
        b = m.read(first)
        low, high, overflow = signed_product(m.read(m.reg(layout.RAX, b.type)), b)
        write_double(m, low, high)
    else:
        left, right = (first, second) if third is None else (second, third)
        low, _, overflow = signed_product(m.read(left), m.read(right))
        m.write(first, low)
    m.flags(c=overflow, o=overflow)
