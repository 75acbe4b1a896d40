"""Conditions on the flags of a comparison become the comparison.

Input:  an i1 value as the condition codes make it: SF ^ OF, CF | ZF, ZF | (SF ^ OF), and their negations.
Output: one comparison where the flags come from a - b or from a logical result; else the value itself.

Identities, with r = a - b:   OF = sign((a ^ b) & (a ^ r)),   CF = a <u b,   ZF = (r = 0)
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_

from elfin.ir.types import I1
from elfin.ir.value import FALSE, TRUE, Value, const, make

# The negation of a comparison, and whether its operands change places.
NEGATED = {
    "eq": ("ne", False),
    "ne": ("eq", False),
    "ltu": ("leu", True),
    "leu": ("ltu", True),
    "lts": ("les", True),
    "les": ("lts", True),
}


def compare(value: Value) -> Value:
    """The cheapest known equal of a condition."""
    if value.type is not I1:
        return value
    match value.op:
        case "xor":
            a, b = map(compare, value.args)
            if b is TRUE:
                return _negate(a)
            if b is FALSE:
                return a
            return _signed_less(a, b) or _signed_less(b, a) or make("xor", I1, a, b)
        case "or":
            a, b = map(compare, value.args)
            return _or_equal(a, b) or _or_equal(b, a) or make("or", I1, a, b)
        case "eq" | "ne" if _is_zero(value.args[1]):
            difference = value.args[0]
            if difference.type is I1:
                inner = compare(difference)
                return inner if value.op == "ne" else _negate(inner)
            if difference.op == "sub":
                return make(value.op, I1, *difference.args)
    return value


def with_conditions(value: Value, compared: Callable[[Value], Value]) -> Value:
    """The value with its conditions replaced: what SETcc and CMOVcc make of them."""
    if value.type is I1:
        return compared(value)
    args = [with_conditions(arg, compared) for arg in value.args]
    if all(map(is_, args, value.args)):
        return value
    return make(value.op, value.type, *args, imm=value.imm)


def carry(value: Value) -> Value:
    """CF of a + constant without the sum: a >= -constant."""
    if value.op == "ltu" and value.args[0].op == "add":
        (a, c), b = value.args[0].args, value.args[1]
        if a is b and c.op == "const" and c.imm:
            least = const(c.type, -c.imm)
            return make("ne", I1, a, const(c.type, 0)) if least.imm == 1 else least.leu(a)
    return value


def _is_zero(value: Value) -> bool:
    return value.op == "const" and value.imm == 0


def _negate(value: Value) -> Value:
    if value.op == "const":
        return FALSE if value.imm else TRUE
    if value.op in NEGATED and value.args[0].type.is_int:
        op, swap = NEGATED[value.op]
        a, b = value.args
        return make(op, I1, b, a) if swap else make(op, I1, a, b)
    if value.op == "xor" and value.args[1] is TRUE:
        return value.args[0]
    return make("xor", I1, value, TRUE)


def _signed_less(sign: Value, overflow: Value) -> Value | None:
    """SF ^ OF of a - b: a <s b."""
    if not (_is_sign(sign) and _is_sign(overflow)):
        return None
    r, mixed = sign.args[0], overflow.args[0]
    if r.op != "sub" or mixed.op != "and":
        return None
    a, b = r.args
    if {mixed.args[0], mixed.args[1]} == {a ^ b, a ^ r}:
        return make("lts", I1, a, b)
    return None


def _is_sign(value: Value) -> bool:
    return value.op == "lts" and _is_zero(value.args[1])


def _or_equal(less: Value, equal: Value) -> Value | None:
    """a < b or a = b; x <s 0 or x = 0."""
    if less.op == equal.op == "xor" and less.args[1] is TRUE and equal.args[1] is TRUE:
        return _float_less_or_equal(less.args[0], equal.args[0])
    if equal.op == "eq" and less.op in ("ltu", "lts") and less.args == equal.args:
        return make("leu" if less.op == "ltu" else "les", I1, *less.args)
    return None


def _float_less_or_equal(at_least: Value, differs: Value) -> Value | None:
    """not a >= b, or not (a < b or a > b): not a > b."""
    if at_least.op[3:] == ".ge" and differs.op == "or":
        greater = differs.args[1]
        if greater.op == at_least.op[:3] + ".gt" and greater.args == at_least.args:
            return make("xor", I1, greater, TRUE)
    return None
