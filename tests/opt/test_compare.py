"""Condition codes over the flags of SUB, ADD, AND, TEST and DEC: a fused condition holds exactly when
the flags say so, and after SUB it is one comparison."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import cast

import pytest

from elfin import layout
from elfin.ir.evaluate import evaluate
from elfin.ir.stmt import Put
from elfin.ir.types import I8, I16, I32, I64, Type
from elfin.ir.value import Value, const, make
from elfin.isa.condition import NAMES, condition
from elfin.isa.flags import add_flags, logic_flags, sub_flags
from elfin.isa.sem import Sem
from elfin.opt.compare import NEGATED, carry, compare
from tests.ir.test_evaluate import Flat
from tests.law.test_rules import edges

TYPES = (I8, I16, I32, I64)
ONE_COMPARISON = frozenset({"b", "ae", "e", "ne", "be", "a", "l", "ge", "le", "g"})
STATES = 60


class Flags:
    """As much of `Sem` as flags and conditions ask for."""

    def __init__(self) -> None:
        self.known: dict[str, Value] = {}

    def flags(self, **values: Value) -> None:
        self.known.update(values)

    def flag(self, name: str) -> Value:
        return self.known[name]


# fmt: off
SETTERS: dict[str, Callable[[Sem, Value, Value], None]] = {
    "sub":  lambda m, a, b: sub_flags(m, a, b, a - b),
    "dec":  lambda m, a, b: sub_flags(m, a, const(a.type, 1), a - 1),
    "add":  lambda m, a, b: add_flags(m, a, b, a + b),
    "and":  lambda m, a, b: logic_flags(m, a & b),
    "test": lambda m, a, b: logic_flags(m, a),
}
# fmt: on


def holds(value: Value, a: int, b: int) -> int:
    """The condition on these operands."""
    state = bytearray(layout.STATE_SIZE)
    state[layout.RAX : layout.RAX + 8] = a.to_bytes(8, "little")
    state[layout.RBX : layout.RBX + 8] = b.to_bytes(8, "little")
    evaluate([Put(layout.RCX, value.zext(I64))], state, Flat())
    return state[layout.RCX]


@pytest.mark.parametrize("type_", TYPES, ids=str)
@pytest.mark.parametrize("setter", SETTERS)
@pytest.mark.parametrize("code", range(16), ids=NAMES)
def test_condition(code: int, setter: str, type_: Type) -> None:
    a, b = make("get", type_, imm=layout.RAX), make("get", type_, imm=layout.RBX)
    m = cast(Sem, Flags())
    SETTERS[setter](m, a, b)
    plain = condition(m, code)
    fused = compare(plain)
    if setter == "sub" and NAMES[code] in ONE_COMPARISON:
        assert fused.op in NEGATED
        assert {*fused.args} == {a, b}
    rng = Random(f"{code} {setter} {type_}")
    seen = set()
    for _ in range(STATES):
        x = edges(rng, type_)
        y = x if rng.random() < 0.2 else edges(rng, type_)
        seen.add(holds(plain, x, y))
        assert holds(fused, x, y) == holds(plain, x, y), (x, y)
    if setter == "sub":
        assert seen == {0, 1}


@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_the_carry_of_a_sum_with_a_constant_needs_no_sum(type_: Type) -> None:
    rng = Random(f"carry {type_}")
    a = make("get", type_, imm=layout.RAX)
    for c in (0, 1, -1, edges(rng, type_), edges(rng, type_)):
        plain = (a + const(type_, c)).ltu(a)
        fused = carry(plain)
        assert "add" not in (x.op for x in fused.args) or c == 0
        for _ in range(STATES):
            x = edges(rng, type_)
            assert holds(fused, x, 0) == holds(plain, x, 0), (x, c)
