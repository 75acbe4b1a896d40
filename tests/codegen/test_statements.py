"""Random functions do in Wasm what the statements say, whatever was shared and wherever locals lie."""

from __future__ import annotations

from random import Random

import pytest

from elfin.bits import signed
from elfin.ir.stmt import Br, Function, If, Let, Loop, Return, Set, Stmt, Switch, Unreachable
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.wasm.instructions import instructions
from elfin.wasm.module import Module
from tests.codegen.interpreter import Interpreter
from tests.codegen.machine import Machine
from tests.codegen.programs import AREA, Programs, callees

ROUNDS = 6
SPAN = 2 * AREA + 64


@pytest.mark.parametrize("seed", range(12))
def test_random_functions(seed: int) -> None:
    rng = Random(seed)
    programs = Programs(rng)
    functions = [programs.function(f"f{n}") for n in range(40)]
    machine = Machine([*functions, *callees()])
    for function in functions:
        for _ in range(ROUNDS):
            arguments = [
                rng.choice((0, 1, 5, rng.getrandbits(p.type.bits))) for p in function.params
            ]
            memory = bytearray(rng.randbytes(SPAN) + bytes(SPAN))
            machine.write(0, memory)
            signed_arguments = [
                signed(a, p.type.bits) for a, p in zip(arguments, function.params, strict=True)
            ]
            low, high = machine.call(function.name, *signed_arguments)
            interpreter = reference(memory)
            expected = interpreter.run(function, *arguments)
            assert (low % (1 << 32), high % (1 << 64)) == expected, function
            assert machine.read(0, SPAN) == memory[:SPAN], function


def reference(memory: bytearray) -> Interpreter:
    def touch(x: int) -> None:
        memory[x & (AREA - 1)] = x & 255

    def bump(x: int) -> int:
        memory[64] = memory[64] + 1 & 255
        return memory[64] + x & 0xFFFFFFFF

    return Interpreter(memory, {"touch": touch, "bump": bump})


def test_bump_reads_memory_after_its_store() -> None:
    """The callee of the random functions, by hand: a raw load is not kept over a store."""
    machine = Machine([Function("f", (), (I32,), [*_bump_once()], export="f"), *callees()])
    assert [machine.call("f") for _ in range(3)] == [1, 2, 3]


def _bump_once() -> list[Stmt]:
    x = local(I32, "x")
    return [Let(x, make("call", I32, const(I32, 0), imm="bump")), Return((x,))]


def test_a_big_switch_shares_locals() -> None:
    """Variables of different cases lie in the same few locals."""
    at, out = local(I32, "at"), local(I64, "out")
    cases: list[list[Stmt]] = []
    for n in range(1000):
        x, y = local(I64, f"x{n}"), local(I64, f"y{n}")
        cases.append([Set(x, out + n), Set(y, x * x), Set(out, y ^ x)])
    body: list[Stmt] = [Set(out, const(I64, 0)), Switch(at, cases, []), Return((out,))]
    machine = Machine([Function("f", (at,), (I64,), body, export="f")])
    assert machine.call("f", 7) == 49 ^ 7
    assert machine.call("f", 5000) == 0
    assert sum(count for count, _ in locals_of(machine)) <= 3


def locals_of(machine: Machine) -> tuple[tuple[int, str], ...]:
    return Module.decode(machine.wasm).codes[0].locals


def test_a_case_that_goes_on_has_a_conditional_back_edge() -> None:
    """`If(c, [Br(loop)])` in a case is one `br_if` to the loop, in each case its own."""
    n = local(I32, "n")
    step: list[Stmt] = [Set(n, n - 1), If(n.ne(0), [Br("top")])]
    cases = [list(step) for _ in range(10)]
    body: list[Stmt] = [Loop("top", [Switch(n, cases, list(step))]), Return((n,))]
    machine = Machine([Function("f", (n,), (I32,), body, export="f")])
    assert machine.call("f", 100) == 0
    code = Module.decode(machine.wasm).codes[0]
    names = [i.opcode.name for i in instructions(code.body)]
    assert names.count("br_if") == 11
    assert "if" not in names


def test_a_turn_that_looks_whether_it_is_the_last_ends_in_one_branch() -> None:
    """What is hardly ever done before a branch back stands behind it, and what goes back comes next."""
    n, left = local(I32, "n"), local(I32, "left")
    back: list[Stmt] = [
        Set(left, left - 1),
        If(left.lts(0), [Return((left,))], rare=True),
        Br("top"),
    ]
    body: list[Stmt] = [Loop("top", [Set(n, n - 1), If(n.ne(0), back), Return((n,))])]
    machine = Machine([Function("f", (n, left), (I32,), body, export="f")])
    assert machine.call("f", 5, 100) == 0
    assert machine.call("f", 100, 5) & 0xFFFF_FFFF == 0xFFFF_FFFF
    code = Module.decode(machine.wasm).codes[0]
    names = [i.opcode.name for i in instructions(code.body)]
    assert names.count("br_if") == 2
    assert "if" not in names
    assert "br" not in names


@pytest.mark.parametrize(
    "body",
    [
        [If(local(I32, "x").eq(0), [Return((const(I32, 1),))], [Return((const(I32, 2),))])],
        [Loop("l", [If(local(I32, "x").eq(0), [Return((const(I32, 3),))]), Br("l")])],
        [Unreachable()],
        [Return((const(I32, 4),)), Return((const(I32, 5),))],
    ],
)
def test_functions_that_do_not_end_at_their_end(body: list[Stmt]) -> None:
    x: Value = local(I32, "x")
    Machine([Function("f", (x,), (I32,), body, export="f")])


def test_what_is_not_raw_is_named() -> None:
    value = make("load", I64, const(I64, 0))
    with pytest.raises(ValueError, match="load cannot stand"):
        Machine([Function("f", (), (), [Let(local(I64, "x"), value)])])


def test_a_call_of_nothing_is_named() -> None:
    value = make("call", I64, imm="nowhere")
    with pytest.raises(ValueError, match="nowhere"):
        Machine([Function("f", (), (), [Let(local(I64, "x"), value)])])
