"""`f32` and `f64`: numbers held as bit patterns, computed by the meanings of the IR's float ops.

So a NaN's payload is never lost on the way.  Which NaN an operation makes is Wasm's free choice; here it
is the positive canonical one.
"""

from __future__ import annotations

from typing import ClassVar, Self

from elfin.dialect.integers import Int, u32, u64
from elfin.ir.ops import OPS
from elfin.ir.ops_float import to_float, to_pattern


class Float:
    """Base of the classes; `size` bits wide."""

    size: ClassVar[int] = 64
    name: ClassVar[str] = "f64"
    __slots__ = ("pattern",)

    def __init__(self, value: float | Float) -> None:
        """A literal, an integer class (converted, rounded to nearest even) or the other float class."""
        if isinstance(value, Float):
            self.pattern = self._convert(value)
        elif isinstance(value, Int):
            sign = "s" if value.signed else "u"
            op = OPS[f"{self.name}.convert_i{value.bits}_{sign}"]
            assert op.meaning is not None
            self.pattern = op.meaning(value.bits, int(value) & ((1 << value.bits) - 1))
        else:
            self.pattern = to_pattern(self.size, float(value))

    def _convert(self, value: Float) -> int:
        if value.size == self.size:
            return value.pattern
        op = OPS["f64.promote_f32" if self.size == 64 else "f32.demote_f64"]
        assert op.meaning is not None
        pattern: int = op.meaning(value.size, value.pattern)
        return pattern

    @classmethod
    def of_pattern(cls, pattern: int) -> Self:
        made = cls.__new__(cls)
        made.pattern = pattern
        return made

    def _apply(self, verb: str, other: Float | float) -> int:
        if isinstance(other, Float) and other.__class__ is not self.__class__:
            raise TypeError(f"{self.name} beside {other.name}")
        right = other if isinstance(other, Float) else self.__class__(other)
        op = OPS[f"{self.name}.{verb}"]
        assert op.meaning is not None
        result: int = op.meaning(self.size, self.pattern, right.pattern)
        return result

    def __add__(self, other: Self | float) -> Self:
        return self.of_pattern(self._apply("add", other))

    def __sub__(self, other: Self | float) -> Self:
        return self.of_pattern(self._apply("sub", other))

    def __mul__(self, other: Self | float) -> Self:
        return self.of_pattern(self._apply("mul", other))

    def __truediv__(self, other: Self | float) -> Self:
        return self.of_pattern(self._apply("div", other))

    def __neg__(self) -> Self:
        return self.of_pattern(self.pattern ^ 1 << self.size - 1)

    def __lt__(self, other: Self | float) -> bool:
        return bool(self._apply("lt", other))

    def __le__(self, other: Self | float) -> bool:
        return bool(self._apply("le", other))

    def __gt__(self, other: Self | float) -> bool:
        return bool(self._apply("gt", other))

    def __ge__(self, other: Self | float) -> bool:
        return bool(self._apply("ge", other))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Float, float, int)) and bool(self._apply("eq", other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(float(self))

    def __float__(self) -> float:
        return to_float(self.size, self.pattern)

    def __repr__(self) -> str:
        return f"{self.name}({float(self)!r})"


class f32(Float):
    size = 32
    name = "f32"
    __slots__ = ()

    @classmethod
    def from_bits(cls, pattern: u32) -> f32:
        return cls.of_pattern(int(pattern))

    def to_bits(self) -> u32:
        return u32(self.pattern)


class f64(Float):
    size = 64
    name = "f64"
    __slots__ = ()

    @classmethod
    def from_bits(cls, pattern: u64) -> f64:
        return cls.of_pattern(int(pattern))

    def to_bits(self) -> u64:
        return u64(self.pattern)
