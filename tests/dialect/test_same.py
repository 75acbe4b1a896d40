"""A dialect function gives the same in CPython and in Wasm: results, memory, and where it fails."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import wasmtime

from elfin.bits import signed
from elfin.core.dialect_inline import inlined
from elfin.dialect import CoreFunction, bound
from elfin.dialect.floats import Float
from tests.codegen.machine import Machine, wide_products
from tests.dialect import samples
from tests.dialect.source import functions_of, module_of, rows_of

EDGES = (
    0,
    1,
    2,
    3,
    5,
    63,
    64,
    127,
    128,
    255,
    1 << 31,
    (1 << 31) - 1,
    (1 << 63) - 1,
    1 << 63,
    -1,
    -2,
)
MEMORY = 65536

CLASSES = ("u32", "u64", "i32", "i64")
OPERATORS = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LITERALS = ("1", "3", "100", "0x7fffffff")


def every_operator() -> str:
    """A function for each operator of each class, with both sides at run time and with literals."""
    out = []
    for kind in CLASSES:
        for n, op in enumerate((*OPERATORS, *COMPARISONS)):
            result = "bool" if op in COMPARISONS else kind
            head = "@core_function()\ndef"
            out.append(f"{head} {kind}_{n}(a: {kind}, b: {kind}) -> {result}:\n return a {op} b\n")
            for m, literal in enumerate(LITERALS):
                name = f"{kind}_{n}_{m}"
                out.append(f"{head} {name}(a: {kind}) -> {result}:\n return a {op} {literal}\n")
                out.append(f"{head} {name}r(a: {kind}) -> {result}:\n return {literal} {op} a\n")
        for n, op in enumerate(("-", "~", "+")):
            out.append(f"@core_function()\ndef {kind}_u{n}(a: {kind}) -> {kind}:\n return {op}a\n")
        conversion = "@core_function()\ndef {0}_{1}(a: {0}) -> {1}:\n return {1}(a)\n"
        out += [conversion.format(kind, to) for to in CLASSES]
    return "\n".join(out)


OPERATOR_MODULE = module_of(every_operator())


@pytest.fixture(scope="module", params=[False, True], ids=["called", "in place"])
def machine(request: pytest.FixtureRequest) -> Machine:
    functions = [*functions_of(OPERATOR_MODULE), *functions_of(samples)]
    return Machine([*(inlined(functions) if request.param else functions), *wide_products()])


def number(x: Any) -> int:
    """An unsigned pattern."""
    if isinstance(x, Float):
        return x.pattern
    return int(x)


def in_python(row: CoreFunction[Any, Any], arguments: list[int], memory: bytearray) -> Any:
    """Its result, or "failed"."""
    with bound(memory):
        try:
            made = (k(a) for k, a in zip(row.classes, arguments, strict=True))
            return row(*made)
        except (ArithmeticError, IndexError):
            return "failed"


def in_wasm(machine: Machine, row: CoreFunction[Any, Any], arguments: list[int]) -> Any:
    try:
        typed = zip(arguments, row.params, strict=True)
        return machine.call(row.name, *(signed(a, t.bits) if t.bits > 1 else a for a, t in typed))
    except wasmtime.Trap:
        return "failed"


def compare(machine: Machine, row: CoreFunction[Any, Any], rng: Random) -> None:
    for _ in range(150):
        arguments = [
            rng.choice((rng.choice(EDGES), rng.getrandbits(t.bits))) & ((1 << t.bits) - 1)
            for t in row.params
        ]
        memory = bytearray(rng.randbytes(4096) + bytes(MEMORY - 4096))
        machine.write(0, memory)
        expected = in_python(row, arguments, memory)
        actual = in_wasm(machine, row, arguments)
        if expected == "failed" or actual == "failed":
            assert actual == expected, (row.name, arguments)
            continue
        if row.result is not None:
            mask = (1 << row.result.bits) - 1
            assert actual & mask == number(expected) & mask, (row.name, arguments)
        assert machine.read(0, MEMORY) == memory, (row.name, arguments)


@pytest.mark.parametrize("row", rows_of(samples), ids=lambda row: row.name)
def test_samples(machine: Machine, row: CoreFunction[Any, Any]) -> None:
    compare(machine, row, Random(row.name))


@pytest.mark.parametrize("kind", CLASSES)
def test_operators(machine: Machine, kind: str) -> None:
    for row in rows_of(OPERATOR_MODULE):
        if row.name.startswith(f"{kind}_"):
            compare_numbers(machine, row, Random(row.name))


def compare_numbers(machine: Machine, row: CoreFunction[Any, Any], rng: Random) -> None:
    assert row.result is not None
    mask = (1 << row.result.bits) - 1
    for _ in range(60):
        arguments = [
            rng.choice((rng.choice(EDGES), rng.getrandbits(t.bits))) & ((1 << t.bits) - 1)
            for t in row.params
        ]
        expected, actual = in_python(row, arguments, bytearray()), in_wasm(machine, row, arguments)
        if expected != "failed" and actual != "failed":
            expected, actual = number(expected) & mask, actual & mask
        assert actual == expected, (row.name, arguments)
