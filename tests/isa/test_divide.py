"""128-bit division against Python's integers, edges included."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from elfin.bits import M64, signed
from elfin.core.divide import divide_overflows, divide_signed, divide_unsigned
from elfin.dialect import u64

EDGES = (0, 1, 2, 3, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, M64 - 1, M64)
words = st.integers(0, M64) | st.sampled_from(EDGES) | st.integers(0, 63).map(lambda n: 1 << n)


@given(words, words, words)
@example(0x7FFF_FFFF_FFFF_FFFF, M64, 0x8000_0000_0000_0000)
def test_unsigned(high: int, low: int, divisor: int) -> None:
    assume(divisor)
    high %= divisor
    assert divide_unsigned(u64(high), u64(low), u64(divisor)) == (high << 64 | low) // divisor


def check_signed(high: int, low: int, divisor: int) -> None:
    dividend, by = signed(high << 64 | low, 128), signed(divisor, 64)
    args = u64(high), u64(low), u64(divisor)
    if by == 0:
        assert divide_overflows(*args) == 1
        return
    quotient = abs(dividend) // abs(by) * (1 if (dividend < 0) == (by < 0) else -1)
    fits = -(1 << 63) <= quotient < 1 << 63
    assert divide_overflows(*args) == int(not fits)
    if fits:
        assert divide_signed(*args) == quotient & M64


@given(words | st.just(0) | st.just(M64), words, words)
def test_signed(high: int, low: int, divisor: int) -> None:
    check_signed(high, low, divisor)


@given(words, words, st.integers(0, 3), st.booleans())
def test_signed_at_the_limit(divisor: int, rest: int, below: int, negative: bool) -> None:
    """Dividends whose quotient lies next to the limits of 64 bits."""
    by = signed(divisor, 64)
    assume(by)
    dividend = by * ((1 << 63) - below) + rest % abs(by)
    if negative:
        dividend = -dividend
    check_signed(dividend >> 64 & M64, dividend & M64, divisor)
