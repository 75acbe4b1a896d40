"""A bound of a value holds for whatever registers hold: random chains of instructions on one register, evaluated."""

from __future__ import annotations

from random import Random

import pytest

from elfin import layout
from elfin.bits import M64
from elfin.ir.evaluate import fold
from elfin.ir.types import I8, I16, I32, I64, Type
from elfin.ir.value import Value, const, make
from elfin.tiers.jit.limits import Limits

RAX = layout.GPR
STEPS = 40


def value_of(value: Value, rax: int) -> int:
    if value.op == "const":
        return int(value.imm) & ((1 << value.type.bits) - 1)
    if value.op == "get":
        return (rax >> 8 * (value.imm - RAX)) & ((1 << value.type.bits) - 1)
    args = [value_of(a, rax) for a in value.args]
    if value.op in ("zext", "trunc"):
        return args[0] & ((1 << value.type.bits) - 1)
    if value.op == "select":
        return args[1] if args[0] else args[2]
    return fold(value.op, value.type.bits, *args)


def some(rng: Random, type_: Type, depth: int) -> Value:
    """A value over RAX."""
    kind = rng.randrange(8) if depth else rng.randrange(2)
    if kind == 0:
        return const(type_, rng.choice((1, 3, 0xFF, 0xFFFF, rng.getrandbits(type_.bits))))
    if kind == 1:
        at = 1 if type_ is I8 and rng.random() < 0.3 else 0
        return make("get", type_, imm=RAX + at)
    if kind == 2 and type_ is not I8:
        return some(
            rng, rng.choice([t for t in (I8, I16, I32) if t.bits < type_.bits]), depth - 1
        ).zext(type_)
    if kind == 3 and type_ is not I64:
        return some(rng, I64, depth - 1).trunc(type_)
    if kind == 4:
        by = const(type_, rng.randrange(type_.bits))
        return make(rng.choice(("shl", "lshr")), type_, some(rng, type_, depth - 1), by)
    a, b = some(rng, type_, depth - 1), some(rng, type_, depth - 1)
    if kind == 5:
        return a.ltu(b).select(a, b)
    return make(rng.choice(("add", "sub", "and", "or", "xor", "mul")), type_, a, b)


@pytest.mark.parametrize("seed", range(40))
def test_bounds_hold(seed: int) -> None:
    rng = Random(seed)
    limits, rax = Limits(), rng.getrandbits(64)
    for _ in range(STEPS):
        type_ = rng.choice((I8, I16, I32, I64, I64))
        value = some(rng, type_, 3)
        result = value_of(value, rax)
        assert result <= limits.of(value), value
        at = RAX
        if type_ is I32:
            value, type_ = value.zext(I64), I64
        elif type_ is I8 and rng.random() < 0.3:
            at += 1
        limits.written(at, value)
        shift, mask = 8 * (at - RAX), (1 << type_.bits) - 1
        rax = (rax & ~(mask << shift) | result << shift) & M64
        assert rax <= limits.slots.get(RAX, M64)


def test_a_byte_times_eight_is_near() -> None:
    limits = Limits()
    byte = make("get", I8, imm=RAX).zext(I64)
    assert limits.of(byte << 3) == 255 * 8
    limits.written(RAX, byte)
    assert limits.of(make("get", I64, imm=RAX) + 1) == 256
