"""What the meanings of vector instructions share: building v128 values, and aligned operands.

Input:  `Sem` and `Place`s.
Output: values.  Nothing here runs, and nothing here knows Wasm but the names of its SIMD ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from elfin import layout
from elfin.ir.ops import OPS
from elfin.ir.types import I8, I32, I64, TYPES, V128, Type
from elfin.ir.value import Value, const, make
from elfin.isa.sem import Mem, Place, Sem, Slot
from elfin.isa.vectors import GP, XM

_RESULT: Final[dict[str, Type]] = {
    name: TYPES[row.types.split("->")[1].strip()]
    for name, row in OPS.items()
    if row.types.split("->")[1].strip() in TYPES
}


def op(name: str, *args: Value, imm: Any = None) -> Value:
    """A SIMD or float op; its row says what type it gives."""
    return make(name, _RESULT[name], *args, imm=imm)


def lanes(bits: int, values: Iterable[int]) -> Value:
    """A constant of these lanes, lowest first."""
    pattern = 0
    for index, value in enumerate(values):
        pattern |= (value & ((1 << bits) - 1)) << index * bits
    return const(V128, pattern)


ZERO: Final = const(V128, 0)


def low(v: Value, type_: Type) -> Value:
    """The lowest lane, an i32 or i64."""
    return op("i32x4.extract_lane" if type_ is I32 else "i64x2.extract_lane", v, imm=0)


def high(v: Value) -> Value:
    """The upper i64."""
    return op("i64x2.extract_lane", v, imm=1)


def with_low(v: Value, x: Value) -> Value:
    """`v` with its lowest lane replaced by an i32 or i64."""
    return op("i32x4.replace_lane" if x.type is I32 else "i64x2.replace_lane", v, x, imm=0)


def alone(x: Value) -> Value:
    """An i32 or i64 as lowest lane, zeros above."""
    return with_low(ZERO, x)


def shuffle(a: Value, b: Value, indices: Iterable[int]) -> Value:
    """Bytes 0..15 are those of `a`, 16..31 those of `b`."""
    return op("i8x16.shuffle", a, b, imm=tuple(indices))


def check_alignment(m: Sem, place: Place) -> None:
    """#GP if a 16-byte memory operand is not at a multiple of 16."""
    if isinstance(place, Mem):
        m.fault_if((place.address & 15).ne(0), GP)


def aligned(m: Sem, place: Place) -> Value:
    """The value of an operand that must be aligned where it is memory."""
    check_alignment(m, place)
    return m.read(place)


def lanewise(name: str) -> Callable[[Sem, Place, Place], None]:
    """The meaning of an instruction that is one SIMD op: destination op source."""

    def meaning(m: Sem, dst: Place, src: Place) -> None:
        b = aligned(m, src)
        m.write(dst, op(name, m.read(dst), b))

    return meaning


def splat(shape: str, x: Value) -> Value:
    return op(f"{shape}.splat", x)


def is_known(value: Value) -> bool:
    """Is it known while the meaning is built?  The interpreter's immediates are not."""
    return value.op == "const"


def known(value: Value) -> int:
    """The number of a known immediate."""
    assert value.op == "const" and value.type in (I8, I64, I32)
    return int(value.imm)


def float_result(m: Sem, name: str, type_: Type, *args: Value) -> Value:
    """What a float core function computes; #XM if it found an exception that is not masked."""
    result = m.compute(name, type_, *args)
    m.fault_if(m.read(Slot(layout.FLOAT_TRAP, I32)).ne(0), XM)
    return result
