"""Patterns of values: what a rewrite rule matches and what it builds.

    x + const(0)            any integer value plus zero
    trunc(zext(x, B), A)    A, B: types that the match decides

Input:  letters (`any_value`), `const`, operators and `op`.
Output: `match` gives the letters' values, `build` makes the value that a pattern stands for.
A letter met twice must be the same value.  Commutative operations match both ways round.  A pattern
without a type of its own has the type that its row and arguments give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from elfin.bits import mask
from elfin.ir.ops import OPS
from elfin.ir.signature import result_type
from elfin.ir.types import I1, TYPES, Type
from elfin.ir.value import Value, make
from elfin.records import dataclass

# Letters to values, and names of types to types.
Bindings = Mapping[str, Value | Type]


@dataclass(frozen=True, slots=True)
class Pattern:
    """`kind` is "any", "constant" (any constant), "literal" (the constant `imm`) or an op's name.

    `type_` names a type: a letter that the match binds, a type's own name, or "" for what follows from
    the arguments.
    """

    kind: str
    args: tuple[Pattern, ...] = ()
    imm: Any = None
    type_: str = ""

    def __add__(self, other: Pattern) -> Pattern:
        return op("add", self, other)

    def __sub__(self, other: Pattern) -> Pattern:
        return op("sub", self, other)

    def __mul__(self, other: Pattern) -> Pattern:
        return op("mul", self, other)

    def __and__(self, other: Pattern) -> Pattern:
        return op("and", self, other)

    def __or__(self, other: Pattern) -> Pattern:
        return op("or", self, other)

    def __xor__(self, other: Pattern) -> Pattern:
        return op("xor", self, other)

    def __lshift__(self, other: Pattern) -> Pattern:
        return op("shl", self, other)

    def __rshift__(self, other: Pattern) -> Pattern:
        return op("lshr", self, other)

    def eq(self, other: Pattern) -> Pattern:
        return op("eq", self, other)

    def ne(self, other: Pattern) -> Pattern:
        return op("ne", self, other)

    def ltu(self, other: Pattern) -> Pattern:
        return op("ltu", self, other)

    def lts(self, other: Pattern) -> Pattern:
        return op("lts", self, other)

    def leu(self, other: Pattern) -> Pattern:
        return op("leu", self, other)

    def les(self, other: Pattern) -> Pattern:
        return op("les", self, other)

    def letters(self) -> Iterator[Pattern]:
        """The "any" and "constant" patterns inside."""
        if self.kind in ("any", "constant"):
            yield self
        for arg in self.args:
            yield from arg.letters()


def op(name: str, *args: Pattern, type_: str = "") -> Pattern:
    return Pattern(name, args, type_=type_)


def any_value(letter: str, type_: str = "A") -> Pattern:
    """Any value; letters of one rule without a type of their own have the same type."""
    return Pattern("any", imm=letter, type_=type_)


def constant(letter: str, type_: str = "A") -> Pattern:
    """Any constant."""
    return Pattern("constant", imm=letter, type_=type_)


def const(value: int, type_: str = "A") -> Pattern:
    """This constant, reduced to the width."""
    return Pattern("literal", imm=value, type_=type_)


def zext(value: Pattern, type_: str) -> Pattern:
    return op("zext", value, type_=type_)


def sext(value: Pattern, type_: str) -> Pattern:
    return op("sext", value, type_=type_)


def trunc(value: Pattern, type_: str) -> Pattern:
    return op("trunc", value, type_=type_)


def select(when: Pattern, then: Pattern, other: Pattern) -> Pattern:
    return op("select", when, then, other)


def match(pattern: Pattern, value: Value, found: dict[str, Value | Type]) -> bool:
    """Does the value fit?  `found` gets what letters and types stand for (also where it fails)."""
    if pattern.type_ and not _match_type(pattern.type_, value.type, found):
        return False
    match pattern.kind:
        case "any":
            return found.setdefault(pattern.imm, value) is value
        case "constant":
            return value.op == "const" and found.setdefault(pattern.imm, value) is value
        case "literal":
            return value.op == "const" and bool(value.imm == pattern.imm & mask(value.type.bits))
    if value.op != pattern.kind:
        return False
    before = dict(found)
    if _match_all(pattern.args, value.args, found):
        return True
    if len(value.args) == 2 and OPS[value.op].commutes:
        found.clear()
        found.update(before)
        return _match_all(pattern.args, value.args[::-1], found)
    return False


def _match_all(
    patterns: tuple[Pattern, ...], values: tuple[Value, ...], found: dict[str, Value | Type]
) -> bool:
    return all(match(p, v, found) for p, v in zip(patterns, values, strict=True))


def _match_type(name: str, type_: Type, found: dict[str, Value | Type]) -> bool:
    known = TYPES.get(name) or found.setdefault(name, type_)
    return known is type_


def build(pattern: Pattern, found: Bindings) -> Value:
    """The value that the pattern stands for, nothing folded."""
    match pattern.kind:
        case "any" | "constant":
            value = found[pattern.imm]
            assert isinstance(value, Value)
            return value
        case "literal":
            type_ = type_of(pattern.type_, found)
            return make("const", type_, imm=pattern.imm & mask(type_.bits))
    args = [build(arg, found) for arg in pattern.args]
    if pattern.type_:
        result = type_of(pattern.type_, found)
    else:
        derived = result_type(OPS[pattern.kind], [a.type for a in args])
        result = I1 if derived is None else derived
    return make(pattern.kind, result, *args)


def type_of(name: str, found: Bindings) -> Type:
    type_ = TYPES.get(name) or found[name]
    assert isinstance(type_, Type)
    return type_
