"""The typed-Python dialect as CPython sees it: integer and float classes, intrinsics, `core_function`.

Functions in it run inside Wasm at full speed (`core.compiler` compiles them) and are called as they are
from unit tests and tools.  Float and SIMD instructions are in `elfin.dialect.lanes`.
"""

from elfin.dialect.floats import f32, f64
from elfin.dialect.integers import i32, i64, u32, u64, v128
from elfin.dialect.intrinsics import (
    bound,
    clz32,
    clz64,
    ctz32,
    ctz64,
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
)
from elfin.dialect.registry import REGISTRY, CoreFunction, core_function

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
