"""Fixed-width integers that compute in CPython exactly as their compiled code does in Wasm.

Each operator takes its own class or an integer literal that fits it, and gives its own class; results
wrap.  Shift counts are taken modulo the width.  `//` and `%` of signed classes round towards zero.
Conversion is by calling a class: the value modulo 2**width, so the *source's* sign decides on extension.
"""

from __future__ import annotations

from typing import ClassVar, Self


class Int(int):
    """Base of the classes; `bits` wide."""

    bits: ClassVar[int] = 64
    signed: ClassVar[bool] = False
    _mask: ClassVar[int] = (1 << 64) - 1
    _low: ClassVar[int] = 0  # the least value
    _high: ClassVar[int] = (1 << 64) - 1  # the greatest

    def __init_subclass__(cls, bits: int, signed: bool) -> None:
        cls.bits = bits
        cls.signed = signed
        cls._mask = (1 << bits) - 1
        cls._low = -(1 << (bits - 1)) if signed else 0
        cls._high = cls._mask + cls._low

    def __new__(cls, value: int = 0) -> Self:
        low = cls._low
        return int.__new__(cls, (int.__sub__(value, low) & cls._mask) + low)

    def _beside(self, other: int) -> int:
        """The other operand's number: its own class, or a literal that fits."""
        if other.__class__ is self.__class__:
            return other
        if other.__class__ is int:
            if self._low <= other <= self._high:
                return other
            raise TypeError(f"{other} does not fit {type(self).__name__}")
        raise TypeError(f"{type(self).__name__} beside {type(other).__name__}")

    def __add__(self, other: int) -> Self:
        return self.__class__(int.__add__(self, self._beside(other)))

    def __sub__(self, other: int) -> Self:
        return self.__class__(int.__sub__(self, self._beside(other)))

    def __mul__(self, other: int) -> Self:
        return self.__class__(int.__mul__(self, self._beside(other)))

    def __and__(self, other: int) -> Self:
        return self.__class__(int.__and__(self, self._beside(other)))

    def __or__(self, other: int) -> Self:
        return self.__class__(int.__or__(self, self._beside(other)))

    def __xor__(self, other: int) -> Self:
        return self.__class__(int.__xor__(self, self._beside(other)))

    def __lshift__(self, other: int) -> Self:
        return self.__class__(int.__lshift__(self, int.__mod__(self._beside(other), self.bits)))

    def __rshift__(self, other: int) -> Self:
        return self.__class__(int.__rshift__(self, int.__mod__(self._beside(other), self.bits)))

    def __floordiv__(self, other: int) -> Self:
        a, b = int(self), int(self._beside(other))
        quotient = abs(a) // abs(b)
        if (a < 0) != (b < 0):
            quotient = -quotient
        if quotient > self._high:
            raise OverflowError(f"{a} // {b} does not fit {type(self).__name__}")
        return self.__class__(quotient)

    def __mod__(self, other: int) -> Self:
        a, b = int(self), int(self._beside(other))
        remainder = abs(a) % abs(b)
        return self.__class__(-remainder if a < 0 else remainder)

    def __radd__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) + self

    def __rsub__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) - self

    def __rmul__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) * self

    def __rand__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) & self

    def __ror__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) | self

    def __rxor__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) ^ self

    def __rlshift__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) << self

    def __rrshift__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) >> self

    def __rfloordiv__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) // self

    def __rmod__(self, other: int) -> Self:
        return self.__class__(self._beside(other)) % self

    def __neg__(self) -> Self:
        return self.__class__(int.__neg__(self))

    def __pos__(self) -> Self:
        return self

    def __invert__(self) -> Self:
        return self.__class__(int.__invert__(self))


class u32(Int, bits=32, signed=False):
    pass


class u64(Int, bits=64, signed=False):
    pass


class i32(Int, bits=32, signed=True):
    pass


class i64(Int, bits=64, signed=True):
    pass


class v128(Int, bits=128, signed=False):
    """A vector as one number, lane 0 in the lowest bits; of the operators only `& | ^ ~` compile."""
