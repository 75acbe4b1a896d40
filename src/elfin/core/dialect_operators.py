"""Operators and conversions of the dialect on run-time operands -> IR values.

Input:  operands, at least one of them an `Operand`.
Output: `Operand`s.  `Mismatch` for what the classes do not have.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from elfin.core.dialect_operand import TYPE_OF, Mismatch, Operand, as_value, common_kind
from elfin.dialect import v128
from elfin.dialect.floats import Float
from elfin.dialect.integers import Int
from elfin.ir.types import I1, V128
from elfin.ir.value import TRUE, Value, make

# Python's operator on constants, and the ops of unsigned and signed integers.
BINARY: Final[dict[type[ast.operator], tuple[Callable[[Any, Any], Any], str, str]]] = {
    ast.Add: (operator.add, "add", "add"),
    ast.Sub: (operator.sub, "sub", "sub"),
    ast.Mult: (operator.mul, "mul", "mul"),
    ast.FloorDiv: (operator.floordiv, "divu", "divs"),
    ast.Mod: (operator.mod, "remu", "rems"),
    ast.BitAnd: (operator.and_, "and", "and"),
    ast.BitOr: (operator.or_, "or", "or"),
    ast.BitXor: (operator.xor, "xor", "xor"),
    ast.LShift: (operator.lshift, "shl", "shl"),
    ast.RShift: (operator.rshift, "lshr", "ashr"),
    ast.Div: (operator.truediv, "", ""),
}
_FLOAT: Final = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_BITWISE: Final = (ast.BitAnd, ast.BitOr, ast.BitXor)

# Op of unsigned, of signed integers, of floats, and whether the integer op wants its arguments swapped.
COMPARE: Final[dict[type[ast.cmpop], tuple[Callable[[Any, Any], Any], str, str, str, bool]]] = {
    ast.Eq: (operator.eq, "eq", "eq", "eq", False),
    ast.NotEq: (operator.ne, "ne", "ne", "ne", False),
    ast.Lt: (operator.lt, "ltu", "lts", "lt", False),
    ast.LtE: (operator.le, "leu", "les", "le", False),
    ast.Gt: (operator.gt, "ltu", "lts", "gt", True),
    ast.GtE: (operator.ge, "leu", "les", "ge", True),
}
_INVERSE: Final = {"eq": ("ne", False), "ne": ("eq", False)} | {
    name: (other, True)
    for name, other in (("ltu", "leu"), ("leu", "ltu"), ("lts", "les"), ("les", "lts"))
}


def binary(op: ast.operator, a: Any, b: Any) -> Operand:
    kind = common_kind(a, b)
    x, y = as_value(a, kind), as_value(b, kind)
    _, unsigned, signed = BINARY[type(op)]
    if issubclass(kind, Float) and type(op) in _FLOAT:
        name = f"{kind.__name__}.{_FLOAT[type(op)]}"
    elif kind is v128 and type(op) in _BITWISE:
        name = f"v128.{unsigned}"
    elif kind is bool and type(op) in _BITWISE:
        name = unsigned
    elif issubclass(kind, Int) and kind is not v128 and unsigned:
        name = signed if kind.signed else unsigned
    else:
        raise Mismatch(f"{kind.__name__} has no operator {type(op).__name__}")
    return Operand(kind, make(name, TYPE_OF[kind], x, y))


def compare(op: ast.cmpop, a: Any, b: Any) -> Operand:
    kind = common_kind(a, b)
    x, y = as_value(a, kind), as_value(b, kind)
    _, unsigned, signed, real, swapped = COMPARE[type(op)]
    if issubclass(kind, Float):
        return Operand(bool, make(f"{kind.__name__}.{real}", I1, x, y))
    if kind is v128 or (kind is bool and unsigned not in ("eq", "ne")):
        raise Mismatch(f"{kind.__name__} has no comparison {type(op).__name__}")
    name = signed if issubclass(kind, Int) and kind.signed else unsigned
    if swapped:
        x, y = y, x
    return Operand(bool, make(name, I1, x, y))


def unary(op: ast.unaryop, a: Operand) -> Operand:
    kind, value = a.kind, a.value
    if a.index:
        raise Mismatch("the variable of a range alone: convert it, as in u32(i)")
    match op:
        case ast.UAdd() if issubclass(kind, Int):
            return a
        case ast.Not() if kind is bool:
            return Operand(bool, negation(value))
        case ast.Invert() if kind is v128:
            return Operand(kind, make("v128.not", V128, value))
        case ast.Invert() if issubclass(kind, Int):
            return Operand(kind, ~value)
        case ast.USub() if issubclass(kind, Float):
            return Operand(kind, make(f"{kind.__name__}.neg", value.type, value))
        case ast.USub() if issubclass(kind, Int) and kind is not v128:
            return Operand(kind, -value)
    raise Mismatch(f"{kind.__name__} has no operator {type(op).__name__}")


def negation(when: Value) -> Value:
    """The opposite condition, without an instruction of its own where there is such a comparison."""
    if when.op in _INVERSE:
        op, swapped = _INVERSE[when.op]
        x, y = when.args
        return make(op, I1, y, x) if swapped else make(op, I1, x, y)
    return when ^ TRUE


def convert(kind: type, a: Operand) -> Operand:
    """`kind(a)`."""
    source, value = a.kind, a.value
    to = TYPE_OF.get(kind)
    if to is None:
        raise Mismatch(f"{kind.__name__} is no class of the dialect")
    if source is kind:
        return Operand(kind, value)
    if issubclass(kind, Int) and kind is not v128 and source is not v128:
        if source is bool:
            return Operand(kind, value.zext(to))
        if issubclass(source, Int):
            if to.bits <= value.type.bits:
                return Operand(kind, value.trunc(to))
            return Operand(kind, value.sext(to) if source.signed else value.zext(to))
    if issubclass(kind, Float):
        name = kind.__name__
        if issubclass(source, Int) and source is not v128:
            sign = "s" if source.signed else "u"
            return Operand(kind, make(f"{name}.convert_i{source.bits}_{sign}", to, value))
        if issubclass(source, Float):
            op = "f64.promote_f32" if to.bits == 64 else "f32.demote_f64"
            return Operand(kind, make(op, to, value))
    raise Mismatch(f"no conversion of {source.__name__} to {kind.__name__}")


def select(when: Value, then: Any, other: Any) -> Operand:
    """`then if when else other`, both computed."""
    kind = common_kind(then, other)
    x, y = as_value(then, kind), as_value(other, kind)
    return Operand(kind, make("select", TYPE_OF[kind], when, x, y))
