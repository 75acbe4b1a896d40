"""`opt.spread`: names go where that changes nothing."""

from __future__ import annotations

from elfin import layout
from elfin.ir.stmt import Effect, Let, Put, Store
from elfin.ir.types import I1, I64
from elfin.ir.value import Value, get, local, make
from elfin.opt.spread import spread

RAX, RBX = get(I64, layout.RAX), get(I64, layout.RBX)
T = [local(I64, f"t{n}") for n in range(4)]


def load(address: Value) -> Value:
    return make("load", I64, address)


def test_addresses_stand_where_they_are_used() -> None:
    near: list[Effect] = [Let(T[0], RAX), Let(T[1], T[0] + 8)]
    body = [*near, Let(T[2], load(T[1])), Put(layout.RAX, T[2])]
    assert spread(body) == [Let(T[2], load(RAX + 8)), Put(layout.RAX, T[2])]


def test_exchange_keeps_what_is_written_before_its_use() -> None:
    body: list[Effect] = [Let(T[0], RAX), Let(T[1], RBX), Put(layout.RAX, T[1]), Put(layout.RBX, T[0])]  # fmt: skip
    assert spread(body) == [Let(T[0], RAX), Put(layout.RAX, RBX), Put(layout.RBX, T[0])]


def test_a_part_of_a_register_is_written_with_it() -> None:
    body: list[Effect] = [Let(T[0], RAX), Put(layout.RAX + 1, T[0].trunc(I1)), Store(RBX, T[0])]
    assert spread(body) == body


def test_what_a_flag_was_made_of_stays() -> None:
    body: list[Effect] = [Let(T[0], RAX), Let(T[1], RBX), Put(layout.FLAG_C, T[0].ltu(T[1]))]
    assert spread(body) == body


def test_flags_stay() -> None:
    flag = local(I1, "t0")
    body: list[Effect] = [Let(flag, get(I1, layout.FLAG_C)), Put(layout.RAX, flag.zext(I64))]
    assert spread(body) == body


def test_around_a_core_function_all_stays() -> None:
    call = make("call", I64, T[0], imm="cpuid")
    body: list[Effect] = [Let(T[0], RAX), Let(T[1], call), Put(layout.RAX, T[1])]
    assert spread(body) == body
