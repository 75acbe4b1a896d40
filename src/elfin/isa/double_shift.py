"""Double-precision shifts (SDM vol. 2: SHLD, SHRD).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  A 16-bit count above 16 is undefined; here, as on AMD processors, it goes on with
        the second operand's bits again.
"""

from __future__ import annotations

from elfin.ir.types import I1, I16, I32, I64
from elfin.ir.value import Value
from elfin.isa.flags import szp
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.shift import flags_if_counted, masked_count

SHLD = rows("shld", "SDM 2B SHLD")
SHLD("""
0F A4 /r   E,v G,v I,b
0F A5 /r   E,v G,v CL
""")
SHRD = rows("shrd", "SDM 2B SHRD")
SHRD("""
0F AC /r   E,v G,v I,b
0F AD /r   E,v G,v CL
""")


def joined(*parts: Value) -> Value:
    """The parts side by side, the lowest last, as an i64."""
    whole = parts[0].zext(I64)
    for part in parts[1:]:
        whole = whole << part.type.bits | part.zext(I64)
    return whole


def finish(m: Sem, dst: Place, count: Value, a: Value, r: Value, carry: Value) -> None:
    m.write(dst, r)
    flags_if_counted(m, count, c=carry, o=(a ^ r).lts(0), **szp(r))


@semantics("shld")
def shld(m: Sem, dst: Place, src: Place, by: Place) -> None:
    a, b = m.read(dst), m.read(src)
    count = masked_count(m, by, a.type, I64)
    if a.type is I64:
        r = count.ne(0).select(a << count | b >> -count, a)
        carry = a.rotl(count).trunc(I1)
    else:
        shifted = (joined(a, b, b) if a.type is I16 else joined(a, b)) << count
        r = (shifted >> 32).trunc(a.type)
        if a.type is I32:
            carry = a.rotl(count.trunc(I32)).trunc(I1)
        else:
            carry = (shifted >> 48).trunc(I1)
    finish(m, dst, count, a, r, carry)


@semantics("shrd")
def shrd(m: Sem, dst: Place, src: Place, by: Place) -> None:
    a, b = m.read(dst), m.read(src)
    count = masked_count(m, by, a.type, I64)
    if a.type is I64:
        r = count.ne(0).select(a >> count | b << -count, a)
        carry = (a >> (count - 1)).trunc(I1)
    else:
        whole = joined(b, b, a) if a.type is I16 else joined(b, a)
        r = (whole >> count).trunc(a.type)
        carry = (whole >> (count - 1)).trunc(I1)
    finish(m, dst, count, a, r, carry)
