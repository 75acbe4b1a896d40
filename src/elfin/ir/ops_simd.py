"""SIMD ops on v128: Wasm's own instructions under Wasm's own names (loads and stores excepted).

A v128 is a 128-bit integer, lane 0 in the lowest bits.  Most rows act lane by lane, so they are made
from a table of lane functions for the shapes that Wasm has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from elfin.bits import M128, mask, signed
from elfin.ir import ops_float as real
from elfin.ir.op_info import OpInfo

Lanes = list[int]
BITS: Final = {"i8x16": 8, "i16x8": 16, "i32x4": 32, "i64x2": 64}
FLOAT_BITS: Final = {"f32x4": 32, "f64x2": 64}
SCALAR: Final = {
    "i8x16": "i8",
    "i16x8": "i16",
    "i32x4": "i32",
    "i64x2": "i64",
    "f32x4": "f32",
    "f64x2": "f64",
}
_NARROW: Final = {16: "i8x16", 32: "i16x8", 64: "i32x4"}  # the shape with lanes half as wide


def split(bits: int, a: int) -> Lanes:
    """The lanes of a vector, lowest first."""
    return [a >> at & mask(bits) for at in range(0, 128, bits)]


def join(bits: int, lanes: Iterable[int]) -> int:
    """A vector of these lanes, each cut to its width."""
    result = 0
    for index, lane in enumerate(lanes):
        result |= (lane & mask(bits)) << index * bits
    return result


def _each(bits: int, f: Callable[..., int]) -> Callable[..., int]:
    def meaning(_: int, *vectors: int) -> int:
        return join(bits, map(f, *(split(bits, v) for v in vectors)))

    return meaning


def _signed_each(bits: int, f: Callable[..., int]) -> Callable[..., int]:
    return _each(bits, lambda *lanes: f(*(signed(x, bits) for x in lanes)))


def _clamp(x: int, low: int, high: int) -> int:
    return max(low, min(high, x))


def _clamp_signed(bits: int, x: int) -> int:
    return _clamp(x, -(1 << (bits - 1)), mask(bits - 1))


def _clamp_unsigned(bits: int, x: int) -> int:
    return _clamp(x, 0, mask(bits))


def _row(name: str, types: str, meaning: Callable[..., Any], **more: Any) -> OpInfo:
    return OpInfo(name, types, meaning, name, **more)


def _two(shape: str, op: str, meaning: Callable[..., int], commutes: bool = False) -> OpInfo:
    return _row(f"{shape}.{op}", "v128 v128 -> v128", meaning, commutes=commutes)


def _one(shape: str, op: str, meaning: Callable[..., int]) -> OpInfo:
    return _row(f"{shape}.{op}", "v128 -> v128", meaning)


def _whole() -> list[OpInfo]:
    return [
        _one("v128", "not", lambda _, a: a ^ M128),
        _two("v128", "and", lambda _, a, b: a & b, True),
        _two("v128", "andnot", lambda _, a, b: a & ~b),
        _two("v128", "or", lambda _, a, b: a | b, True),
        _two("v128", "xor", lambda _, a, b: a ^ b, True),
        _row("v128.bitselect", "v128 v128 v128 -> v128", lambda _, a, b, m: a & m | b & ~m),
        _row("v128.any_true", "v128 -> i1", lambda _, a: int(a != 0)),
    ]


def _shuffle(_: int, a: int, b: int, lanes: tuple[int, ...]) -> int:
    source = split(8, a) + split(8, b)
    return join(8, (source[i] for i in lanes))


def _swizzle(_: int, a: int, indices: int) -> int:
    source = split(8, a)
    return join(8, (source[i] if i < 16 else 0 for i in split(8, indices)))


def _lane_access(shape: str, bits: int) -> list[OpInfo]:
    t = SCALAR[shape]

    def splat(_: int, x: int) -> int:
        return join(bits, [x] * (128 // bits))

    def extract(_: int, a: int, lane: int) -> int:
        return a >> lane * bits & mask(bits)

    def extract_signed(_: int, a: int, lane: int) -> int:
        return signed(extract(_, a, lane), bits) & mask(32)

    def replace(_: int, a: int, x: int, lane: int) -> int:
        at = lane * bits
        return a & ~(mask(bits) << at) | (x & mask(bits)) << at

    rows = [
        _row(f"{shape}.splat", f"{t} -> v128", splat, dirty="in"),
        _row(f"{shape}.replace_lane", f"v128 {t} -> v128", replace, dirty="in", imm="lane"),
    ]
    if bits < 32:
        rows.append(_row(f"{shape}.extract_lane_u", f"v128 -> {t}", extract, imm="lane"))
        rows.append(_row(f"{shape}.extract_lane_s", "v128 -> i32", extract_signed, imm="lane"))
    else:
        rows.append(_row(f"{shape}.extract_lane", f"v128 -> {t}", extract, imm="lane"))
    return rows


def _integer(shape: str, bits: int) -> list[OpInfo]:
    """What every integer shape has."""
    ones = mask(bits)

    def by_count(f: Callable[[int, int], int]) -> Callable[..., int]:
        return lambda _, a, count: join(bits, (f(x, count % bits) for x in split(bits, a)))

    def bitmask(_: int, a: int) -> int:
        return sum(x >> (bits - 1) << i for i, x in enumerate(split(bits, a)))

    shift = "v128 i32 -> v128"
    rows = [
        _two(shape, "add", _each(bits, lambda a, b: a + b), True),
        _two(shape, "sub", _each(bits, lambda a, b: a - b)),
        _one(shape, "neg", _each(bits, lambda a: -a)),
        _one(shape, "abs", _signed_each(bits, abs)),
        _row(f"{shape}.shl", shift, by_count(lambda x, n: x << n)),
        _row(f"{shape}.shr_u", shift, by_count(lambda x, n: x >> n)),
        _row(f"{shape}.shr_s", shift, by_count(lambda x, n: signed(x, bits) >> n)),
        _row(f"{shape}.all_true", "v128 -> i1", lambda _, a: int(all(split(bits, a)))),
        _row(f"{shape}.bitmask", "v128 -> i32", bitmask),
        _two(shape, "eq", _each(bits, lambda a, b: ones * (a == b)), True),
        _two(shape, "ne", _each(bits, lambda a, b: ones * (a != b)), True),
    ]
    for op, f in _ORDER.items():
        compare = _ordered(f, ones)
        rows.append(_two(shape, f"{op}_s", _signed_each(bits, compare)))
        if bits < 64:
            rows.append(_two(shape, f"{op}_u", _each(bits, compare)))
    return rows


_ORDER: Final[dict[str, Callable[[int, int], bool]]] = {
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "ge": lambda a, b: a >= b,
}


def _ordered(f: Callable[[int, int], bool], ones: int) -> Callable[[int, int], int]:
    return lambda a, b: ones * f(a, b)


def _saturating(shape: str, bits: int) -> list[OpInfo]:
    """i8x16 and i16x8."""
    return [
        _two(shape, "add_sat_s", _signed_each(bits, lambda a, b: _clamp_signed(bits, a + b)), True),
        _two(shape, "add_sat_u", _each(bits, lambda a, b: _clamp_unsigned(bits, a + b)), True),
        _two(shape, "sub_sat_s", _signed_each(bits, lambda a, b: _clamp_signed(bits, a - b))),
        _two(shape, "sub_sat_u", _each(bits, lambda a, b: _clamp_unsigned(bits, a - b))),
        _two(shape, "avgr_u", _each(bits, lambda a, b: (a + b + 1) >> 1), True),
    ]


def _extremes(shape: str, bits: int) -> list[OpInfo]:
    """All but i64x2."""
    return [
        _two(shape, "min_s", _signed_each(bits, min), True),
        _two(shape, "min_u", _each(bits, min), True),
        _two(shape, "max_s", _signed_each(bits, max), True),
        _two(shape, "max_u", _each(bits, max), True),
    ]


def _multiply(shape: str, bits: int) -> OpInfo:
    """All but i8x16."""
    return _two(shape, "mul", _each(bits, lambda a, b: a * b), True)


def _halves(part: str, lanes: Lanes) -> Lanes:
    half = len(lanes) // 2
    return lanes[:half] if part == "low" else lanes[half:]


def _widening(shape: str, bits: int) -> list[OpInfo]:
    """From lanes half as wide: extend and extmul."""
    of = _NARROW[bits]
    narrow = bits // 2

    def numbers(v: int, part: str, sign: str) -> Lanes:
        lanes = _halves(part, split(narrow, v))
        return [signed(x, narrow) for x in lanes] if sign == "s" else lanes

    def extend(part: str, sign: str) -> OpInfo:
        return _one(
            shape, f"extend_{part}_{of}_{sign}", lambda _, a: join(bits, numbers(a, part, sign))
        )

    def extmul(part: str, sign: str) -> OpInfo:
        def meaning(_: int, a: int, b: int) -> int:
            pairs = zip(numbers(a, part, sign), numbers(b, part, sign), strict=True)
            return join(bits, (x * y for x, y in pairs))

        return _two(shape, f"extmul_{part}_{of}_{sign}", meaning, True)

    ways = [(part, sign) for part in ("low", "high") for sign in ("s", "u")]
    return [*(extend(*way) for way in ways), *(extmul(*way) for way in ways)]


def _pairwise(shape: str, bits: int, sign: str) -> OpInfo:
    narrow = bits // 2

    def meaning(_: int, a: int) -> int:
        lanes = [signed(x, narrow) if sign == "s" else x for x in split(narrow, a)]
        return join(bits, (x + y for x, y in zip(lanes[::2], lanes[1::2], strict=True)))

    return _one(shape, f"extadd_pairwise_{_NARROW[bits]}_{sign}", meaning)


def _narrow(to: str, of: str, sign: str) -> OpInfo:
    bits, wide = BITS[to], BITS[of]
    clamp = _clamp_signed if sign == "s" else _clamp_unsigned

    def meaning(_: int, a: int, b: int) -> int:
        lanes = split(wide, a) + split(wide, b)
        return join(bits, (clamp(bits, signed(x, wide)) for x in lanes))

    return _two(to, f"narrow_{of}_{sign}", meaning)


def _dot(_: int, a: int, b: int) -> int:
    products = [
        signed(x, 16) * signed(y, 16) for x, y in zip(split(16, a), split(16, b), strict=True)
    ]
    return join(32, (x + y for x, y in zip(products[::2], products[1::2], strict=True)))


def _float(shape: str, bits: int) -> list[OpInfo]:
    ones = mask(bits)

    def compare(op: str) -> Callable[..., int]:
        f = real.compare(bits, op)
        return _each(bits, lambda a, b: ones * f(a, b))

    less = real.compare(bits, "lt")
    commuting = ("add", "mul", "min", "max")
    return [
        *(
            _one(shape, op, _each(bits, real.unary(bits, op)))
            for op in (*real.BITS_UNARY, *real.UNARY)
        ),
        *(
            _two(shape, op, _each(bits, real.binary(bits, op)), op in commuting)
            for op in real.BINARY
        ),
        *(_two(shape, op, compare(op), op in ("eq", "ne")) for op in real.COMPARE),
        _two(shape, "pmin", _each(bits, lambda a, b: b if less(b, a) else a)),
        _two(shape, "pmax", _each(bits, lambda a, b: b if less(a, b) else a)),
    ]


def _conversions(sign: str) -> list[OpInfo]:
    is_signed = sign == "s"

    def truncate(bits: int) -> Callable[[int], int]:
        return lambda x: real.truncate(real.to_float(bits, x), 32, is_signed)

    def convert(bits: int) -> Callable[[int], int]:
        return lambda x: real.from_integer(bits, signed(x, 32) if is_signed else x)

    return [
        _one("i32x4", f"trunc_sat_f32x4_{sign}", _each(32, truncate(32))),
        _one("i32x4", f"trunc_sat_f64x2_{sign}_zero", _resize(64, 32, truncate(64))),
        _one("f32x4", f"convert_i32x4_{sign}", _each(32, convert(32))),
        _one("f64x2", f"convert_low_i32x4_{sign}", _resize(32, 64, convert(64))),
    ]


def _resize(of: int, to: int, f: Callable[[int], int]) -> Callable[..., int]:
    """Lane by lane into lanes of another width: the lowest are kept, or zeros fill up."""
    return lambda _, a: join(to, map(f, split(of, a)[: 128 // to]))


def _round_q15(a: int, b: int) -> int:
    return _clamp_signed(16, (a * b + 0x4000) >> 15)


def _tables() -> Iterable[OpInfo]:
    yield from _whole()
    yield _row("i8x16.shuffle", "v128 v128 -> v128", _shuffle, imm="lanes")
    yield _two("i8x16", "swizzle", _swizzle)
    yield _one("i8x16", "popcnt", _each(8, int.bit_count))
    for shape, bits in BITS.items():
        yield from _lane_access(shape, bits)
        yield from _integer(shape, bits)
        if bits <= 16:
            yield from _saturating(shape, bits)
        if bits <= 32:
            yield from _extremes(shape, bits)
        if bits >= 16:
            yield _multiply(shape, bits)
            yield from _widening(shape, bits)
    for sign in ("s", "u"):
        yield _narrow("i8x16", "i16x8", sign)
        yield _narrow("i16x8", "i32x4", sign)
        yield _pairwise("i16x8", 16, sign)
        yield _pairwise("i32x4", 32, sign)
    yield _two("i16x8", "q15mulr_sat_s", _signed_each(16, _round_q15), True)
    yield _two("i32x4", "dot_i16x8_s", _dot, True)
    for shape, bits in FLOAT_BITS.items():
        yield from _lane_access(shape, bits)
        yield from _float(shape, bits)
    for sign in ("s", "u"):
        yield from _conversions(sign)
    yield _one("f32x4", "demote_f64x2_zero", _resize(64, 32, real.demote))
    yield _one("f64x2", "promote_low_f32x4", _resize(32, 64, real.promote))


SIMD: Final[tuple[OpInfo, ...]] = tuple(_tables())
