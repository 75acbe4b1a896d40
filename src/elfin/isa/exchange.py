"""Exchanges (SDM vol. 2: CMPXCHG, CMPXCHG8B/16B, XADD, XCHG).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  Tasks change places only between instructions, so each of these is atomic.
"""

from __future__ import annotations

from elfin import layout
from elfin.ir.types import I32, I64, Type
from elfin.ir.value import const
from elfin.isa.conditional import widened, write_if
from elfin.isa.flags import add_flags, sub_flags
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem
from elfin.isa.vectors import GP

XCHG = rows("xchg", "SDM 2D XCHG")
XCHG("""
86 /r   E,b G,b   lock
87 /r   E,v G,v   lock
90+r    Z,v rAX
""")
XADD = rows("xadd", "SDM 2D XADD")
XADD("""
0F C0 /r   E,b G,b   lock
0F C1 /r   E,v G,v   lock
""")
CMPXCHG = rows("cmpxchg", "SDM 2A CMPXCHG")
CMPXCHG("""
0F B0 /r   E,b G,b   lock
0F B1 /r   E,v G,v   lock
""")
CMPXCHG8B = rows("cmpxchg8b", "SDM 2A CMPXCHG8B/CMPXCHG16B")
CMPXCHG8B("""
o16 0F C7 /1   M,q   lock
o32 0F C7 /1   M,q   lock
""")
CMPXCHG16B = rows("cmpxchg16b", "SDM 2A CMPXCHG8B/CMPXCHG16B", "cpuid=cmpxchg16b")
CMPXCHG16B("REX.W 0F C7 /1   M,dq   lock")


@semantics("xchg")
def xchg(m: Sem, left: Place, right: Place) -> None:
    """Memory, always the left operand, is written before any register."""
    a, b = m.read(left), m.read(right)
    m.write(left, b)
    m.write(right, a)


@semantics("xadd")
def xadd(m: Sem, dst: Place, src: Place) -> None:
    """The sum is written last: of one register twice it stays.  A store must still come first."""
    a, b = m.read(dst), m.read(src)
    r = a + b
    if isinstance(dst, Mem):
        m.write(dst, r)
        m.write(src, a)
    else:
        m.write(src, a)
        m.write(dst, r)
    add_flags(m, a, b, r)


@semantics("cmpxchg")
def cmpxchg(m: Sem, dst: Place, src: Place) -> None:
    """A memory destination is written in both cases (with itself when they differ); the upper half of a
    32-bit register only where the register changes.  `cmpxchg eax, ecx` is equal and writes ECX.
    """
    a, new = m.read(dst), m.read(src)
    accumulator = m.reg(layout.RAX, a.type)
    expected = m.read(accumulator)
    equal = expected.eq(a)
    if isinstance(dst, Mem):
        m.write(dst, equal.select(new, a))
        write_if(m, ~equal, accumulator, a)
    else:
        whole = widened(dst)
        old = m.read(whole)
        write_if(m, ~equal, accumulator, a)
        m.commit()
        m.write(whole, equal.select(new.zext(whole.type), old))
    sub_flags(m, expected, a, expected - a)


@semantics("cmpxchg8b")
def cmpxchg8b(m: Sem, dst: Place) -> None:
    compare_pair(m, dst, I32)


@semantics("cmpxchg16b")
def cmpxchg16b(m: Sem, dst: Place) -> None:
    assert isinstance(dst, Mem)
    m.fault_if((dst.address & 15).ne(0), GP)
    compare_pair(m, dst, I64)


def compare_pair(m: Sem, dst: Place, type_: Type) -> None:
    """rDX:rAX with memory: equal, memory becomes rCX:rBX; else rDX:rAX becomes memory."""
    assert isinstance(dst, Mem)
    second = dst.address + type_.bytes
    m.call("check_write", None, dst.address, const(I32, 2 * type_.bytes))
    low, high = m.load(dst.address, type_), m.load(second, type_)
    rax, rdx = m.reg(layout.RAX, type_), m.reg(layout.RDX, type_)
    equal = m.read(rax).eq(low) & m.read(rdx).eq(high)
    m.store(dst.address, equal.select(m.read(m.reg(layout.RBX, type_)), low))
    m.store(second, equal.select(m.read(m.reg(layout.RCX, type_)), high))
    write_if(m, ~equal, rax, low)
    write_if(m, ~equal, rdx, high)
    m.flags(z=equal)
