"""Comparisons of 80-bit numbers (SDM vol. 2: FCOM, FUCOM, FCOMI, FUCOMI, FICOM, FTST, FXAM)."""

from __future__ import annotations

from typing import Final

from elfin.core.x87_number import (
    find_denormals,
    integer_operand,
    is_unsupported,
    magnitude,
    magnitude_exponent,
    widen_double,
    widen_single,
    x87_is_denormal,
    x87_is_infinite,
    x87_is_nan,
    x87_is_signaling,
    x87_is_zero,
)
from elfin.core.x87_state import (
    BEFORE,
    C0,
    C1,
    C2,
    C3,
    CODES,
    IE,
    SF,
    B,
    cell,
    find,
    found,
    is_empty,
    pop,
    put_cell,
    set_status,
    sign_at,
    status,
    x87_settle,
)
from elfin.dialect import core_function, u32, u64

GREATER: Final = 0
LESS: Final = C0
EQUAL: Final = C3
UNORDERED: Final = C0 | C2 | C3


@core_function()
def order(a: u32, b: u32) -> u32:
    """GREATER, LESS or EQUAL."""
    if x87_is_zero(a) and x87_is_zero(b):
        return u32(EQUAL)
    sign = sign_at(a)
    if sign != sign_at(b):
        if x87_is_zero(a):
            return u32(GREATER) if sign_at(b) != 0 else u32(LESS)
        return u32(LESS) if sign != 0 else u32(GREATER)
    if x87_is_zero(a) or x87_is_zero(b):
        return u32(LESS) if x87_is_zero(a) == (sign == 0) else u32(GREATER)
    x = magnitude_exponent(a)
    y = magnitude_exponent(b)
    if x == y and magnitude(a) == magnitude(b):
        return u32(EQUAL)
    is_smaller = x < y or (x == y and magnitude(a) < magnitude(b))
    return u32(LESS) if is_smaller == (sign == 0) else u32(GREATER)


@core_function()
def relation(a: u32, b: u32, quiet_invalid: u32) -> u32:
    """How a compares to b; `quiet_invalid`: quiet NaNs are x87_invalid operands."""
    if is_unsupported(a) or is_unsupported(b):
        find(u32(IE))
        return u32(UNORDERED)
    if x87_is_nan(a) or x87_is_nan(b):
        if quiet_invalid != 0 or x87_is_signaling(a) or x87_is_signaling(b):
            find(u32(IE))
        return u32(UNORDERED)
    find_denormals(a, b)
    return order(a, b)


@core_function()
def compared(pops: u32) -> None:
    """The end of a comparison; C1 is cleared if an operand was missing."""
    if x87_settle(u32(BEFORE), found() << 3 & C1):
        for _ in range(pops):
            pop()


@core_function()
def relation_of(number: u32, quiet_invalid: u32) -> u32:
    if is_empty(u32(0)) or is_empty(number):
        find(u32(IE | SF))
        return u32(UNORDERED)
    return relation(cell(u32(0)), cell(number), quiet_invalid)


@core_function()
def answer(result: u32, pops: u32) -> None:
    """The end of a comparison that answers in C3, C2, C0, even when an exception stops it."""
    set_status((status() & ~u32(CODES)) | result)
    compared(pops)


@core_function(reads="x87", writes="x87")
def x87_compare(number: u32, quiet_invalid: u32, pops: u32) -> None:
    """ST(0) with ST(number); the answer in C3, C2, C0."""
    answer(relation_of(number, quiet_invalid), pops)


@core_function(reads="x87", writes="x87")
def x87_compare_flags(number: u32, quiet_invalid: u32, pops: u32) -> u32:
    """ST(0) with ST(number); the answer is for the caller, even when an exception stops it."""
    result = relation_of(number, quiet_invalid)
    compared(pops)
    return result


@core_function()
def compare_operand(pops: u32) -> None:
    """ST(0) with B."""
    result = u32(UNORDERED)
    if is_empty(u32(0)):
        find(u32(IE | SF))
    else:
        result = relation(cell(u32(0)), u32(B), u32(1))
    answer(result, pops)


@core_function(reads="x87", writes="x87")
def x87_compare_single(x87_pattern: u32, pops: u32) -> None:
    widen_single(x87_pattern)
    compare_operand(pops)


@core_function(reads="x87", writes="x87")
def x87_compare_double(x87_pattern: u64, pops: u32) -> None:
    widen_double(x87_pattern)
    compare_operand(pops)


@core_function(reads="x87", writes="x87")
def x87_compare_integer(value: u64, pops: u32) -> None:
    integer_operand(value)
    compare_operand(pops)


@core_function(reads="x87", writes="x87")
def x87_test() -> None:
    """FTST: ST(0) with zero."""
    put_cell(u32(B), u32(0), u32(0), u64(0))
    compare_operand(u32(0))


@core_function(reads="x87", writes="x87")
def x87_examine() -> None:
    """FXAM: the class of ST(0) in C3, C2, C0, its sign in C1."""
    at = cell(u32(0))
    class_ = u32(C2)
    if is_empty(u32(0)):
        class_ = u32(C3 | C0)
    elif is_unsupported(at):
        class_ = u32(0)
    elif x87_is_nan(at):
        class_ = u32(C0)
    elif x87_is_infinite(at):
        class_ = u32(C2 | C0)
    elif x87_is_zero(at):
        class_ = u32(C3)
    elif x87_is_denormal(at):
        class_ = u32(C3 | C2)
    if sign_at(at) != 0:
        class_ = class_ | C1
    set_status((status() & ~u32(CODES)) | class_)
