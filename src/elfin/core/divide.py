"""128 by 64 bit division (SDM vol. 2: DIV, IDIV; Knuth, TAOCP vol. 2, 4.3.1, algorithm D).

Input:  the dividend's halves and the divisor, as bit patterns.
Output: the quotient; who needs the remainder subtracts.  Nothing here faults: callers ask first.
"""

from __future__ import annotations

from elfin.dialect import clz64, core_function, i64, u32, u64

LOW = 0xFFFF_FFFF
DIGIT = 1 << 32
SIGN = 1 << 63


@core_function()
def _digit(high: u64, next_digit: u64, divisor: u64) -> u64:
    """One quotient digit of base 2**32: high:next_digit by a divisor whose top bit is set, high < divisor."""
    top = divisor >> 32
    bottom = divisor & LOW
    digit = high // top
    rest = high - digit * top
    while digit >= DIGIT or digit * bottom > (rest << 32 | next_digit):
        digit -= 1
        rest += top
        if rest >= DIGIT:
            return digit
    return digit


@core_function()
def divide_unsigned(high: u64, low: u64, divisor: u64) -> u64:
    """high:low by divisor, which is greater than high."""
    if high == 0:
        return low // divisor
    shift = u64(clz64(divisor))
    divisor <<= shift
    rest = high << shift | low >> 1 >> (63 - shift)
    low <<= shift
    first = _digit(rest, low >> 32, divisor)
    rest = (rest << 32 | low >> 32) - first * divisor
    return first << 32 | _digit(rest, low & LOW, divisor)


@core_function()
def divide_overflows(high: u64, low: u64, divisor: u64) -> u32:
    """1 if the signed quotient does not exist or does not fit 64 bits."""
    if divisor == 0:
        return u32(1)
    if i64(high) == i64(low) >> 63:
        return u32(low == SIGN and divisor == ~u64(0))
    negative = i64(high ^ divisor) < 0
    if i64(high) < 0:
        high = ~high + u64(low == 0)
        low = ~low + 1
    if i64(divisor) < 0:
        divisor = ~divisor + 1
    if high >= divisor:
        return u32(1)
    quotient = divide_unsigned(high, low, divisor)
    if negative:
        return u32(quotient > SIGN)
    return u32(quotient >= SIGN)


@core_function()
def divide_signed(high: u64, low: u64, divisor: u64) -> u64:
    """The signed quotient, rounded towards zero; `divide_overflows` is 0."""
    if i64(high) == i64(low) >> 63:
        return u64(i64(low) // i64(divisor))
    negative = i64(high ^ divisor) < 0
    if i64(high) < 0:
        high = ~high + u64(low == 0)
        low = ~low + 1
    if i64(divisor) < 0:
        divisor = ~divisor + 1
    quotient = divide_unsigned(high, low, divisor)
    if negative:
        return ~quotient + 1
    return quotient
