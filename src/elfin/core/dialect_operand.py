"""What an expression of the dialect stands for: a constant of CPython, or an `Operand` known at run time.

Constants are computed by the dialect's own classes, so they cannot differ from CPython.
"""

from __future__ import annotations

from typing import Any, Final

from elfin.dialect import f32, f64, i32, i64, u32, u64, v128
from elfin.dialect.floats import Float
from elfin.dialect.integers import Int
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type
from elfin.ir.value import Value, const, make
from elfin.records import dataclass

TYPE_OF: Final[dict[type, Type]] = {
    u32: I32,
    i32: I32,
    u64: I64,
    i64: I64,
    f32: F32,
    f64: F64,
    v128: V128,
    bool: I1,
}


@dataclass(frozen=True, slots=True)
class Operand:
    """A value of class `kind`.  `index`: the variable of a `range`, which in CPython is a plain int."""

    kind: type
    value: Value
    index: bool = False


class Mismatch(TypeError):
    """Two classes that do not go together; the message says which."""


def kind_of(x: Any) -> type | None:
    """The class of an operand or typed constant; None for a literal."""
    if isinstance(x, Operand):
        return None if x.index else x.kind
    if isinstance(x, (bool, Int, Float)):
        return type(x)
    return None


def as_value(x: Any, kind: type) -> Value:
    """`x` as an IR value where class `kind` is wanted; literals adopt it."""
    if isinstance(x, Operand):
        if x.kind is not kind:
            raise Mismatch(f"{x.kind.__name__} where {kind.__name__} is wanted")
        return x.value
    type_ = TYPE_OF[kind]
    if isinstance(x, Float) and type(x) is kind:
        return make("const", type_, imm=x.pattern)
    if isinstance(x, (int, float)) and issubclass(kind, Float) and not isinstance(x, (bool, Int)):
        return make("const", type_, imm=kind(x).pattern)
    if isinstance(x, int) and type(x) is kind:
        return const(type_, int(x))
    if type(x) is int and issubclass(kind, Int):
        if x != int(kind(x)):
            raise Mismatch(f"{x} does not fit {kind.__name__}")
        return const(type_, x)
    raise Mismatch(f"{_describe(x)} where {kind.__name__} is wanted")


def _describe(x: Any) -> str:
    return type(x).__name__ if isinstance(x, (Int, Float)) else repr(x)


def common_kind(a: Any, b: Any) -> type:
    """The class in which an operator works on both."""
    first, second = kind_of(a), kind_of(b)
    if first is None and second is None:
        raise Mismatch("the variable of a range beside a literal: convert it, as in u32(i)")
    if first is not None and second is not None and first is not second:
        raise Mismatch(f"{first.__name__} beside {second.__name__}")
    kind = first or second
    assert kind is not None
    return kind
