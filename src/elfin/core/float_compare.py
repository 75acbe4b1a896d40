"""Scalar comparisons, minimum and maximum on bit patterns (CMPSD, COMISD, UCOMISD, MINSD, MAXSD ...).

Nothing is rounded here: where no operand is a NaN or a denormal, the fast path needs no more of MXCSR
than that DAZ is off and no trap is pending.
"""

from __future__ import annotations

from elfin.core.float32 import f32_are_usable
from elfin.core.float64 import f64_are_usable
from elfin.core.mxcsr import MXCSR_AT, TRAP_OR_DAZ, begin, settle
from elfin.core.softfloat import F32, F64, widened, without_denormal
from elfin.core.softfloat_convert import (
    EQUAL,
    GREATER,
    LESS,
    holds,
    quiet_is_invalid,
    soft_relation,
)
from elfin.dialect import core_function, f32, f64, load_u64, u32, u64


@core_function(reads="mxcsr")
def f64_compares_plainly(a: u64, b: u64) -> bool:
    """Is no trap pending, and is neither a denormal?"""
    return (load_u64(u32(MXCSR_AT)) & TRAP_OR_DAZ) == 0 and f64_are_usable(a, b)


@core_function(reads="mxcsr")
def f32_compares_plainly(a: u32, b: u32) -> bool:
    """Is no trap pending, and is neither a denormal?"""
    return (load_u64(u32(MXCSR_AT)) & TRAP_OR_DAZ) == 0 and f32_are_usable(a, b)


@core_function(reads="mxcsr", writes="mxcsr")
def f64_relation(a: u64, b: u64, quiet_invalid: u32) -> u32:
    """How a compares to b, as COMISD (quiet NaNs are invalid) and UCOMISD set CF, PF and ZF."""
    x = f64.from_bits(a)
    y = f64.from_bits(b)
    if f64_compares_plainly(a, b):
        if x > y:
            return u32(GREATER)
        if x < y:
            return u32(LESS)
        if x == y:
            return u32(EQUAL)
    begin()
    relation = soft_relation(u32(F64), quiet_invalid, a, b)
    settle()
    return relation


@core_function(reads="mxcsr", writes="mxcsr")
def f32_relation(a: u32, b: u32, quiet_invalid: u32) -> u32:
    """As `f64_relation`."""
    x = f32.from_bits(a)
    y = f32.from_bits(b)
    if f32_compares_plainly(a, b):
        if x > y:
            return u32(GREATER)
        if x < y:
            return u32(LESS)
        if x == y:
            return u32(EQUAL)
    begin()
    relation = soft_relation(u32(F32), quiet_invalid, widened(a), widened(b))
    settle()
    return relation


@core_function(reads="mxcsr", writes="mxcsr")
def f64_compare(a: u64, b: u64, predicate: u32) -> u64:
    """All ones where the predicate holds, else zero."""
    relation = f64_relation(a, b, quiet_is_invalid(predicate))
    return ~u64(0) if holds(predicate, relation) else u64(0)


@core_function(reads="mxcsr", writes="mxcsr")
def f32_compare(a: u32, b: u32, predicate: u32) -> u32:
    """All ones where the predicate holds, else zero."""
    relation = f32_relation(a, b, quiet_is_invalid(predicate))
    return ~u32(0) if holds(predicate, relation) else u32(0)


@core_function(reads="mxcsr", writes="mxcsr")
def soft_takes_first(precision: u32, wins: u32, a: u64, b: u64) -> bool:
    """Is a the minimum (`wins` LESS) or maximum (GREATER)?  Else b is, NaNs and equals included."""
    return soft_relation(precision, u32(1), a, b) == wins


@core_function(reads="mxcsr", writes="mxcsr")
def soft_extreme64(wins: u32, a: u64, b: u64) -> u64:
    """The minimum or maximum; with DAZ a denormal comes out as a zero."""
    return without_denormal(u32(F64), a if soft_takes_first(u32(F64), wins, a, b) else b)


@core_function(reads="mxcsr", writes="mxcsr")
def soft_extreme32(wins: u32, a: u32, b: u32) -> u32:
    x = widened(a)
    y = widened(b)
    takes_first = soft_takes_first(u32(F32), wins, x, y)
    if is_zero_to(x if takes_first else y):
        return (a if takes_first else b) & 0x8000_0000
    return a if takes_first else b


@core_function(reads="mxcsr", writes="mxcsr")
def is_zero_to(x: u64) -> bool:
    """Is this widened f32 a zero, to an operation that sees MXCSR's DAZ?"""
    return (without_denormal(u32(F32), x) << 1) == 0


@core_function(reads="mxcsr", writes="mxcsr")
def f64_min(a: u64, b: u64) -> u64:
    """a if it is less, else b."""
    x = f64.from_bits(a)
    y = f64.from_bits(b)
    if f64_compares_plainly(a, b):
        if x < y:
            return a
        if x >= y:
            return b
    begin()
    result = soft_extreme64(u32(LESS), a, b)
    settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def f64_max(a: u64, b: u64) -> u64:
    """a if it is greater, else b."""
    x = f64.from_bits(a)
    y = f64.from_bits(b)
    if f64_compares_plainly(a, b):
        if x > y:
            return a
        if x <= y:
            return b
    begin()
    result = soft_extreme64(u32(GREATER), a, b)
    settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def f32_min(a: u32, b: u32) -> u32:
    """a if it is less, else b."""
    x = f32.from_bits(a)
    y = f32.from_bits(b)
    if f32_compares_plainly(a, b):
        if x < y:
            return a
        if x >= y:
            return b
    begin()
    result = soft_extreme32(u32(LESS), a, b)
    settle()
    return result


@core_function(reads="mxcsr", writes="mxcsr")
def f32_max(a: u32, b: u32) -> u32:
    """a if it is greater, else b."""
    x = f32.from_bits(a)
    y = f32.from_bits(b)
    if f32_compares_plainly(a, b):
        if x > y:
            return a
        if x <= y:
            return b
    begin()
    result = soft_extreme32(u32(GREATER), a, b)
    settle()
    return result
