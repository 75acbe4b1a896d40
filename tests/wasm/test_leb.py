"""LEB128 both ways, at the shortest length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from elfin.wasm import leb


@given(st.integers(0, 1 << 70))
def test_unsigned_reads_back(value: int) -> None:
    data = leb.unsigned(value)
    assert leb.read_unsigned(data + b"x", 0) == (value, len(data))
    assert len(data) == max(1, -(-value.bit_length() // 7))


@given(st.integers(-(1 << 70), 1 << 70))
def test_signed_reads_back(value: int) -> None:
    data = leb.signed(value)
    assert leb.read_signed(data + b"x", 0) == (value, len(data))
    magnitude = value if value >= 0 else ~value
    assert len(data) == magnitude.bit_length() // 7 + 1
