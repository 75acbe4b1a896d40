"""Float core functions do in Wasm what they do in CPython: results, MXCSR and trap.

Once more with an engine that makes every NaN the canonical one, as a phone's processor does.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import wasmtime

from elfin import layout
from elfin.codegen import module
from elfin.core import (
    arith,
    build,
    float32,
    float64,
    float_compare,
    float_convert,
    float_packed,
    float_packed_compare,
    float_packed_convert,
    mxcsr,
    reciprocal,
    softfloat,
    softfloat_arith,
    softfloat_convert,
)
from elfin.dialect import CoreFunction, bound
from elfin.ir.stmt import Function, Let, RawStore
from elfin.ir.types import I1, I32, Type
from elfin.ir.value import Value, local, make
from tests.softfloat.operands import argument, control

TESTED = (
    float32,
    float64,
    float_compare,
    float_convert,
    float_packed,
    float_packed_compare,
    float_packed_convert,
    reciprocal,
)
INNER = (arith, mxcsr, softfloat, softfloat_arith, softfloat_convert)
ROWS: list[CoreFunction[Any, Any]] = [
    row
    for m in TESTED
    for row in vars(m).values()
    if isinstance(row, CoreFunction) and row.__module__ == m.__name__ and row.result is not None
]
# What small numbers mean to a parameter.
CHOICES = {
    "operation": range(5),
    "predicate": range(8),
    "bits": (32, 64),
    "truncates": range(2),
    "quiet_invalid": range(2),
    "is_free": range(2),
    "precision": (softfloat.F32, softfloat.F64),
    "wins": (softfloat_convert.LESS, softfloat_convert.GREATER),
    "table": (layout.RECIPROCALS,),
}
ARGUMENTS = 0x800  # in Wasm memory, below STATE
RESULT = 0x7F0
ROUNDS = 250


def wrapper(row: CoreFunction[Any, Any]) -> Function:
    """`() -> ()`: arguments from memory, the result into memory."""
    at = local(I32, "at")
    loads = [raw(t, at, ARGUMENTS + 16 * i) for i, t in enumerate(row.params)]
    assert row.result is not None
    result = local(row.result, "result")
    body = [
        Let(result, make("call", row.result, *loads, imm=row.name)),
        RawStore(
            at, RESULT, result.zext(I32) if row.result is I1 else result, max(row.result.bits, 32)
        ),
    ]
    return Function(f"test.{row.name}", (at,), (), list(body), export=f"test.{row.name}")


def raw(type_: Type, base: Value, offset: int) -> Value:
    if type_ is I1:
        return make("raw_load", I32, base, imm=(offset, 32, False)).ne(0)
    return make("raw_load", type_, base, imm=(offset, type_.bits, False))


class Compiled:
    """The functions in an instance, and its memory."""

    def __init__(self, canonical_nan: bool) -> None:
        code = module.build(
            [*(wrapper(row) for row in ROWS), *build.functions(*TESTED, *INNER)],
            memory_import=None,
            memory=layout.GUEST_BASE >> 16,
            data=build.DATA,
        )
        config = wasmtime.Config()
        config.cranelift_nan_canonicalization = canonical_nan
        engine = wasmtime.Engine(config)
        self.store = wasmtime.Store(engine)
        compiled = wasmtime.Module(engine, code)
        self.exports = wasmtime.Instance(self.store, compiled, []).exports(self.store)
        memory = self.exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        self.memory = memory
        self.bytes = bytearray(memory.read(self.store, 0, layout.PAGES))

    def call(
        self, row: CoreFunction[Any, Any], arguments: list[int], start: bytes
    ) -> tuple[int, bytes]:
        self.memory.write(self.store, start, mxcsr.MXCSR_AT)
        for i, value in enumerate(arguments):
            self.memory.write(self.store, value.to_bytes(16, "little"), ARGUMENTS + 16 * i)
        function = self.exports[f"test.{row.name}"]
        assert isinstance(function, wasmtime.Func)
        function(self.store, 0)
        assert row.result is not None
        size = max(row.result.bits, 32) // 8
        result = int.from_bytes(self.memory.read(self.store, RESULT, RESULT + size), "little")
        end = bytes(self.memory.read(self.store, mxcsr.MXCSR_AT, mxcsr.MXCSR_AT + 8))
        return result, end


@pytest.fixture(scope="module", params=(False, True), ids=("engine-nan", "canonical-nan"))
def compiled(request: pytest.FixtureRequest) -> Compiled:
    return Compiled(request.param)


def arguments_of(row: CoreFunction[Any, Any], rng: Random) -> list[int]:
    names = [n for n in row.function.__annotations__ if n != "return"]
    lane = 64 if "64" in row.name or row.name.endswith("pd") else 32
    return [
        rng.choice(CHOICES[name]) if name in CHOICES else argument(rng, type_, lane)
        for name, type_ in zip(names, row.params, strict=True)
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_same_in_wasm(row: CoreFunction[Any, Any], compiled: Compiled) -> None:
    rng = Random(row.name)
    with bound(compiled.bytes):
        for _ in range(ROUNDS):
            arguments = arguments_of(row, rng)
            start = control(rng).to_bytes(4, "little") + rng.choice((0, 0, 0, 1)).to_bytes(
                4, "little"
            )
            compiled.bytes[mxcsr.MXCSR_AT : mxcsr.MXCSR_AT + 8] = start
            here = row(*(c(a) for c, a in zip(row.classes, arguments, strict=True)))
            end = bytes(compiled.bytes[mxcsr.MXCSR_AT : mxcsr.MXCSR_AT + 8])
            there = compiled.call(row, arguments, start)
            assert (int(here), end) == there, [*map(hex, arguments), start.hex()]
