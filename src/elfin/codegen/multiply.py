"""The upper half of a product of 64-bit numbers: the ops `mulhu` and `mulhs`.

Input:  `Values` and one value.
Output: its code: Wasm's wide arithmetic, or the sum of four products of halves (Knuth, The Art of Computer Programming,
        vol. 2, 4.3.1) for engines that do not have it.
"""

from __future__ import annotations

from typing import Final

from elfin.codegen.values import DROP, Lower, Values
from elfin.ir.types import I64
from elfin.ir.value import Value, local
from elfin.wasm.opcodes import code

LOW: Final = 0xFFFF_FFFF
UPPER: Final = local(I64, "upper")


def wide(name: str) -> Lower:
    """An instruction with two results, the upper half on top."""
    opcode = code(name)

    def lower(e: Values, v: Value) -> bool:
        for a in v.args:
            e.emit(a)
        e.code.append(opcode)
        e.set(UPPER)
        e.code.append(DROP)
        return e.emit(UPPER)

    return lower


def _unsigned(a: Value, b: Value) -> Value:
    a0, a1, b0, b1 = a & LOW, a >> 32, b & LOW, b >> 32
    middle = a1 * b0 + (a0 * b0 >> 32)
    other = a0 * b1 + (middle & LOW)
    return a1 * b1 + (middle >> 32) + (other >> 32)


def unsigned(e: Values, v: Value) -> bool:
    return e.emit(_unsigned(*v.args))


def signed(e: Values, v: Value) -> bool:
    a, b = v.args
    return e.emit(_unsigned(a, b) - (a.ashr(63) & b) - (b.ashr(63) & a))


LOWER: Final[dict[str, Lower]] = {"mulhu": unsigned, "mulhs": signed}
WIDE: Final = {"mulhu": wide("i64.mul_wide_u"), "mulhs": wide("i64.mul_wide_s")}
