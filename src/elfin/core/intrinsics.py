"""The dialect's functions under the name of the folder that is written in it: `elfin.dialect`'s, the ops of
`elfin.dialect.lanes`, and the wide products of `core.arith`.
"""

from __future__ import annotations

from elfin.core.arith import mulhs64, mulhu64
from elfin.dialect import (
    REGISTRY,
    CoreFunction,
    bound,
    clz32,
    clz64,
    core_function,
    ctz32,
    ctz64,
    f32,
    f64,
    i32,
    i64,
    lanes,
    load_u8,
    load_u16,
    load_u32,
    load_u64,
    load_v128,
    memory_copy,
    memory_fill,
    popcnt32,
    popcnt64,
    rotl32,
    rotl64,
    rotr32,
    rotr64,
    store_u8,
    store_u16,
    store_u32,
    store_u64,
    store_v128,
    u32,
    u64,
    v128,
)
from elfin.dialect.lanes import LaneOp

__all__ = [
    "REGISTRY",
    "CoreFunction",
    "bound",
    "clz32",
    "clz64",
    "core_function",
    "ctz32",
    "ctz64",
    "f32",
    "f64",
    "i32",
    "i64",
    "load_u8",
    "load_u16",
    "load_u32",
    "load_u64",
    "load_v128",
    "memory_copy",
    "memory_fill",
    "mulhs64",
    "mulhu64",
    "popcnt32",
    "popcnt64",
    "rotl32",
    "rotl64",
    "rotr32",
    "rotr64",
    "store_u8",
    "store_u16",
    "store_u32",
    "store_u64",
    "store_v128",
    "u32",
    "u64",
    "v128",
]


def __getattr__(name: str) -> LaneOp:
    found: LaneOp = getattr(lanes, name)
    return found
