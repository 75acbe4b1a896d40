"""`OpInfo`: what a row of the op tables (`ops`, `ops_float`, `ops_simd`) consists of.

A meaning is called as `meaning(bits, *arguments)`, and with the immediate behind them where the row
has one.  `bits` is the width of the first argument.  Values are non-negative patterns of their
type's width, floats and v128 included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from elfin.records import dataclass


@dataclass(frozen=True, slots=True)
class OpInfo:
    """`types` is "args -> result" with a: any integer type, T: any type, or a type's name.

    `imm` says which bytes follow the Wasm opcode: one lane index, or sixteen.
    """

    name: str
    types: str
    meaning: Callable[..., Any] | None
    wasm: str = ""
    commutes: bool = False
    dirty: str = ""
    effect: bool = False
    imm: Literal["", "lane", "lanes"] = ""
