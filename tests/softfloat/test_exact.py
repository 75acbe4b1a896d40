"""Soft-float against exact rational arithmetic: every rounding mode, DAZ and FTZ off, all masked."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from random import Random

import pytest

from elfin import layout
from elfin.core import mxcsr, softfloat, softfloat_arith
from elfin.core.mxcsr import OE, PE, UE
from elfin.dialect import bound, u32, u64
from tests.softfloat.operands import double, single

FORMATS = {
    # precision: bits, bits of the fraction, least exponent
    softfloat.F64: (64, 52, -1022),
    softfloat.F32: (32, 23, -126),
}
OPERATIONS = {
    "add": softfloat_arith.ADD,
    "sub": softfloat_arith.SUB,
    "mul": softfloat_arith.MUL,
    "div": softfloat_arith.DIV,
    "sqrt": softfloat_arith.SQRT,
}
GUARD = 1 << 1200  # sqrt is computed to this precision; what is lost behind it cannot be a tie


def number(precision: int, pattern: int) -> Fraction | None:
    """A finite pattern's value."""
    bits, fraction, least = FORMATS[precision]
    field = pattern >> fraction & (1 << bits - 1 - fraction) - 1
    if field == (1 << bits - 1 - fraction) - 1:
        return None
    significand = pattern & (1 << fraction) - 1 | (1 << fraction if field else 0)
    value = Fraction(significand) * Fraction(2) ** (max(field, 1) - 1 + least - fraction)
    return -value if pattern >> bits - 1 else value


def to_integer(x: Fraction, mode: int, negative: bool) -> int:
    """A magnitude rounded as MXCSR's RC says."""
    below = x.numerator // x.denominator
    rest = x - below
    up = {
        mxcsr.NEAREST: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below % 2 == 1),
        mxcsr.DOWN: rest > 0 and negative,
        mxcsr.UP: rest > 0 and not negative,
        mxcsr.ZERO: False,
    }[mode]
    return below + up


def expected(precision: int, value: Fraction, mode: int) -> tuple[int, int]:
    """Pattern and flags of a number that is not zero."""
    bits, fraction, least = FORMATS[precision]
    negative = value < 0
    size = abs(value)
    sign = int(negative) << bits - 1
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    unbounded = to_integer(size / Fraction(2) ** (exponent - fraction), mode, negative)
    is_tiny = Fraction(unbounded) * Fraction(2) ** (exponent - fraction) < Fraction(2) ** least
    place = max(exponent, least) - fraction
    rounded = to_integer(size / Fraction(2) ** place, mode, negative)
    flags = 0
    if Fraction(rounded) * Fraction(2) ** place != size:
        flags = PE | (UE if is_tiny else 0)
    pattern = rounded + (max(exponent, least) - least << fraction)
    infinity = (1 << bits - 1) - (1 << fraction)
    if pattern >= infinity:
        flags = OE | PE
        away = mode == mxcsr.NEAREST or mode == (mxcsr.DOWN if negative else mxcsr.UP)
        pattern = infinity if away else infinity - 1
    return sign | pattern, flags


def exact(name: str, a: Fraction, b: Fraction) -> Fraction | None:
    match name:
        case "add":
            return a + b
        case "sub":
            return a - b
        case "mul":
            return a * b
        case "div":
            return a / b if b else None
    if b <= 0:
        return None
    scaled = b * GUARD * GUARD
    root = isqrt(scaled.numerator // scaled.denominator)
    sticky = 0 if Fraction(root * root) == scaled else Fraction(1, 2)
    return (root + sticky) / Fraction(GUARD)


@pytest.mark.parametrize("precision", FORMATS, ids=("f64", "f32"))
@pytest.mark.parametrize("name", OPERATIONS)
def test_equals_rational_arithmetic(name: str, precision: int) -> None:
    rng = Random(f"{name} {precision}")
    memory = bytearray(layout.STATE + layout.STATE_SIZE)
    make = double if precision == softfloat.F64 else single
    compared = 0
    with bound(memory):
        while compared < 1500:
            a, b, mode = make(rng), make(rng), rng.randrange(4)
            x, y = number(precision, a), number(precision, b)
            value = None if x is None or y is None else exact(name, x, y)
            if not value:  # NaN, infinity, zero: what the processor does is asked by the oracle
                continue
            memory[mxcsr.MXCSR_AT : mxcsr.MXCSR_AT + 4] = (0x1F80 | mode << 13).to_bytes(
                4, "little"
            )
            mxcsr.begin()
            wide = [
                softfloat.widened(u32(p)) if precision == softfloat.F32 else u64(p) for p in (a, b)
            ]
            result = softfloat_arith.soft_operation(u32(OPERATIONS[name]), u32(precision), *wide)
            mxcsr.settle()
            flags = memory[mxcsr.MXCSR_AT] & 0x3D  # without DE
            assert (int(result), flags) == expected(precision, value, mode), (hex(a), hex(b), mode)
            compared += 1
