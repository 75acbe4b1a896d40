"""How results become status flags, and RFLAGS as one number (SDM vol. 1, section 3.4.3).

Input:  values of a meaning.
Output: i1 values for `Sem.flags`.  The shapes matter: the flag slots hold a flag's source, and
        `eq(x, 0)` for ZF, `lts(x, 0)` for SF and OF, `parity(x)` for PF, `ne(and(x, 16), 0)` for AF let a
        tier store x itself.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.ir.types import I1, I8, I64
from elfin.ir.value import FALSE, Value, const, make
from elfin.isa.sem import Sem, Slot
from elfin.rflags import BIT, DF, FIXED

# Beside the status flags (`rflags.BIT`); FIXED reads as 1.
TF: Final = 1 << 8
NT: Final = 1 << 14
RF: Final = 1 << 16
AC: Final = 1 << 18
ID: Final = 1 << 21
# What POPF and IRET may change beside the status flags at privilege level 3.
USER_REST: Final = TF | DF | NT | AC | ID
REST: Final = Slot(layout.FLAG_REST, I64)


def parity(r: Value) -> Value:
    """PF: the low byte has an even number of ones."""
    return make("parity", I1, r.trunc(I8))


def szp(r: Value) -> dict[str, Value]:
    """SF, ZF and PF of a result."""
    return {"s": r.lts(0), "z": r.eq(0), "p": parity(r)}


def add_flags(m: Sem, a: Value, b: Value, r: Value, carry: Value | None = None) -> None:
    """All six for r = a + b (+ carry-in, then `carry` is the carry out)."""
    mixed = a ^ r
    m.flags(
        c=r.ltu(a) if carry is None else carry,
        a=(mixed ^ b).bit(4),
        o=(mixed & (b ^ r)).lts(0),
        **szp(r),
    )


def sub_flags(m: Sem, a: Value, b: Value, r: Value, borrow: Value | None = None) -> None:
    """All six for r = a - b (- borrow-in, then `borrow` is the borrow out)."""
    mixed = a ^ b
    m.flags(
        c=a.ltu(b) if borrow is None else borrow,
        a=(mixed ^ r).bit(4),
        o=(mixed & (a ^ r)).lts(0),
        **szp(r),
    )


def logic_flags(m: Sem, r: Value) -> None:
    """AND, OR, XOR, TEST: CF and OF are 0; AF is undefined, and 0 on the processors at hand."""
    m.flags(c=FALSE, o=FALSE, a=FALSE, **szp(r))


def status_byte(m: Sem) -> Value:
    """SF:ZF:0:AF:0:PF:1:CF as an i64, the low byte of RFLAGS."""
    value = const(I64, FIXED)
    for name in "cpazs":
        value = value | m.flag(name).zext(I64) << BIT[name].bit_length() - 1
    return value


def read_rflags(m: Sem) -> Value:
    """RFLAGS as an i64."""
    return status_byte(m) | m.flag("o").zext(I64) << 11 | m.read(REST)


def write_status(m: Sem, value: Value, names: str = "cpazso") -> None:
    """The named flags from their bits of RFLAGS."""
    m.flags(**{name: (value & BIT[name]).ne(0) for name in names})


def write_rflags(m: Sem, value: Value, writable: int = USER_REST) -> None:
    """RFLAGS from an i64, the part that a user program may write."""
    kept = m.read(REST) & ~writable
    write_status(m, value)
    m.write(REST, kept | (value & writable))
