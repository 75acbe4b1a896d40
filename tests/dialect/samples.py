"""Dialect functions of every kind, each called in CPython and in Wasm."""

from __future__ import annotations

from elfin.core.arith import mulhs64, mulhu64
from elfin.dialect import (
    clz32,
    clz64,
    core_function,
    ctz32,
    ctz64,
    f32,
    f64,
    i32,
    i64,
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
)
from elfin.dialect.lanes import (
    f64_floor,
    i8x16_add,
    i8x16_extract_lane_s,
    i8x16_extract_lane_u,
    i8x16_replace_lane,
    i8x16_shuffle,
    i32x4_extract_lane,
    i32x4_splat,
    i64x2_splat,
    v128_any_true,
)

SEED = 0x9E3779B97F4A7C15
SIZES = (1, 2, 4, 8)
TYPED = u64(7)


@core_function()
def widths(a: u64, b: u64) -> u64:
    low = u32(a)
    signed_low = i32(low)
    wide = u64(signed_low) ^ u64(low) << 1
    return wide + u64(i64(b) >> 3) + u64(a < b) + TYPED


@core_function()
def signs(a: i32, b: i64) -> i64:
    c = i64(a) - b
    if c < 0:
        c = -c
    return c + i64(u32(a)) + i64(~b)


@core_function()
def fibonacci(n: u32) -> u64:
    a, b = u64(0), u64(1)
    for _ in range(n & 127):
        a, b = b, a + b
    return a


@core_function()
def triangle(n: u32) -> u32:
    total = u32(0)
    for i in range(2, n & 63, 3):
        if u32(i) == 20:
            continue
        if total > 500:
            break
        for j in range(i):
            total += u32(j) & i
        total += i
    return total


@core_function()
def collatz(n: u64) -> u32:
    steps = u32(0)
    while n > 1 and steps < 200:
        if (n & 1) == 0:
            n >>= 1
        elif steps == 150:
            break
        else:
            n = n * 3 + 1
        steps += 1
    return steps


@core_function()
def endless(n: u32) -> u32:
    while True:
        if n > 1000:
            return n
        if (n & 7) == 3:
            n += 13
            continue
        n = n * 2 + 1


@core_function()
def lazy(a: u32, b: u32) -> u32:
    """Division by zero only where it is asked for."""
    if b != 0 and a // b > 2:
        return a % b
    if b == 0 or a // b == 0:
        return u32(77) if b == 0 else a // b
    return a + b


@core_function()
def choices(a: u64, b: u64) -> u64:
    big = a * 2 if a > b else b
    flag = a == b or not (a < b)
    other = (flag and (a & 1) != 0) or (b & 1) != 0
    return big + u64(flag) * 2 + u64(other) + (u64(1) if other else 5)


@core_function()
def counted(at: u32) -> u32:
    """A load, then a call that changes what was loaded: order counts."""
    return load_u32(at & 0xFFF) * 2 + bump(at) + load_u32(at & 0xFFF) * 3 + bump(at)


@core_function()
def bump(at: u32) -> u32:
    value = load_u32(at & 0xFFF) + 1
    store_u32(at & 0xFFF, value)
    return value


@core_function()
def lazy_calls(at: u32, n: u32) -> u32:
    if (n > 5 and bump(at) > 2) or bump(at) == 1:
        return bump(at) if n > 10 else n
    return load_u32(at & 0xFFF)


@core_function()
def copies(at: u32, n: u64) -> u64:
    base = at & 0xFF
    store_u64(base, n * SEED)
    store_u16(base + 8, u32(n))
    store_u8(base + 10, u32(n >> 7))
    memory_copy(base + 3, base, u32(9))
    memory_fill(base + 20, u32(n), u32(5))
    return load_u64(base + 3) ^ u64(load_u16(base + 19)) << 3 ^ u64(load_u8(base + 2))


@core_function()
def bits(a: u64, b: u64) -> u64:
    n = u32(b)
    x = clz64(a) + ctz64(b) * 3 + popcnt64(a ^ b)
    y = clz32(n) + ctz32(u32(a)) * 3 + popcnt32(n)
    z = rotl32(n, u32(a)) ^ rotr32(n, u32(a) >> 5)
    return x + u64(y) + u64(z) + rotl64(a, b) + rotr64(b, a)


@core_function()
def products(a: u64, b: u64) -> u64:
    return mulhu64(a, b) ^ mulhs64(a, b) << 1


@core_function()
def floats(a: u64, b: u64) -> u64:
    x = f64(i64(a)) / 3.0
    y = f64(u32(b)) - x * 1.5
    small = f32(x) + f32(i32(u32(b)))
    result = (-y).to_bits() + f64(small).to_bits() + u64(small.to_bits())
    if x < y or f64_floor(x) >= 1e18:
        result += 1
    return result


@core_function()
def patterns(a: u32) -> u32:
    return (f32.from_bits(a) * f32(0.5)).to_bits() if (a & 0x7F800000) != 0x7F800000 else a


@core_function()
def vectors(at: u32, a: u64, b: u64) -> u64:
    base = at & 0xFF0
    x = i64x2_splat(a)
    y = i8x16_add(load_v128(base), x)
    z = i8x16_shuffle(x, y, (0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31))
    z = i8x16_replace_lane(z ^ i32x4_splat(u32(b)), u32(b >> 9), 5)
    store_v128(base, ~z & y)
    lane = i32x4_extract_lane(z, 3) + i8x16_extract_lane_u(z, 1) + i8x16_extract_lane_s(z, 2)
    return u64(lane) + u64(v128_any_true(z))


@core_function()
def annotated(n: u32) -> u64:
    """A docstring, literals that adopt a declared class, a table of constants."""
    total: u64 = 5
    half: i32 = -3
    total += SIZES[2]
    if n < SIZES[1] + 10:
        pass
    else:
        total = total * u64(half)
    return total + (1 << 40)


@core_function()
def nothing(at: u32) -> None:
    if at > 100:
        return
    store_u8(at, u32(1))


@core_function()
def calls_nothing(at: u32, twice: bool) -> bool:
    nothing(at)
    if twice:
        nothing(at + 1)
    return not twice


@core_function()
def first_bit(a: u64, most: u32) -> u32:
    """Changes its parameter, and ends anywhere."""
    if a == 0:
        return most
    n = u32(0)
    while (a & 1) == 0:
        a >>= 1
        n += 1
        if n == most:
            return n + 100
    return n


@core_function()
def calls_first_bit(a: u64, b: u64) -> u64:
    """Calls in loops and in one another's arguments; a variable that has the callee's name."""
    n = u64(1)
    for i in range(4):
        n = n * 31 + u64(first_bit(a << u64(i), first_bit(b, u32(9))))
        if first_bit(b + u64(i), u32(6)) > 4:
            continue
        if first_bit(a ^ b, u32(60)) == 3:
            break
    return n ^ a
