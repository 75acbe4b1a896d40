"""LEB128, the variable-length integers of the binary format (Core spec 5.2.2)."""

from __future__ import annotations

from typing import Final

_ONE: Final = tuple(bytes([n]) for n in range(128))


def unsigned(value: int) -> bytes:
    """A non-negative integer."""
    if value < 128:
        return _ONE[value]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value: int) -> bytes:
    """A signed integer."""
    if -64 <= value < 64:
        return _ONE[value & 127]
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value & 127)
    return bytes(out)


def read_unsigned(data: bytes, at: int) -> tuple[int, int]:
    """The integer at `at` and the offset behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def read_signed(data: bytes, at: int) -> tuple[int, int]:
    """The signed integer at `at` and the offset behind it."""
    start = at
    value, at = read_unsigned(data, at)
    bits = 7 * (at - start)
    return (value - (1 << bits) if data[at - 1] & 64 else value), at
