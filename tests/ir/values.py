"""Random IR values for tests: any op of the table over variables, slots and constants."""

from __future__ import annotations

from random import Random
from typing import Final

from elfin import layout
from elfin.ir.op_info import OpInfo
from elfin.ir.ops import OPS
from elfin.ir.signature import CONVERSIONS, split
from elfin.ir.types import I1, INTS, TYPES, Type
from elfin.ir.value import Value, const, get, local, make

LEAVES: Final = frozenset({"const", "local", "get"})
NOT_PURE: Final = frozenset({"load", "call", "raw_load", "get_at", *LEAVES})
# What may trap stands only behind a guard in real IR.
TRAPPING: Final = frozenset({"divu", "divs", "remu", "rems"})
PURE: Final = tuple(
    row for row in OPS.values() if row.name not in NOT_PURE | TRAPPING and not row.effect
)


def variable(type_: Type, number: int) -> Value:
    return local(type_, f"{type_.name}_{number}")


def leaf(rng: Random, type_: Type) -> Value:
    choice = rng.random()
    if choice < 0.4:
        return const(type_, rng.choice((0, 1, -1, 1 << type_.bits - 1, rng.getrandbits(128))))
    if choice < 0.6:
        offset = (
            layout.FLAG_C if type_ is I1 else rng.choice((layout.RAX, layout.RDI + 1, layout.XMM))
        )
        return get(type_, offset)
    return variable(type_, rng.randrange(3))


def random_value(rng: Random, type_: Type, depth: int) -> Value:
    """A pure value of the type."""
    rows = [row for row in PURE if _makes(row, type_)] if depth else []
    if not rows or rng.random() < 0.1:
        return leaf(rng, type_)
    row = rng.choice(rows)
    words, result = split(row.types)
    bound = {result: type_}
    if row.name in CONVERSIONS:
        source = rng.choice([t for t in TYPES.values() if CONVERSIONS[row.name](t, type_)])
        return make(row.name, type_, random_value(rng, source, depth - 1))
    arguments = []
    for word in words:
        wanted = TYPES.get(word) or bound.setdefault(word, rng.choice(list(INTS.values())[1:]))
        arguments.append(random_value(rng, wanted, depth - 1))
    return make(row.name, type_, *arguments, imm=_immediate(row, rng))


def _makes(row: OpInfo, type_: Type) -> bool:
    _, result = split(row.types)
    if row.name in CONVERSIONS:
        return any(CONVERSIONS[row.name](t, type_) for t in TYPES.values())
    return result in ("T", type_.name) or (result == "a" and type_.is_int)


def _immediate(row: OpInfo, rng: Random) -> int | tuple[int, ...] | None:
    if row.imm == "lane":
        return rng.randrange(16 // max(1, LANE_BYTES.get(row.name.split(".")[0], 1)))
    if row.imm == "lanes":
        return tuple(rng.randrange(32) for _ in range(16))
    return None


LANE_BYTES: Final = {"i8x16": 1, "i16x8": 2, "i32x4": 4, "i64x2": 8, "f32x4": 4, "f64x2": 8}
