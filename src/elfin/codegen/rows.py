"""Ops that are Wasm instructions under their own names: the row says everything.

Input:  the rows of `ir.ops_float` and `ir.ops_simd`.
Output: a lowering function each.
"""

from __future__ import annotations

from typing import Any

from elfin.codegen.values import Lower, Values
from elfin.ir.op_info import OpInfo
from elfin.ir.value import Value
from elfin.wasm.opcodes import code


def lower_row(row: OpInfo) -> Lower:
    """Arguments, instruction, immediate."""
    opcode = code(row.wasm or row.name)
    clean_arguments = "in" not in row.dirty
    clean_result = "out" not in row.dirty
    immediate = row.imm

    def lower(e: Values, v: Value) -> bool:
        for a in v.args:
            e.emit(a, clean_arguments)
        e.code.append(opcode)
        if immediate:
            e.code.append(_immediate(v.imm))
        return clean_result

    return lower


def _immediate(imm: Any) -> bytes:
    """One lane, or sixteen."""
    return bytes([imm]) if isinstance(imm, int) else bytes(imm)
