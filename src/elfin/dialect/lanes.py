"""Every float and SIMD op of the IR as a function: `from elfin.dialect.lanes import i8x16_add, f64_sqrt`.

The name is Wasm's with `_` for `.`; an immediate comes last, as a literal.  In CPython a call computes by
the op row's meaning.  i32 and i64 results are `u32` and `u64`; narrow lanes travel as `u32`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elfin.dialect.floats import Float, f32, f64
from elfin.dialect.integers import u32, u64, v128
from elfin.ir.op_info import OpInfo
from elfin.ir.ops import OPS
from elfin.ir.types import TYPES, Type

CLASS_OF: dict[str, type] = {
    "i1": bool,
    "i8": u32,
    "i16": u32,
    "i32": u32,
    "i64": u64,
    "f32": f32,
    "f64": f64,
    "v128": v128,
}


class LaneOp:
    """An op as a function."""

    def __init__(self, row: OpInfo) -> None:
        self.row = row
        arguments, _, result = row.types.partition("->")
        self.params: tuple[Type, ...] = tuple(TYPES[name] for name in arguments.split())
        self.result: Type = TYPES[result.strip()]
        self.classes = tuple(CLASS_OF[t.name] for t in self.params)
        self.result_class = CLASS_OF[self.result.name]

    def __call__(self, *args: Any) -> Any:
        row = self.row
        wanted = len(self.params) + bool(row.imm)
        if len(args) != wanted or row.meaning is None:
            raise TypeError(f"{row.name} takes {wanted} arguments")
        patterns = [_pattern(a, t) for a, t in zip(args, self.params, strict=False)]
        bits = self.params[0].bits
        result = row.meaning(bits, *patterns, *args[len(patterns) :])
        if issubclass(self.result_class, Float):
            return self.result_class.of_pattern(result)
        made: Callable[[int], Any] = self.result_class
        return made(result)


def _pattern(value: Any, type_: Type) -> int:
    if isinstance(value, Float):
        return value.pattern
    return int(value) & ((1 << type_.bits) - 1)


LANE_OPS = {name.replace(".", "_"): LaneOp(row) for name, row in OPS.items() if "." in name}


def __getattr__(name: str) -> LaneOp:
    found = LANE_OPS.get(name)
    if found is None:
        raise AttributeError(f"no op of this name: {name}")
    return found
