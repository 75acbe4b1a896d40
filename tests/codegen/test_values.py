"""Random values: their code computes what the op table says, whatever is shared or left dirty."""

from __future__ import annotations

from random import Random

import pytest

from elfin.bits import M64
from elfin.ir.stmt import Function, Let, RawStore, Return, Stmt
from elfin.ir.types import I8, I16, I32, I64, TYPES, V128, Type
from elfin.ir.value import Value, const, local, make
from elfin.wasm.instructions import instructions
from elfin.wasm.module import Module
from tests.codegen.interpreter import Interpreter
from tests.codegen.machine import Machine, wide_products
from tests.ir.values import random_value, variable

BASE = const(I32, 0)
INPUTS = 0x100  # 3 variables of each type, 16 bytes each
RESULTS = 0x8000
TRAPPING = ("divu", "divs", "remu", "rems")
EDGES = (0, 1, -1, 2, 0x7F, 0x80, 0x7FFF, 0x8000, 1 << 31, (1 << 31) - 1, 1 << 63, (1 << 63) - 1)


def load(type_: Type, at: int) -> Value:
    bits = max(8, type_.bits)
    return make("raw_load", type_, BASE, imm=(at, bits, False))


def place(type_: Type, number: int) -> int:
    return INPUTS + (list(TYPES.values()).index(type_) * 3 + number) * 16


def stateless(value: Value, rng: Random) -> Value:
    """Reads of the register file become loads."""
    if value.op == "get":
        return load(value.type, place(value.type, rng.randrange(3)))
    if value.op == "const" and not value.type.is_int and value.type is not V128:
        return make("const", value.type, imm=value.imm)
    return make(value.op, value.type, *(stateless(a, rng) for a in value.args), imm=value.imm)


def store(type_: Type, at: int, value: Value) -> Stmt:
    bits = max(8, type_.bits)
    return RawStore(BASE, at, value, bits)


def prologue() -> list[Stmt]:
    return [Let(variable(t, n), load(t, place(t, n))) for t in TYPES.values() for n in range(3)]


def fill(rng: Random, memory: bytearray) -> None:
    for type_ in TYPES.values():
        for n in range(3):
            number = rng.choice((rng.choice(EDGES), rng.getrandbits(128)))
            size = max(1, type_.bits // 8)
            pattern = number & ((1 << type_.bits) - 1)
            at = place(type_, n)
            memory[at : at + size] = pattern.to_bytes(size, "little")


def run_both(functions: list[Function], rng: Random, rounds: int) -> None:
    machine = Machine([*functions, *wide_products()])
    for _ in range(rounds):
        memory = bytearray(65536)
        fill(rng, memory)
        for function in functions:
            expected = bytearray(memory)
            Interpreter(expected).run(function)
            machine.write(0, memory)
            machine.call(function.name)
            actual = machine.read(RESULTS, 4096)
            assert actual == expected[RESULTS : RESULTS + 4096], function


@pytest.mark.parametrize("type_", TYPES.values(), ids=str)
def test_random_values(type_: Type) -> None:
    rng = Random(type_.bits)
    functions = []
    for index in range(25):
        body = prologue()
        for n in range(8):
            value = stateless(random_value(rng, type_, rng.randrange(1, 6)), rng)
            body.append(store(type_, RESULTS + 16 * n, value))
        functions.append(Function(f"f{index}", (), (), body, export=f"f{index}"))
    run_both(functions, rng, rounds=12)


@pytest.mark.parametrize("type_", [I8, I16, I32, I64], ids=str)
def test_divisions(type_: Type) -> None:
    rng = Random(3)
    a, b = variable(type_, 0), variable(type_, 1)
    safe = b | 1
    positive = (a >> 1, safe >> 1 | const(type_, 1))
    functions = []
    for op in TRAPPING:
        body = prologue()
        body.append(store(type_, RESULTS, make(op, type_, *positive)))
        if op.endswith("u") or type_ in (I8, I16):
            body.append(store(type_, RESULTS + 16, make(op, type_, a, safe)))
        functions.append(Function(op, (), (), body, export=op))
    run_both(functions, rng, rounds=200)


def test_values_deeper_than_the_stack() -> None:
    x = local(I64, "x")
    value, wide = x, x
    for n in range(5000):
        value = (value + n) ^ (value >> 3)
    for _ in range(60):
        wide = wide + wide  # shared at each level: 2**60 if it were not
    function = Function(
        "deep", (), (), [Let(x, load(I64, INPUTS)), store(I64, RESULTS, value + wide)], "deep"
    )
    machine = Machine([function])
    machine.write(INPUTS, (12345).to_bytes(8, "little"))
    machine.call("deep")
    expected = 12345
    for n in range(5000):
        expected = (expected + n & M64) ^ expected >> 3
    expected = expected + (12345 << 60) & M64
    assert int.from_bytes(machine.read(RESULTS, 8), "little") == expected


@pytest.mark.parametrize("wide", [I8, I16, I32, I64], ids=str)
def test_loads_of_part_of_a_type(wide: Type) -> None:
    """Each width and signedness into each type, extended and cut again."""
    rng = Random(11)
    body = prologue()
    at = RESULTS
    for bits in (8, 16, 32, 64):
        for is_signed in (False, True):
            if bits > wide.bits:
                continue
            value = make("raw_load", wide, BASE, imm=(INPUTS + 48 * 4, bits, is_signed))
            for result in (value, value.zext(I64), value.sext(I64), value.trunc(I8)):
                body.append(store(result.type, at, result))
                at += 16
            body.append(store(wide, at, value + value))
            at += 16
    run_both([Function("loads", (), (), body, export="loads")], rng, rounds=50)


def test_addresses_fold_only_where_they_cannot_wrap() -> None:
    base = local(I32, "base")
    narrow = load(I16, INPUTS).zext(I32)
    function = Function(
        "wrap",
        (base,),
        (I32, I32, I32),
        [
            RawStore(narrow + 0x40, 4, const(I32, 77), 32),
            Let(
                local(I32, "x"),
                make("raw_load", I32, base + 0x200, imm=(4, 32, False)),
            ),
            Let(
                local(I32, "y"),
                make("raw_load", I32, narrow + 0x40, imm=(4, 32, False)),
            ),
            Let(
                local(I32, "z"),
                make("raw_load", I32, const(I32, 0x300), imm=(4, 32, False)),
            ),
            Return((local(I32, "x"), local(I32, "y"), local(I32, "z"))),
        ],
        export="wrap",
    )
    machine = Machine([function])
    machine.write(0x104, (5).to_bytes(4, "little"))
    machine.write(0x304, (6).to_bytes(4, "little"))
    machine.write(INPUTS, (0x1000).to_bytes(2, "little"))
    # base + 0x200 wraps around 2**32 to 0x100.
    assert machine.call("wrap", -0x100) == [5, 77, 6]


def test_addresses_are_sums_of_low_halves() -> None:
    """What lies above 4 GiB in the parts of a sum changes nothing, and only the parts are cut."""
    base, index = local(I64, "base"), local(I64, "index")
    sums = [
        base + (index << 3),
        base - index,
        base + index.trunc(I32).zext(I64),
        base + index.trunc(I32).sext(I64) + 16,
        base + (index << 40),
    ]
    loads = tuple(make("raw_load", I32, s.trunc(I32), imm=(INPUTS, 32, False)) for s in sums)
    body: list[Stmt] = [Return(loads)]
    machine = Machine([Function("f", (base, index), (I32,) * 5, body, export="f")])
    for at in range(0, 0x200, 4):
        machine.write(INPUTS + at, at.to_bytes(4, "little"))
    for high in (0, 1 << 32, -1 << 32, 1 << 62):
        found = machine.call("f", 0x80 + high, 8 - high)
        assert found == [0xC0, 0x78, 0x88, 0x98, 0x80]
    code = Module.decode(machine.wasm).codes[0]
    names = [i.opcode.name for i in instructions(code.body)]
    assert names.count("i64.add") == 0
    assert names.count("i64.shl") == 1  # by more than an address is scaled
