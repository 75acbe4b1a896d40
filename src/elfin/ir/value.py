"""Hash-consed typed values: the same operation on the same arguments is the same object.

A `Value` is pure but for the ops marked `effect` in the op table (`load`, `call`), which stand
only as the right-hand side of a `Let`.  Operators build values; an `int` beside a value
becomes a constant of the value's type.  Nothing here evaluates or knows Wasm.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, Final

from elfin.bits import mask
from elfin.ir.types import I1, I64, INTS, Type

_interned: dict[tuple[Any, ...], Value] = {}
alone = RLock()  # held while values are made that others must not `forget`, and by those who do


class Value:
    """One node of the graph: an op's name, its type, its arguments and an immediate."""

    __slots__ = ("args", "imm", "op", "type")

    op: str
    type: Type
    args: tuple[Value, ...]
    imm: Any

    def __repr__(self) -> str:
        inner = [repr(a) for a in self.args]
        if self.imm is not None:
            inner.append(hex(self.imm) if type(self.imm) is int else str(self.imm))
        return f"{self.op}.{self.type}({', '.join(inner)})"

    def _with(self, other: Value | int) -> Value:
        if isinstance(other, Value):
            assert other.type is self.type, f"{self!r} beside {other!r}"
            return other
        return const(self.type, other)

    def __add__(self, other: Value | int) -> Value:
        return make("add", self.type, self, self._with(other))

    def __sub__(self, other: Value | int) -> Value:
        return make("sub", self.type, self, self._with(other))

    def __mul__(self, other: Value | int) -> Value:
        return make("mul", self.type, self, self._with(other))

    def __and__(self, other: Value | int) -> Value:
        return make("and", self.type, self, self._with(other))

    def __or__(self, other: Value | int) -> Value:
        return make("or", self.type, self, self._with(other))

    def __xor__(self, other: Value | int) -> Value:
        return make("xor", self.type, self, self._with(other))

    def __invert__(self) -> Value:
        return make("xor", self.type, self, const(self.type, -1))

    def __neg__(self) -> Value:
        return make("sub", self.type, const(self.type, 0), self)

    def __lshift__(self, count: Value | int) -> Value:
        """Left shift; the count is taken modulo the width."""
        return make("shl", self.type, self, self._with(count))

    def __rshift__(self, count: Value | int) -> Value:
        """Logical right shift; the count is taken modulo the width."""
        return make("lshr", self.type, self, self._with(count))

    def ashr(self, count: Value | int) -> Value:
        """Arithmetic right shift; the count is taken modulo the width."""
        return make("ashr", self.type, self, self._with(count))

    def rotl(self, count: Value | int) -> Value:
        return make("rotl", self.type, self, self._with(count))

    def rotr(self, count: Value | int) -> Value:
        return make("rotr", self.type, self, self._with(count))

    def eq(self, other: Value | int) -> Value:
        return make("eq", I1, self, self._with(other))

    def ne(self, other: Value | int) -> Value:
        return make("ne", I1, self, self._with(other))

    def ltu(self, other: Value | int) -> Value:
        return make("ltu", I1, self, self._with(other))

    def lts(self, other: Value | int) -> Value:
        return make("lts", I1, self, self._with(other))

    def leu(self, other: Value | int) -> Value:
        return make("leu", I1, self, self._with(other))

    def les(self, other: Value | int) -> Value:
        return make("les", I1, self, self._with(other))

    def zext(self, to: Type) -> Value:
        """Zero-extended to a type at least as wide."""
        if self.op == "const":
            return const(to, self.imm)
        return self if to is self.type else make("zext", to, self)

    def sext(self, to: Type) -> Value:
        """Sign-extended to a type at least as wide."""
        return self if to is self.type else make("sext", to, self)

    def trunc(self, to: Type) -> Value:
        """The low bits, in a type at most as wide."""
        return self if to is self.type else make("trunc", to, self)

    def resize(self, to: Type) -> Value:
        """Zero-extended or truncated, whichever is needed."""
        return self.zext(to) if to.bits > self.type.bits else self.trunc(to)

    def bit(self, n: int) -> Value:
        """Bit `n` as a condition."""
        if n == self.type.bits - 1:
            return self.lts(0)
        return (self & (1 << n)).ne(0)

    @property
    def sign(self) -> Value:
        """The most significant bit as a condition."""
        return self.lts(0)

    def select(self, then: Value, other: Value | int) -> Value:
        """`then` if this condition holds, else `other`."""
        assert self.type is I1
        return make("select", then.type, self, then, then._with(other))


def make(op: str, type_: Type, *args: Value, imm: Any = None) -> Value:
    """The one value of this op, type, arguments and immediate."""
    key = (op, type_, args, imm)
    found = _interned.get(key)
    if found is None:
        new = Value.__new__(Value)
        new.op = op
        new.type = type_
        new.args = args
        new.imm = imm
        found = _interned.setdefault(key, new)  # another thread may have been quicker
    return found


def mark() -> int:
    """For `forget`: what is known now."""
    return len(_interned)


def forget(since: int = 0) -> None:
    """Drop what came to be known since.  Values in use stay valid; they are only no longer shared."""
    while len(_interned) > since:
        _interned.popitem()


def const(type_: Type, value: int) -> Value:
    """An integer or v128 constant, reduced to the type's width."""
    return make("const", type_, imm=value & mask(type_.bits))


def local(type_: Type, name: int | str) -> Value:
    """A named variable of the function under construction."""
    return make("local", type_, imm=name)


def get(type_: Type, offset: int) -> Value:
    """The guest state at a fixed byte offset of the register file (see `layout`)."""
    return make("get", type_, imm=offset)


def int_type(bits: int) -> Type:
    """The integer type of this width."""
    return INTS[bits]


TRUE: Final = const(I1, 1)
FALSE: Final = const(I1, 0)
ZERO64: Final = const(I64, 0)
