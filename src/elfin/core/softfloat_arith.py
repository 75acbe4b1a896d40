"""Sum, product, quotient and square root in full (SDM vol. 1, 4.8.4, 4.9 and appendix E).

Operands are f64 patterns (see `softfloat`), neither of them a NaN, denormals already zero under DAZ.
"""

from __future__ import annotations

from typing import Final

from elfin.core.arith import mulhu64
from elfin.core.mxcsr import DE, ZE, signal
from elfin.core.softfloat import (
    SIGN,
    chosen_nan,
    exact_zero,
    exponent_of,
    infinity,
    invalid,
    is_denormal,
    is_infinite,
    is_nan,
    is_zero,
    pattern,
    rounded,
    shifted_right,
    significand_of,
    without_denormal,
)
from elfin.dialect import clz64, core_function, i64, u32, u64

ADD: Final = 0
SUB: Final = 1
MUL: Final = 2
DIV: Final = 3
SQRT: Final = 4  # of the second operand


@core_function()
def soft_operation(operation: u32, precision: u32, a: u64, b: u64) -> u64:
    """The operation on any two patterns; SQRT gets its operand twice."""
    if is_nan(a) or is_nan(b):
        return chosen_nan(precision, a, b)
    x = without_denormal(precision, a)
    y = without_denormal(precision, b)
    if operation == ADD:
        return soft_add(precision, x, y)
    if operation == SUB:
        return soft_add(precision, x, y ^ SIGN)
    if operation == MUL:
        return soft_mul(precision, x, y)
    if operation == DIV:
        return soft_div(precision, x, y)
    return soft_sqrt(precision, y)


@core_function()
def signal_denormals(precision: u32, a: u64, b: u64) -> None:
    """Called once it is clear that nothing else is wrong with the operands."""
    if is_denormal(precision, a) or is_denormal(precision, b):
        signal(u32(DE))


@core_function()
def soft_add(precision: u32, a: u64, b: u64) -> u64:
    if is_infinite(a) and is_infinite(b) and a != b:
        return invalid(precision)
    signal_denormals(precision, a, b)
    if is_infinite(a):
        return infinity(precision, a >> 63)
    if is_infinite(b):
        return infinity(precision, b >> 63)
    if is_zero(a) and is_zero(b):
        return pattern(precision, a >> 63, u64(0)) if a == b else exact_zero(precision)
    if is_zero(a):
        return rounded(precision, b >> 63, exponent_of(b), significand_of(b))
    if is_zero(b):
        return rounded(precision, a >> 63, exponent_of(a), significand_of(a))
    if (a << 1) < (b << 1):
        swapped = a
        a = b
        b = swapped
    # One place is left free for the carry; eleven below hold what is shifted out.
    exponent = exponent_of(a)
    significand = significand_of(a) >> 1
    other = shifted_right(significand_of(b) >> 1, u64(exponent - exponent_of(b)))
    if (a ^ b) >> 63 == 0:
        significand += other
    else:
        significand -= other
        if significand == 0:
            return exact_zero(precision)
    shift = clz64(significand)
    return rounded(precision, a >> 63, exponent + 1 - i64(shift), significand << shift)


@core_function()
def soft_mul(precision: u32, a: u64, b: u64) -> u64:
    sign = (a ^ b) >> 63
    if (is_infinite(a) and is_zero(b)) or (is_zero(a) and is_infinite(b)):
        return invalid(precision)
    signal_denormals(precision, a, b)
    if is_infinite(a) or is_infinite(b):
        return infinity(precision, sign)
    if is_zero(a) or is_zero(b):
        return pattern(precision, sign, u64(0))
    x = significand_of(a)
    y = significand_of(b)
    exponent = exponent_of(a) + exponent_of(b) + 1
    product = mulhu64(x, y) | (u64(1) if x * y != 0 else u64(0))
    shift = clz64(product)
    return rounded(precision, sign, exponent - i64(shift), product << shift)


@core_function()
def soft_div(precision: u32, a: u64, b: u64) -> u64:
    sign = (a ^ b) >> 63
    if (is_zero(a) and is_zero(b)) or (is_infinite(a) and is_infinite(b)):
        return invalid(precision)
    if is_zero(b):
        if not is_infinite(a):
            signal(u32(ZE))
        return infinity(precision, sign)
    signal_denormals(precision, a, b)
    if is_infinite(a):
        return infinity(precision, sign)
    if is_zero(a) or is_infinite(b):
        return pattern(precision, sign, u64(0))
    exponent = exponent_of(a) - exponent_of(b)
    rest = significand_of(a) >> 11
    divisor = significand_of(b) >> 11
    if rest < divisor:
        rest <<= 1
        exponent -= 1
    quotient = u64(0)
    for _ in range(64):  # the first bit is a one
        quotient <<= 1
        if rest >= divisor:
            rest -= divisor
            quotient |= 1
        rest <<= 1
    if rest != 0:
        quotient |= 1
    return rounded(precision, sign, exponent, quotient)


@core_function()
def soft_sqrt(precision: u32, a: u64) -> u64:
    if is_zero(a):
        return pattern(precision, a >> 63, u64(0))
    if a >> 63 != 0:
        return invalid(precision)
    signal_denormals(precision, a, a)
    if is_infinite(a):
        return infinity(precision, u64(0))
    exponent = exponent_of(a)
    # The number as 1..3 and a fraction, two bits before the point, times an even power of two.
    radicand = significand_of(a)
    if exponent & 1 == 0:
        radicand >>= 1
    root = u64(0)
    rest = u64(0)
    for _ in range(60):  # digit by digit, two bits of the radicand for each of the root
        rest = (rest << 2) | (radicand >> 62)
        radicand <<= 2
        trial = (root << 2) | 1
        root <<= 1
        if rest >= trial:
            rest -= trial
            root |= 1
    root <<= 4
    if rest != 0:
        root |= 1
    return rounded(precision, u64(0), exponent >> 1, root)
