"""The types of IR values. A type is a singleton: compare with `is`."""

from __future__ import annotations

from typing import Literal

Wasm = Literal["i32", "i64", "f32", "f64", "v128"]


class Type:
    """A value's width in bits and the Wasm type that carries it.

    Integers narrower than their carrier are held zero-extended.
    """

    __slots__ = ("bits", "name", "wasm")

    def __init__(self, name: str, bits: int, wasm: Wasm) -> None:
        self.name = name
        self.bits = bits
        self.wasm: Wasm = wasm

    def __repr__(self) -> str:
        return self.name

    @property
    def bytes(self) -> int:
        """Size in memory."""
        return self.bits >> 3

    @property
    def is_int(self) -> bool:
        return self.name[0] == "i"


I1 = Type("i1", 1, "i32")
I8 = Type("i8", 8, "i32")
I16 = Type("i16", 16, "i32")
I32 = Type("i32", 32, "i32")
I64 = Type("i64", 64, "i64")
F32 = Type("f32", 32, "f32")
F64 = Type("f64", 64, "f64")
V128 = Type("v128", 128, "v128")

TYPES: dict[str, Type] = {t.name: t for t in (I1, I8, I16, I32, I64, F32, F64, V128)}
INTS: dict[int, Type] = {t.bits: t for t in (I1, I8, I16, I32, I64)}
