"""Bitwise logic (SDM vol. 2: AND, NOT, OR, TEST, XOR).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.
"""

from __future__ import annotations

from elfin.isa.flags import logic_flags
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem

OR = rows("or", "SDM 2B OR")
OR("""
08 /r   E,b G,b   lock
09 /r   E,v G,v   lock
0A /r   G,b E,b
0B /r   G,v E,v
0C      AL I,b
0D      rAX I,z
80 /1   E,b I,b   lock
81 /1   E,v I,z   lock
83 /1   E,v I,bs  lock
""")
AND = rows("and", "SDM 2A AND")
AND("""
20 /r   E,b G,b   lock
21 /r   E,v G,v   lock
22 /r   G,b E,b
23 /r   G,v E,v
24      AL I,b
25      rAX I,z
80 /4   E,b I,b   lock
81 /4   E,v I,z   lock
83 /4   E,v I,bs  lock
""")
XOR = rows("xor", "SDM 2D XOR")
XOR("""
30 /r   E,b G,b   lock
31 /r   E,v G,v   lock
32 /r   G,b E,b
33 /r   G,v E,v
34      AL I,b
35      rAX I,z
80 /6   E,b I,b   lock
81 /6   E,v I,z   lock
83 /6   E,v I,bs  lock
""")
TEST = rows("test", "SDM 2B TEST")
TEST("""
84 /r   E,b G,b
85 /r   E,v G,v
A8      AL I,b
A9      rAX I,z
F6 /0   E,b I,b
F6 /1   E,b I,b
F7 /0   E,v I,z
F7 /1   E,v I,z
""")
NOT = rows("not", "SDM 2B NOT")
NOT("""
F6 /2   E,b   lock
F7 /2   E,v   lock
""")


@semantics("or")
def or_(m: Sem, dst: Place, src: Place) -> None:
    r = m.read(dst) | m.read(src)
    m.write(dst, r)
    logic_flags(m, r)


@semantics("and")
def and_(m: Sem, dst: Place, src: Place) -> None:
    r = m.read(dst) & m.read(src)
    m.write(dst, r)
    logic_flags(m, r)


@semantics("xor")
def xor(m: Sem, dst: Place, src: Place) -> None:
    r = m.read(dst) ^ m.read(src)
    m.write(dst, r)
    logic_flags(m, r)


@semantics("test")
def test(m: Sem, left: Place, right: Place) -> None:
    logic_flags(m, m.read(left) & m.read(right))


@semantics("not")
def not_(m: Sem, dst: Place) -> None:
    m.write(dst, ~m.read(dst))
