"""Arithmetic wider than Wasm's (Knuth, The Art of Computer Programming, vol. 2, 4.3.1).

`mulhu64` and `mulhs64` are what the ops `mulhu` and `mulhs` call.
"""

from __future__ import annotations

from elfin.dialect import core_function, i64, u64

LOW = 0xFFFFFFFF


@core_function()
def mulhu64(a: u64, b: u64) -> u64:
    """The upper half of the product of unsigned numbers."""
    a0 = a & LOW
    a1 = a >> 32
    b0 = b & LOW
    b1 = b >> 32
    middle = a1 * b0 + (a0 * b0 >> 32)
    other = a0 * b1 + (middle & LOW)
    return a1 * b1 + (middle >> 32) + (other >> 32)


@core_function()
def mulhs64(a: u64, b: u64) -> u64:
    """The upper half of the product of signed numbers, given and returned as patterns."""
    a_sign = u64(i64(a) >> 63)
    b_sign = u64(i64(b) >> 63)
    return mulhu64(a, b) - (a_sign & b) - (b_sign & a)
