"""Shifts of the elements of XMM registers (SDM vol. 2: PSLLW ... PSRAD).

All elements shift by the same count, an immediate byte or the low quadword of an operand.  A count
past the width gives zeros, or the sign everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.types import I32, I64
from elfin.ir.value import Value
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Imm, Place, Sem
from elfin.isa.vector import ZERO, aligned, low, op

# By a vector's low quadword, by an immediate, the SIMD op, and the width of an element.
# fmt: off
SHIFTS: Final = {
    "psllw": ("66 0F F1 /r", "66 0F 71 /6", "i16x8.shl",   16),
    "pslld": ("66 0F F2 /r", "66 0F 72 /6", "i32x4.shl",   32),
    "psllq": ("66 0F F3 /r", "66 0F 73 /6", "i64x2.shl",   64),
    "psrlw": ("66 0F D1 /r", "66 0F 71 /2", "i16x8.shr_u", 16),
    "psrld": ("66 0F D2 /r", "66 0F 72 /2", "i32x4.shr_u", 32),
    "psrlq": ("66 0F D3 /r", "66 0F 73 /2", "i64x2.shr_u", 64),
    "psraw": ("66 0F E1 /r", "66 0F 71 /4", "i16x8.shr_s", 16),
    "psrad": ("66 0F E2 /r", "66 0F 72 /4", "i32x4.shr_s", 32),
}
# fmt: on


def _count(m: Sem, src: Place) -> Value:
    """The shift count as an i64."""
    if isinstance(src, Imm):
        return m.read(src).zext(I64)
    return m.let(low(aligned(m, src), I64))


def shifted(name: str, bits: int, a: Value, count: Value) -> Value:
    """`a` with each element shifted by an i64 count of any size."""
    if name.endswith("shr_s"):
        inside = count.ltu(bits).select(count, bits - 1)
        return op(name, a, inside.trunc(I32))
    return count.ltu(bits).select(op(name, a, count.trunc(I32)), ZERO)


def _shift(name: str, bits: int) -> Callable[[Sem, Place, Place], None]:
    def meaning(m: Sem, dst: Place, src: Place) -> None:
        count = _count(m, src)
        m.write(dst, shifted(name, bits, m.read(dst), count))

    return meaning


for _name, (_by_vector, _by_imm, _op, _bits) in SHIFTS.items():
    _rows = rows(_name, f"SDM 2B {_name.upper()}", "cpuid=sse2")
    _rows(f"{_by_vector}   V,dq W,dq")
    _rows(f"{_by_imm}   U,dq I,b")
    semantics(_name)(_shift(_op, _bits))
