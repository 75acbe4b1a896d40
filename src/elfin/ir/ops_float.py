"""Floating point ops f32 and f64: Wasm's own instructions under Wasm's own names.

Arguments and results are bit patterns.  Wasm leaves open which NaN arithmetic gives; here it is
the positive canonical one, so a meaning that trusts an engine's NaN fails the oracle.
Narrow arithmetic is done in f64 and rounded once more: for + - * / and sqrt of f32 that is exact,
because 53 >= 2 * 24 + 2 (Figueroa, "When is double rounding innocuous?").
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, Final

from elfin.bits import M32, M64, mask, signed
from elfin.ir.op_info import OpInfo

CANONICAL_NAN: Final = {32: 0x7FC0_0000, 64: 0x7FF8_0000_0000_0000}
_CODE: Final = {32: ("<I", "<f"), 64: ("<Q", "<d")}


def to_float(bits: int, pattern: int) -> float:
    """The number that an f32 or f64 pattern stands for."""
    integer, real = _CODE[bits]
    value: float = struct.unpack(real, struct.pack(integer, pattern))[0]
    return value


def to_pattern(bits: int, value: float) -> int:
    """A number rounded to nearest even, as a pattern; every NaN becomes the canonical one."""
    if math.isnan(value):
        return CANONICAL_NAN[bits]
    integer, real = _CODE[bits]
    try:
        packed = struct.pack(real, value)
    except OverflowError:
        packed = struct.pack(real, math.copysign(math.inf, value))
    pattern: int = struct.unpack(integer, packed)[0]
    return pattern


def is_nan(bits: int, pattern: int) -> bool:
    infinity = 0x7F80_0000 if bits == 32 else 0x7FF0_0000_0000_0000
    return pattern & mask(bits - 1) > infinity


def divide(a: float, b: float) -> float:
    if b == 0:
        if a == 0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def square_root(a: float) -> float:
    return math.sqrt(a) if a >= 0 else math.nan  # -0.0 >= 0, and its root is -0.0


def multiply(a: float, b: float) -> float:
    return a * b


def add(a: float, b: float) -> float:
    return a + b


def subtract(a: float, b: float) -> float:
    return a - b


def minimum(a: float, b: float) -> float:
    """IEEE 754-2019 minimum: NaN wins, and -0 is below +0."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if a == b:
        return a if math.copysign(1.0, a) < 0 else b
    return min(a, b)


def maximum(a: float, b: float) -> float:
    return -minimum(-a, -b)


def _integral(whole: Callable[[float], int]) -> Callable[[float], float]:
    def rounded(a: float) -> float:
        if math.isnan(a) or math.isinf(a):
            return a
        return math.copysign(abs(float(whole(a))), a)  # the sign of a zero result is kept

    return rounded


BINARY: Final[dict[str, Callable[[float, float], float]]] = {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "div": divide,
    "min": minimum,
    "max": maximum,
}
UNARY: Final[dict[str, Callable[[float], float]]] = {
    "sqrt": square_root,
    "ceil": _integral(math.ceil),
    "floor": _integral(math.floor),
    "trunc": _integral(math.trunc),
    "nearest": _integral(round),
}
COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "ge": lambda a, b: a >= b,
}
# Those that move bits only and so keep a NaN as it is.  pmin and pmax exist for vectors alone.
_sign = {32: 1 << 31, 64: 1 << 63}
BITS_UNARY: Final[dict[str, Callable[[int, int], int]]] = {
    "abs": lambda bits, a: a & ~_sign[bits],
    "neg": lambda bits, a: a ^ _sign[bits],
}


def binary(bits: int, op: str) -> Callable[[int, int], int]:
    """A binary op on patterns of this width."""
    f = BINARY[op]
    return lambda a, b: to_pattern(bits, f(to_float(bits, a), to_float(bits, b)))


def unary(bits: int, op: str) -> Callable[[int], int]:
    """A unary op on patterns of this width."""
    if op in BITS_UNARY:
        g = BITS_UNARY[op]
        return lambda a: g(bits, a)
    f = UNARY[op]
    return lambda a: to_pattern(bits, f(to_float(bits, a)))


def compare(bits: int, op: str) -> Callable[[int, int], bool]:
    """A comparison of patterns of this width."""
    f = COMPARE[op]
    return lambda a, b: f(to_float(bits, a), to_float(bits, b))


def truncate(value: float, bits: int, is_signed: bool) -> int:
    """Towards zero to an integer, clamped; NaN gives 0."""
    if math.isnan(value):
        return 0
    low = -(1 << (bits - 1)) if is_signed else 0
    high = mask(bits - 1) if is_signed else mask(bits)
    if math.isinf(value):
        return (high if value > 0 else low) & mask(bits)
    return max(low, min(high, math.trunc(value))) & mask(bits)


def from_integer(bits: int, value: int) -> int:
    """An integer rounded once to the pattern of a float of this width."""
    if bits == 32 and value.bit_length() > 53:  # do not round twice: fold what is lost into a bit
        extra = value.bit_length() - 53
        sticky = int(value & mask(extra) != 0)
        value = (value >> extra | sticky) << extra
    return to_pattern(bits, float(value))


def _ignore_width(f: Callable[..., Any]) -> Callable[..., int]:
    return lambda _, *arguments: int(f(*arguments))


def _arithmetic(bits: int) -> list[OpInfo]:
    t = f"f{bits}"
    rows = [
        OpInfo(f"{t}.{op}", f"{t} -> {t}", _ignore_width(unary(bits, op)), f"{t}.{op}")
        for op in (*BITS_UNARY, *UNARY)
    ]
    rows += [
        OpInfo(
            f"{t}.{op}",
            f"{t} {t} -> {t}",
            _ignore_width(binary(bits, op)),
            f"{t}.{op}",
            commutes=op in ("add", "mul", "min", "max"),
        )
        for op in BINARY
    ]
    rows += [
        OpInfo(
            f"{t}.{op}",
            f"{t} {t} -> i1",
            _ignore_width(compare(bits, op)),
            f"{t}.{op}",
            commutes=op in ("eq", "ne"),
        )
        for op in COMPARE
    ]
    sign = _sign[bits]
    copysign = _ignore_width(lambda a, b: a & ~sign | b & sign)
    rows.append(OpInfo(f"{t}.copysign", f"{t} {t} -> {t}", copysign, f"{t}.copysign"))
    return rows


def _truncation(to: int, of: int, is_signed: bool) -> OpInfo:
    name = f"i{to}.trunc_sat_f{of}_{'s' if is_signed else 'u'}"
    meaning = _ignore_width(lambda a: truncate(to_float(of, a), to, is_signed))
    return OpInfo(name, f"f{of} -> i{to}", meaning, name)


def _conversion(to: int, of: int, is_signed: bool) -> OpInfo:
    name = f"f{to}.convert_i{of}_{'s' if is_signed else 'u'}"
    meaning = _ignore_width(lambda a: from_integer(to, signed(a, of) if is_signed else a))
    return OpInfo(name, f"i{of} -> f{to}", meaning, name)


def demote(a: int) -> int:
    return to_pattern(32, to_float(64, a)) & M32


def promote(a: int) -> int:
    return to_pattern(64, to_float(32, a)) & M64


_WIDTHS: Final = [(to, of, s) for to in (32, 64) for of in (32, 64) for s in (True, False)]
FLOAT: Final[tuple[OpInfo, ...]] = (
    *_arithmetic(32),
    *_arithmetic(64),
    *(_truncation(to, of, s) for to, of, s in _WIDTHS),
    *(_conversion(to, of, s) for to, of, s in _WIDTHS),
    OpInfo("f32.demote_f64", "f64 -> f32", _ignore_width(demote), "f32.demote_f64"),
    OpInfo("f64.promote_f32", "f32 -> f64", _ignore_width(promote), "f64.promote_f32"),
)
