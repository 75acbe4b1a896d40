"""Rewrite rules: one named identity a line, left side -> right side, always towards cheaper code.

`tests/law/test_rules.py` runs over RULES: random and edge values in each width, before = after.
x y z are any values of one integer type A; c d are constants; p q are conditions (i1).
Constants are on the right of commutative operations (`simplify` puts them there), and what a rule
builds from constants alone is folded.  A rule whose reason is not plain carries the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.types import Type
from elfin.ir.value import Value
from elfin.opt.pattern import Pattern, any_value, const, constant, op, select, sext, trunc, zext
from elfin.records import dataclass

Condition = Callable[[dict[str, Value | Type]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """`before` becomes `after`, wherever `when` (if any) allows what the letters stand for."""

    name: str
    before: Pattern
    after: Pattern
    when: Condition | None = None


x, y, z = any_value("x"), any_value("y"), any_value("z")
c, d = constant("c"), constant("d")
p, q = any_value("p", "i1"), any_value("q", "i1")
v = any_value("v", "v128")
ZERO, ONES = const(0), const(-1)
YES, NO = const(1, "i1"), const(0, "i1")
NONE128, ALL128 = const(0, "v128"), const(-1, "v128")


def invert(condition: Pattern) -> Pattern:
    return condition ^ YES


def _wide(found: dict[str, Value | Type]) -> bool:
    """A is more than one bit."""
    type_ = found["A"]
    return isinstance(type_, Type) and type_.bits > 1


def _bits(found: dict[str, Value | Type], name: str) -> int:
    type_ = found[name]
    assert isinstance(type_, Type)
    return type_.bits


def _imm(found: dict[str, Value | Type], letter: str) -> int:
    value = found[letter]
    assert isinstance(value, Value)
    return int(value.imm)


def _covers(found: dict[str, Value | Type]) -> bool:
    """The mask c keeps every bit of the narrow type A."""
    ones = (1 << _bits(found, "A")) - 1
    return _imm(found, "c") & ones == ones


def _fits(found: dict[str, Value | Type]) -> bool:
    """The constant c has no bits above the narrow type A."""
    return _imm(found, "c") >> _bits(found, "A") == 0


def _no_overflow(found: dict[str, Value | Type]) -> bool:
    """Two shifts by c and d are one by c + d."""
    width = _bits(found, "A")
    return _imm(found, "c") < width and _imm(found, "c") + _imm(found, "d") < width


# fmt: off
ARITHMETIC: Final = (
    Rule("add_zero",          x + ZERO,                  x),
    Rule("sub_zero",          x - ZERO,                  x),
    Rule("sub_self",          x - x,                     ZERO),
    Rule("add_add",           (x + c) + d,               x + (c + d)),
    Rule("add_sub_const",     (x - c) + d,               x + (d - c)),
    Rule("sub_add_const",     (x + c) - d,               x + (c - d)),
    Rule("sub_sub_const",     (x - c) - d,               x - (c + d)),
    Rule("sub_add",           (x + y) - y,               x),
    Rule("add_sub",           (x - y) + y,               x),
    Rule("neg_neg",           ZERO - (ZERO - x),         x),
    Rule("add_neg",           x + (ZERO - y),            x - y),
    Rule("sub_neg",           x - (ZERO - y),            x + y),
    Rule("mul_zero",          x * ZERO,                  ZERO),
    Rule("mul_one",           x * const(1),              x),
    Rule("mul_mul",           (x * c) * d,               x * (c * d)),
)
LOGIC: Final = (
    Rule("and_self",          x & x,                     x),
    Rule("and_zero",          x & ZERO,                  ZERO),
    Rule("and_ones",          x & ONES,                  x),
    Rule("and_and",           (x & c) & d,               x & (c & d)),
    Rule("and_absorb_or",     x & (x | y),               x),
    Rule("or_self",           x | x,                     x),
    Rule("or_zero",           x | ZERO,                  x),
    Rule("or_ones",           x | ONES,                  ONES),
    Rule("or_or",             (x | c) | d,               x | (c | d)),
    Rule("or_absorb_and",     x | (x & y),               x),
    Rule("xor_self",          x ^ x,                     ZERO),
    Rule("xor_zero",          x ^ ZERO,                  x),
    Rule("xor_xor",           (x ^ c) ^ d,               x ^ (c ^ d)),
    Rule("xor_twice",         (x ^ y) ^ y,               x),
)
SHIFTS: Final = (
    Rule("shl_zero",          x << ZERO,                 x),
    Rule("lshr_zero",         x >> ZERO,                 x),
    Rule("ashr_zero",         op("ashr", x, ZERO),       x),
    Rule("rotl_zero",         op("rotl", x, ZERO),       x),
    Rule("rotr_zero",         op("rotr", x, ZERO),       x),
    Rule("zero_shl",          ZERO << x,                 ZERO),
    Rule("zero_lshr",         ZERO >> x,                 ZERO),
    Rule("shl_shl",           (x << c) << d,             x << (c + d),              _no_overflow),
    Rule("lshr_lshr",         (x >> c) >> d,             x >> (c + d),              _no_overflow),
)
COMPARE: Final = (
    Rule("eq_self",           x.eq(x),                   YES),
    Rule("ne_self",           x.ne(x),                   NO),
    Rule("ltu_self",          x.ltu(x),                  NO),
    Rule("lts_self",          x.lts(x),                  NO),
    Rule("leu_self",          x.leu(x),                  YES),
    Rule("les_self",          x.les(x),                  YES),
    Rule("ltu_zero",          x.ltu(ZERO),               NO),
    Rule("zero_leu",          ZERO.leu(x),               YES),
    Rule("leu_ones",          x.leu(ONES),               YES),
    Rule("ltu_one",           x.ltu(const(1)),           x.eq(ZERO)),
    Rule("zero_ltu",          ZERO.ltu(x),               x.ne(ZERO)),
    Rule("leu_zero",          x.leu(ZERO),               x.eq(ZERO)),
    Rule("eq_sub",            (x - y).eq(ZERO),          x.eq(y)),
    Rule("ne_sub",            (x - y).ne(ZERO),          x.ne(y)),
    Rule("eq_xor",            (x ^ y).eq(ZERO),          x.eq(y)),
    Rule("ne_xor",            (x ^ y).ne(ZERO),          x.ne(y)),
    Rule("eq_add_const",      (x + c).eq(d),             x.eq(d - c)),
    Rule("ne_add_const",      (x + c).ne(d),             x.ne(d - c)),
    Rule("eq_xor_const",      (x ^ c).eq(d),             x.eq(c ^ d)),
    Rule("ne_xor_const",      (x ^ c).ne(d),             x.ne(c ^ d)),
)
CONDITION: Final = (
    Rule("bit_eq_one",        p.eq(YES),                 p),
    Rule("bit_ne_zero",       p.ne(NO),                  p),
    Rule("bit_eq_zero",       p.eq(NO),                  invert(p)),
    Rule("bit_ne_one",        p.ne(YES),                 invert(p)),
    Rule("bit_sign",          p.lts(NO),                 p),
    Rule("not_eq",            invert(x.eq(y)),           x.ne(y)),
    Rule("not_ne",            invert(x.ne(y)),           x.eq(y)),
    Rule("not_ltu",           invert(x.ltu(y)),          y.leu(x)),
    Rule("not_leu",           invert(x.leu(y)),          y.ltu(x)),
    Rule("not_lts",           invert(x.lts(y)),          y.les(x)),
    Rule("not_les",           invert(x.les(y)),          y.lts(x)),
    Rule("bit_of_zext",       zext(p, "A").ne(ZERO),     p),
    Rule("no_bit_of_zext",    zext(p, "A").eq(ZERO),     invert(p)),
    # What CMP leaves in the flags, read back as the comparison it was:
    # below or equal: CF | ZF.  (The difference's ZF has become x == y by eq_sub.)
    Rule("below_or_equal",    x.ltu(y) | x.eq(y),        x.leu(y)),
    Rule("above",             y.leu(x) & x.ne(y),        y.ltu(x)),
    # less: SF ^ OF, where OF is the sign of (x ^ y) & (x ^ (x - y)): the sign of the true difference.
    Rule("less",              (x - y).lts(ZERO) ^ ((x ^ y) & (x ^ (x - y))).lts(ZERO), x.lts(y)),
    Rule("less_or_equal",     x.lts(y) | x.eq(y),        x.les(y)),
)
SELECT: Final = (
    Rule("select_yes",        select(YES, x, y),         x),
    Rule("select_no",         select(NO, x, y),          y),
    Rule("select_same",       select(p, x, x),           x),
    Rule("select_not",        select(invert(p), x, y),   select(p, y, x)),
    Rule("select_bit",        select(p, YES, NO),        p),
    Rule("select_number",     select(p, const(1), ZERO), zext(p, "A"), _wide),
)
WIDTH: Final = (
    Rule("trunc_zext",        trunc(zext(x, "B"), "A"),                 x),
    Rule("trunc_sext",        trunc(sext(x, "B"), "A"),                 x),
    Rule("trunc_trunc",       trunc(trunc(x, "B"), "C"),                trunc(x, "C")),
    Rule("zext_zext",         zext(zext(x, "B"), "C"),                  zext(x, "C")),
    Rule("sext_sext",         sext(sext(x, "B"), "C"),                  sext(x, "C")),
    Rule("sext_zext",         sext(zext(x, "B"), "C"),                  zext(x, "C")),
    Rule("trunc_zext_wider",  trunc(zext(x, "B"), "C"),                 zext(x, "C"),
         lambda f: _bits(f, "C") > _bits(f, "A")),
    Rule("trunc_zext_narrow", trunc(zext(x, "B"), "C"),                 trunc(x, "C"),
         lambda f: _bits(f, "C") < _bits(f, "A")),
    Rule("mask_of_zext",      zext(x, "B") & constant("c", "B"),        zext(x, "B"),  _covers),
    Rule("zext_eq_const",     zext(x, "B").eq(constant("c", "B")),      x.eq(trunc(constant("c", "B"), "A")),  _fits),
    Rule("zext_ne_const",     zext(x, "B").ne(constant("c", "B")),      x.ne(trunc(constant("c", "B"), "A")),  _fits),
    Rule("parity_zext",       op("parity", zext(any_value("x", "i8"), "B")), op("parity", any_value("x", "i8"))),
)
VECTOR: Final = (
    Rule("v128_xor_self",     op("v128.xor", v, v),        NONE128),
    Rule("v128_and_self",     op("v128.and", v, v),        v),
    Rule("v128_or_self",      op("v128.or", v, v),         v),
    Rule("v128_and_zero",     op("v128.and", v, NONE128),  NONE128),
    Rule("v128_or_zero",      op("v128.or", v, NONE128),   v),
    Rule("v128_xor_zero",     op("v128.xor", v, NONE128),  v),
    Rule("v128_and_ones",     op("v128.and", v, ALL128),   v),
)
# fmt: on

RULES: Final[tuple[Rule, ...]] = (
    *ARITHMETIC,
    *LOGIC,
    *SHIFTS,
    *COMPARE,
    *CONDITION,
    *SELECT,
    *WIDTH,
    *VECTOR,
)
