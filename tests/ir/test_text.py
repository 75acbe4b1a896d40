"""Printed IR reads back as the same IR."""

from __future__ import annotations

from random import Random

import pytest

from elfin import layout
from elfin.ir.names import slot_name, slot_offset
from elfin.ir.parser import parse, parse_value
from elfin.ir.printer import show, show_value
from elfin.ir.stmt import Block, Br, If, Loop, Return, Set, Switch
from elfin.ir.types import I1, I32, I64, TYPES
from elfin.ir.value import TRUE, get, local
from tests.ir.values import random_value

EVERY_EFFECT = """\
%t0 = load[update](add(rax:i64, 0x8:i64)):i32
%t1 = call[divide](%t0, xmm3:v128):i64
call[notify](cf:i1):i32
raise 13(0) if eq(%t0, 0x0:i32)
store(rdi:i64, %t0)
rax = zext(%t0):i64
rcx+1 = rbx+1:i8
zf = i8x16.all_true(xmm1:v128)
xmm2 = i8x16.shuffle[0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23](xmm1:v128, xmm2:v128)
state[0x10:i32] = 0x1:i16
state+0x2b0 = %t1
branch 0x401000:i64 if ltu(%t1, rsp:i64)
"""


def test_each_effect_reads_back() -> None:
    assert show(parse(EVERY_EFFECT)) == EVERY_EFFECT
    for ending in ("jump rax:i64\n", "leave 3\n"):
        assert show(parse(ending)) == ending


def test_random_values_read_back_as_the_same_object() -> None:
    rng = Random(5)
    for type_ in TYPES.values():
        for _ in range(200):
            value = random_value(rng, type_, 4)
            assert parse_value(show_value(value)) is value


def test_slot_names_name_one_slot() -> None:
    for offset in range(layout.TASK_SIZE):
        assert slot_offset(slot_name(offset)) == offset


@pytest.mark.parametrize(
    "text", ["rax = what(rbx:i64)", "nowhere = 0x1:i64", "jump", "rax = (", "rax 1"]
)
def test_a_line_that_is_not_ir_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="in '"):
        parse(text)


def test_structured_statements_print_indented() -> None:
    n = local(I64, "n")
    loop = Loop("again", [Set(n, n - 1), If(n.eq(0), [Br("out")], [Br("again")])])
    switch = Switch(get(I32, layout.RAX), [[Br("out")]], [Return((n,))])
    body = [
        Set(n, get(I64, layout.RCX)),
        Block("out", [loop, switch]),
        If(TRUE & get(I1, layout.FLAG_C), []),
    ]
    assert (
        show(body)
        == """\
%n = rcx:i64
block out:
  loop again:
    %n = sub(%n, 0x1:i64)
    if eq(%n, 0x0:i64):
      br out
    else:
      br again
  switch rax:i32:
  case 0:
    br out
  default:
    return %n
if and(0x1:i1, cf:i1):
"""
    )
