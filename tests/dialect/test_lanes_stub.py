"""`lanes.pyi`, which gives the lane ops their types, is what the op rows say (`--bless` rewrites it)."""

from __future__ import annotations

from pathlib import Path

from elfin.dialect import lanes
from elfin.dialect.lanes import LANE_OPS, LaneOp

STUB = Path(lanes.__file__).with_suffix(".pyi")
HEAD = '''"""Types of the lane ops. Generated from the op rows: `pytest tests/dialect --bless` rewrites it."""

from elfin.dialect.floats import f32, f64
from elfin.dialect.integers import u32, u64, v128
from elfin.ir.op_info import OpInfo
from elfin.ir.types import Type

class LaneOp:
    row: OpInfo
    params: tuple[Type, ...]
    result: Type
    classes: tuple[type, ...]
    result_class: type
    def __init__(self, row: OpInfo) -> None: ...

CLASS_OF: dict[str, type]
LANE_OPS: dict[str, LaneOp]

'''
IMMEDIATE = {"": (), "lane": ("imm: int",), "lanes": ("imm: tuple[int, ...]",)}


def declaration(name: str, op: LaneOp) -> str:
    arguments = [f"{n}: {c.__name__}" for n, c in zip("abc", op.classes, strict=False)]
    arguments += IMMEDIATE[op.row.imm]
    return f"def {name}({', '.join(arguments)}) -> {op.result_class.__name__}: ..."


def test_stub_is_current(bless: bool) -> None:
    text = HEAD + "".join(declaration(name, op) + "\n" for name, op in sorted(LANE_OPS.items()))
    if bless:
        STUB.write_text(text)
    assert STUB.read_text() == text
