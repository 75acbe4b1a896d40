"""`Cursor`: reads the primitives of the binary format one after another (Core spec 5.1-5.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from elfin.wasm.leb import read_signed, read_unsigned

T = TypeVar("T")


class Cursor:
    """A position in `data`; `end` is exclusive."""

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    @property
    def more(self) -> bool:
        return self.at < self.end

    def byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def unsigned(self) -> int:
        value, self.at = read_unsigned(self.data, self.at)
        return value

    def signed(self) -> int:
        value, self.at = read_signed(self.data, self.at)
        return value

    def take(self, n: int) -> bytes:
        value = self.data[self.at : self.at + n]
        self.at += n
        return value

    def sized(self) -> bytes:
        """A byte vector."""
        return self.take(self.unsigned())

    def name(self) -> str:
        return self.sized().decode()

    def vector(self, item: Callable[[Cursor], T]) -> list[T]:
        return [item(self) for _ in range(self.unsigned())]
