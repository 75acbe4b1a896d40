"""RCPSS, RCPPS, RSQRTSS, RSQRTPS on bit patterns: approximations within 1.5 * 2**-12.

The manuals leave the result open within that bound; here it is that of AMD's processors, bit for bit.
MXCSR is neither asked nor changed; denormals are zeros, as operand and as result.
SDM vol. 2B RCPPS, RSQRTPS.
"""

from __future__ import annotations

from elfin.core.reciprocal_table import TABLE_SIZE
from elfin.dialect import core_function, load_u8, load_u16, u32, v128
from elfin.dialect.lanes import i32x4_extract_lane, i32x4_replace_lane, i32x4_splat
from elfin.layout import RECIPROCALS

SIGN = 0x8000_0000
INFINITY = 0x7F80_0000
QUIET = 0x0040_0000


@core_function()
def looked_up(table: u32, x: u32) -> u32:
    """The fraction bits of the result for those of x, from the table at this address."""
    index = (x >> 11) & 0xFFF
    at = load_u16(table + ((index >> 4) << 1))
    less = load_u8(table + 512 + ((index >> 8) << 4) + (index & 15))
    return (at - less) << 11


@core_function()
def reciprocal(x: u32) -> u32:
    sign = x & SIGN
    exponent = (x >> 23) & 0xFF
    if exponent == 0xFF:
        return sign if (x & 0x7F_FFFF) == 0 else x | QUIET
    if exponent == 0:
        return sign | INFINITY
    if exponent >= 253:
        return sign
    return sign | (((253 - exponent) << 23) + looked_up(u32(RECIPROCALS), x))


@core_function()
def reciprocal_root(x: u32) -> u32:
    exponent = (x >> 23) & 0xFF
    if exponent == 0xFF and (x & 0x7F_FFFF) != 0:
        return x | QUIET
    if exponent == 0:
        return (x & SIGN) | INFINITY
    if x >= SIGN:
        return u32(0xFFC0_0000)
    if exponent == 0xFF:
        return u32(0)
    table = u32(RECIPROCALS + TABLE_SIZE)
    if (exponent & 1) == 0:
        table += TABLE_SIZE
    return ((190 - ((exponent + 1) >> 1)) << 23) + looked_up(table, x)


@core_function()
def rcpps(x: v128) -> v128:
    result = i32x4_splat(reciprocal(i32x4_extract_lane(x, 0)))
    result = i32x4_replace_lane(result, reciprocal(i32x4_extract_lane(x, 1)), 1)
    result = i32x4_replace_lane(result, reciprocal(i32x4_extract_lane(x, 2)), 2)
    return i32x4_replace_lane(result, reciprocal(i32x4_extract_lane(x, 3)), 3)


@core_function()
def rsqrtps(x: v128) -> v128:
    result = i32x4_splat(reciprocal_root(i32x4_extract_lane(x, 0)))
    result = i32x4_replace_lane(result, reciprocal_root(i32x4_extract_lane(x, 1)), 1)
    result = i32x4_replace_lane(result, reciprocal_root(i32x4_extract_lane(x, 2)), 2)
    return i32x4_replace_lane(result, reciprocal_root(i32x4_extract_lane(x, 3)), 3)
