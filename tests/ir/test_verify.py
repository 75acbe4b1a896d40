"""The verifier says what is wrong, and nothing about IR that is right."""

from __future__ import annotations

from random import Random

import pytest

from elfin import layout
from elfin.ir.parser import parse
from elfin.ir.stmt import Effect, Jump, Let, Put
from elfin.ir.types import I1, I8, I32, I64, TYPES, V128
from elfin.ir.value import Value, const, get, local, make
from elfin.ir.verify import verify, verify_instruction
from tests.ir.values import random_value, variable

RAX = get(I64, layout.RAX)
T0 = local(I64, "t0")


def test_good_ir_has_no_complaints() -> None:
    rng = Random(6)
    variables: list[Effect] = [
        Let(variable(t, n), get(t, layout.FLAG_C if t is I1 else layout.XMM))
        for t in TYPES.values()
        for n in range(3)
    ]
    for type_ in TYPES.values():
        for _ in range(100):
            value = random_value(rng, type_, 4)
            offset = layout.FLAG_Z if type_ is I1 else layout.XMM + 16
            assert verify([*variables, Put(offset, value)]) == []


BAD: list[tuple[str, list[Effect]]] = [
    ("add wants a a -> a", [Put(layout.RAX, make("add", I64, RAX, const(I32, 1)))]),
    ("add takes 2 arguments", [Put(layout.RAX, make("add", I64, RAX))]),
    ("zext from i64 to i32", [Put(layout.RAX, make("zext", I32, RAX))]),
    ("no op frobnicate", [Put(layout.RAX, make("frobnicate", I64, RAX))]),
    ("wants v128", [Put(layout.XMM, make("i8x16.add", V128, RAX, RAX))]),
    ("load outside a Let", [Put(layout.RAX, make("load", I64, RAX) + 1)]),
    ("%t0 is not defined here", [Put(layout.RAX, T0)]),
    ("%t0 is defined twice", [Let(T0, RAX), Let(T0, RAX)]),
    ("cannot hold", [Let(T0, const(I32, 0))]),
    ("i64 in the slot at 0xb0", [Put(layout.FLAG_C, RAX)]),
    ("i1 in the slot at 0x0", [Put(layout.RAX, const(I1, 0))]),
    ("no slot at", [Put(layout.STATE_SIZE, const(I8, 0))]),
    ("a target is i64", [Jump(const(I32, 0))]),
    ("after the end", [Jump(RAX), Put(layout.RAX, RAX)]),
]


@pytest.mark.parametrize(("text", "effects"), BAD, ids=[text for text, _ in BAD])
def test_bad_ir_is_named(text: str, effects: list[Effect]) -> None:
    assert any(text in complaint for complaint in verify(effects))


def test_an_instruction_reads_before_it_writes() -> None:
    good = parse("%t0 = rcx:i64\nrcx = rax:i64\nrax = %t0")
    assert verify_instruction(good) == []
    bad = parse("rcx = rax:i64\nrax = rcx:i32")
    assert verify(bad) == []
    assert len(verify_instruction(bad)) == 1


def test_values_are_shared() -> None:
    def build() -> Value:
        return (RAX + 1).eq(0).select(RAX, 7)

    assert build() is build()
