"""The Python meaning of each SIMD and float op row equals what wasmtime computes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import wasmtime

from elfin.ir.op_info import OpInfo
from elfin.ir.ops_float import CANONICAL_NAN, FLOAT, is_nan
from elfin.ir.ops_simd import SIMD, join, split
from elfin.ir.types import TYPES, Type

ROWS = (*FLOAT, *SIMD)
ROUNDS = 40
EDGES = {
    8: [0, 1, 0x7F, 0x80, 0xFF],
    16: [0, 1, 0x7FFF, 0x8000, 0xFFFF],
    32: [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001,
         0x3F80_0000, 0xBF00_0000, 0x4F00_0000, 0x0080_0000, 0x007F_FFFF, 0x3FC0_0000],
    64: [0, 1, 1 << 63, (1 << 63) - 1, 0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48, 0x7FF0_0000_0000_0001,
         0x3FF0 << 48, 0xBFE0 << 48, 0x41E0 << 48, 0x43E0 << 48, 0x0010 << 48, 0x3FF8 << 48],
}  # fmt: skip


def signature(row: OpInfo) -> tuple[list[Type], Type]:
    left, right = row.types.split("->")
    return [TYPES[t] for t in left.split()], TYPES[right.strip()]


def immediate(row: OpInfo, rng: random.Random) -> object:
    if row.imm == "lanes":
        return tuple(rng.randrange(32) for _ in range(16))
    if row.imm == "lane":
        return rng.randrange(int(row.name.split(".")[0].split("x")[1]))
    return None


def module(row: OpInfo, imm: object) -> str:
    """A module with one function that takes its arguments from memory and leaves the result at 0."""
    args, result = signature(row)
    loads = "".join(
        f" (i32.const {16 + 16 * i}) {t.wasm}.load{suffix(t)}" for i, t in enumerate(args)
    )
    text = (
        ""
        if imm is None
        else " " + (" ".join(map(str, imm)) if isinstance(imm, tuple) else str(imm))
    )
    body = f"(i32.const 0){loads} {row.wasm}{text} {result.wasm}.store"
    return f'(module (memory (export "m") 1) (func (export "f") {body}))'


def suffix(t: Type) -> str:
    return f"{t.bits}_u" if t.bits < 32 else ""


def pattern(t: Type, rng: random.Random) -> int:
    if t.bits < 128:
        return lane(t.bits, rng)
    bits = rng.choice((8, 16, 32, 64))
    return join(bits, (lane(bits, rng) for _ in range(128 // bits)))


def lane(bits: int, rng: random.Random) -> int:
    return rng.choice(EDGES[bits]) if rng.random() < 0.4 else rng.getrandbits(bits)


def equal(row: OpInfo, t: Type, mine: int, theirs: int) -> bool:
    """Equal but for which NaN arithmetic gives, which Wasm leaves open."""
    shape = row.name.split(".")[0]
    bits = {"f32": 32, "f64": 64, "f32x4": 32, "f64x2": 64}.get(shape)
    if bits is None or mine == theirs:
        return mine == theirs
    pairs = zip(split(bits, mine), split(bits, theirs), strict=True)
    return all(a == b or (a == CANONICAL_NAN[bits] and is_nan(bits, b)) for a, b in pairs)


def cases(row: OpInfo, rng: random.Random) -> Iterator[list[int]]:
    args, _ = signature(row)
    for _ in range(ROUNDS):
        yield [pattern(t, rng) for t in args]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_meaning_equals_wasm(row: OpInfo) -> None:
    rng = random.Random(row.name)
    engine = wasmtime.Engine()
    args, result = signature(row)
    for _ in range(4 if row.imm else 1):
        imm = immediate(row, rng)
        store = wasmtime.Store(engine)
        code = wasmtime.Module(engine, wasmtime.wat2wasm(module(row, imm)))
        exports = wasmtime.Instance(store, code, []).exports(store)
        memory, run = exports["m"], exports["f"]
        assert isinstance(memory, wasmtime.Memory) and isinstance(run, wasmtime.Func)
        for values in cases(row, rng):
            for i, value in enumerate(values):
                memory.write(store, value.to_bytes(16, "little"), 16 + 16 * i)
            run(store)
            theirs = int.from_bytes(memory.read(store, 0, max(4, result.bytes)), "little")
            assert row.meaning is not None
            mine = row.meaning(args[0].bits, *values, *([] if imm is None else [imm]))
            assert equal(row, result, mine, theirs), (
                imm,
                [*map(hex, values)],
                hex(mine),
                hex(theirs),
            )
