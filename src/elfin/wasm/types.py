"""Types of the binary format: values, functions, limits, tables (Core spec 5.3), and vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from elfin.records import dataclass
from elfin.wasm.cursor import Cursor
from elfin.wasm.leb import unsigned

VALUE_TYPES: Final = {
    "i32": 0x7F,
    "i64": 0x7E,
    "f32": 0x7D,
    "f64": 0x7C,
    "v128": 0x7B,
    "funcref": 0x70,
    "externref": 0x6F,
}
VALUE_NAMES: Final = {number: name for name, number in VALUE_TYPES.items()}


def vector(items: Iterable[bytes]) -> bytes:
    parts = list(items)
    return unsigned(len(parts)) + b"".join(parts)


def sized(data: bytes | bytearray) -> bytes:
    """A byte vector: its length, then itself."""
    return unsigned(len(data)) + data


def name_bytes(name: str) -> bytes:
    return sized(name.encode())


def value_types(names: Iterable[str]) -> bytes:
    return sized(bytes(VALUE_TYPES[name] for name in names))


def read_value_types(cursor: Cursor) -> tuple[str, ...]:
    return tuple(VALUE_NAMES[byte] for byte in cursor.sized())


@dataclass(frozen=True, slots=True)
class FuncType:
    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    def encode(self) -> bytes:
        return b"\x60" + value_types(self.params) + value_types(self.results)

    @staticmethod
    def decode(cursor: Cursor) -> FuncType:
        if cursor.byte() != 0x60:
            raise ValueError("only function types are known")
        return FuncType(read_value_types(cursor), read_value_types(cursor))


@dataclass(frozen=True, slots=True)
class Limits:
    """Size of a memory in pages of 64 KiB, or of a table in elements."""

    minimum: int
    maximum: int | None = None

    def encode(self) -> bytes:
        if self.maximum is None:
            return b"\0" + unsigned(self.minimum)
        return b"\1" + unsigned(self.minimum) + unsigned(self.maximum)

    @staticmethod
    def decode(cursor: Cursor) -> Limits:
        bounded = cursor.byte() & 1
        minimum = cursor.unsigned()
        return Limits(minimum, cursor.unsigned() if bounded else None)


@dataclass(frozen=True, slots=True)
class TableType:
    limits: Limits
    element: str = "funcref"

    def encode(self) -> bytes:
        return bytes([VALUE_TYPES[self.element]]) + self.limits.encode()

    @staticmethod
    def decode(cursor: Cursor) -> TableType:
        element = VALUE_NAMES[cursor.byte()]
        return TableType(Limits.decode(cursor), element)


@dataclass(frozen=True, slots=True)
class GlobalType:
    type: str
    mutable: bool = False

    def encode(self) -> bytes:
        return bytes([VALUE_TYPES[self.type], self.mutable])

    @staticmethod
    def decode(cursor: Cursor) -> GlobalType:
        return GlobalType(VALUE_NAMES[cursor.byte()], bool(cursor.byte()))
