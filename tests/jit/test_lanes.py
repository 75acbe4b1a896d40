"""Infinities and NaNs in lanes are found by a mask just as by any bit, whichever engines like better."""

from __future__ import annotations

import struct
from itertools import product

import pytest

from elfin.ir.evaluate import fold
from elfin.ir.types import V128
from elfin.ir.value import Value, const
from elfin.tiers.jit.quick import is_nan, is_odd

INF, NAN = float("inf"), float("nan")
LANES = (0.0, -0.0, 1.5, -3e38, 5e-45, INF, -INF, NAN)


@pytest.mark.parametrize(("kind", "letter", "lanes"), [("f64x2", "d", 2), ("f32x4", "f", 4)])
def test_masks_say_the_same(kind: str, letter: str, lanes: int) -> None:
    for numbers in product(LANES, repeat=2):
        lane = struct.pack(f"<{lanes}{letter}", *(numbers * 2)[:lanes])
        x = const(V128, int.from_bytes(lane, "little"))
        nan = any(n != n for n in numbers)
        assert [told(is_nan(kind, x, masks=masks)) for masks in (False, True)] == [nan, nan]
        odd = nan or any(abs(n) == INF for n in numbers)
        assert [told(is_odd(kind, x, masks=masks)) for masks in (False, True)] == [odd, odd]


def told(value: Value) -> bool:
    return bool(pattern(value))


def pattern(value: Value) -> int:
    if value.op == "const":
        return int(value.imm)
    bits = next((a.type.bits for a in value.args if a.type.is_int), value.type.bits)
    return fold(value.op, bits, *map(pattern, value.args), imm=value.imm)
