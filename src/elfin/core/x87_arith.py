"""Sum, product, quotient and square root of 80-bit numbers (SDM vol. 1, 8.3.5; vol. 2: FADD ... FSQRT).

Operations have the numbers of the opcode's reg field.
"""

from __future__ import annotations

from typing import Final

from elfin.core.arith import mulhu64
from elfin.core.divide import divide_unsigned
from elfin.core.x87_number import (
    BIAS,
    LEADING,
    SPECIAL,
    find_denormals,
    integer_operand,
    is_bad_operand,
    lost_below,
    magnitude,
    magnitude_exponent,
    round_result,
    shifted_down,
    widen_double,
    widen_single,
    x87_invalid,
    x87_is_infinite,
    x87_is_zero,
)
from elfin.core.x87_state import (
    BEFORE,
    C1,
    DOWN,
    ZE,
    B,
    cell,
    find,
    is_empty,
    pop,
    precision_bits,
    put_result,
    rounding_mode,
    sign_at,
    underflow_stack,
    write_back,
    x87_settle,
)
from elfin.dialect import clz64, core_function, i64, u32, u64

ADD: Final = 0
MUL: Final = 1
SUB: Final = 4
SUBR: Final = 5
DIV: Final = 6
DIVR: Final = 7


@core_function(reads="x87", writes="x87")
def x87_arith(operation: u32, to: u32, other: u32, pops: u32) -> None:
    """ST(to) becomes ST(to) operation ST(other)."""
    if is_empty(to) or is_empty(other):
        underflow_stack()
    else:
        x87_operate(operation, cell(to), cell(other))
    if x87_settle(u32(BEFORE), u32(C1)):
        write_back(to)
        if pops != 0:
            pop()


@core_function(reads="x87", writes="x87")
def x87_arith_single(operation: u32, x87_pattern: u32) -> None:
    """ST(0) becomes ST(0) operation an f32."""
    widen_single(x87_pattern)
    arith_operand(operation)


@core_function(reads="x87", writes="x87")
def x87_arith_double(operation: u32, x87_pattern: u64) -> None:
    """ST(0) becomes ST(0) operation an f64."""
    widen_double(x87_pattern)
    arith_operand(operation)


@core_function(reads="x87", writes="x87")
def x87_arith_integer(operation: u32, value: u64) -> None:
    """ST(0) becomes ST(0) operation a signed integer."""
    integer_operand(value)
    arith_operand(operation)


@core_function()
def arith_operand(operation: u32) -> None:
    """ST(0) becomes ST(0) operation B."""
    if is_empty(u32(0)):
        underflow_stack()
    else:
        x87_operate(operation, cell(u32(0)), u32(B))
    if x87_settle(u32(BEFORE), u32(C1)):
        write_back(u32(0))


@core_function()
def x87_operate(operation: u32, a: u32, b: u32) -> None:
    """R is a operation b, rounded to the precision in control."""
    if is_bad_operand(a, b):
        return
    if operation == ADD:
        x87_add(a, b, sign_at(b))
    elif operation == SUB:
        x87_add(a, b, sign_at(b) ^ 1)
    elif operation == SUBR:
        x87_add(b, a, sign_at(a) ^ 1)
    elif operation == MUL:
        x87_mul(a, b)
    elif operation == DIV:
        x87_div(a, b)
    else:
        x87_div(b, a)


@core_function()
def x87_exact_zero() -> None:
    """R is the sum of a number and its opposite."""
    put_result(u32(rounding_mode() == DOWN), u32(0), u64(0))


@core_function()
def x87_add(a: u32, b: u32, b_sign: u32) -> None:
    """R is a + b, b with this sign."""
    sign = sign_at(a)
    if x87_is_infinite(a) and x87_is_infinite(b) and sign != b_sign:
        x87_invalid()
        return
    find_denormals(a, b)
    if x87_is_infinite(a):
        put_result(sign, u32(SPECIAL), u64(LEADING))
        return
    if x87_is_infinite(b):
        put_result(b_sign, u32(SPECIAL), u64(LEADING))
        return
    bits = precision_bits()
    if x87_is_zero(a):
        if x87_is_zero(b):
            if sign == b_sign:
                put_result(sign, u32(0), u64(0))
            else:
                x87_exact_zero()
        else:
            round_result(b_sign, magnitude_exponent(b), magnitude(b), u64(0), bits)
        return
    exponent = magnitude_exponent(a)
    high = magnitude(a)
    if x87_is_zero(b):
        round_result(sign, exponent, high, u64(0), bits)
        return
    other_exponent = magnitude_exponent(b)
    other = magnitude(b)
    subtracts = sign != b_sign
    if exponent < other_exponent or (exponent == other_exponent and high < other):
        sign = b_sign
        distance = u64(other_exponent - exponent)
        exponent = other_exponent
        kept = high
        high = other
        other = kept
    else:
        distance = u64(exponent - other_exponent)
    low = lost_below(other, u64(0), distance)
    other = shifted_down(other, u64(0), distance)
    if subtracts:
        high = high - other - u64(low != 0)
        low = ~low + 1
        if high == 0 and low == 0:
            x87_exact_zero()
            return
        if high == 0:
            high = low
            low = u64(0)
            exponent -= 64
        shift = clz64(high)
        if shift != 0:
            high = (high << shift) | (low >> (64 - shift))
            low = low << shift
            exponent -= i64(shift)
    else:
        high = high + other
        if high < other:
            low = (high << 63) | (low >> 1) | (low & 1)
            high = (high >> 1) | LEADING
            exponent += 1
    round_result(sign, exponent, high, low, bits)


@core_function()
def x87_mul(a: u32, b: u32) -> None:
    """R is a * b."""
    sign = sign_at(a) ^ sign_at(b)
    if (x87_is_infinite(a) and x87_is_zero(b)) or (x87_is_zero(a) and x87_is_infinite(b)):
        x87_invalid()
        return
    find_denormals(a, b)
    if x87_is_infinite(a) or x87_is_infinite(b):
        put_result(sign, u32(SPECIAL), u64(LEADING))
        return
    if x87_is_zero(a) or x87_is_zero(b):
        put_result(sign, u32(0), u64(0))
        return
    x = magnitude(a)
    y = magnitude(b)
    exponent = magnitude_exponent(a) + magnitude_exponent(b) - (BIAS - 1)
    high = mulhu64(x, y)
    low = x * y
    if (high >> 63) == 0:
        high = (high << 1) | (low >> 63)
        low = low << 1
        exponent -= 1
    round_result(sign, exponent, high, low, precision_bits())


@core_function()
def x87_div(a: u32, b: u32) -> None:
    """R is a / b."""
    sign = sign_at(a) ^ sign_at(b)
    if (x87_is_zero(a) and x87_is_zero(b)) or (x87_is_infinite(a) and x87_is_infinite(b)):
        x87_invalid()
        return
    if x87_is_zero(b) and not x87_is_infinite(a):
        find(u32(ZE))
    else:
        find_denormals(a, b)
    if x87_is_zero(b) or x87_is_infinite(a):
        put_result(sign, u32(SPECIAL), u64(LEADING))
        return
    if x87_is_zero(a) or x87_is_infinite(b):
        put_result(sign, u32(0), u64(0))
        return
    x = magnitude(a)
    y = magnitude(b)
    exponent = magnitude_exponent(a) - magnitude_exponent(b) + BIAS
    low = u64(0)
    if x >= y:
        low = x << 63
        x = x >> 1
    else:
        exponent -= 1
    quotient = divide_unsigned(x, low, y)
    rest = low - quotient * y
    below = u64(0)
    if rest != 0:
        below = divide_unsigned(rest, u64(0), y) | 1
    round_result(sign, exponent, quotient, below, precision_bits())


@core_function(reads="x87", writes="x87")
def x87_sqrt() -> None:
    """ST(0) becomes its square root."""
    at = cell(u32(0))
    if is_empty(u32(0)):
        underflow_stack()
    elif not is_bad_operand(at, at):
        square_root(at)
    if x87_settle(u32(BEFORE), u32(C1)):
        write_back(u32(0))


@core_function()
def square_root(at: u32) -> None:
    """R is the root of a number."""
    if x87_is_zero(at):
        put_result(sign_at(at), u32(0), u64(0))
        return
    if sign_at(at) != 0:
        x87_invalid()
        return
    find_denormals(at, at)
    if x87_is_infinite(at):
        put_result(u32(0), u32(SPECIAL), u64(LEADING))
        return
    exponent = magnitude_exponent(at) - BIAS
    # high:low = the number times an even power of two, so that its root has 64 bits
    high = magnitude(at)
    low = u64(0)
    if exponent & 1 == 0:
        low = high << 63
        high = high >> 1
    root = u64(0)
    rest = u64(0)
    rest_high = u64(0)
    for _ in range(64):  # digit by digit, two bits of the radicand for each of the root
        rest_high = (rest_high << 2) | (rest >> 62)
        rest = (rest << 2) | (high >> 62)
        high = (high << 2) | (low >> 62)
        low = low << 2
        trial_high = root >> 62
        trial = (root << 2) | 1
        root = root << 1
        if rest_high > trial_high or (rest_high == trial_high and rest >= trial):
            rest_high = rest_high - trial_high - u64(rest < trial)
            rest = rest - trial
            root = root | 1
    below = u64(0)
    if rest_high != 0 or rest > root:
        below = u64(LEADING | 1)
    elif rest != 0:
        below = u64(1)
    round_result(u32(0), (exponent >> 1) + BIAS, root, below, precision_bits())
