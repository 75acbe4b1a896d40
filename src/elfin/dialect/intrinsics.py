"""What dialect code does beyond operators: emulator memory and single Wasm instructions.

Addresses are absolute in the *Wasm* memory (a state slot is `layout.STATE + slot`), not guest addresses;
address + constant must not wrap.  In CPython they act on the bytearray that `bound` names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from struct import Struct

from elfin.bits import mask
from elfin.dialect.integers import u32, u64, v128

Memory = bytearray | memoryview
_memory: ContextVar[Memory] = ContextVar("memory")
_U16, _U32, _U64 = Struct("<H"), Struct("<I"), Struct("<Q")


@contextmanager
def bound(memory: Memory) -> Iterator[None]:
    """Loads and stores of dialect functions called inside act on `memory`."""
    token = _memory.set(memory)
    try:
        yield
    finally:
        _memory.reset(token)


# -- memory ------------------------------------------------------------------------------------
def load_u8(addr: u32) -> u32:
    return u32(_memory.get()[addr])


def load_u16(addr: u32) -> u32:
    return u32(_U16.unpack_from(_memory.get(), addr)[0])


def load_u32(addr: u32) -> u32:
    return u32(_U32.unpack_from(_memory.get(), addr)[0])


def load_u64(addr: u32) -> u64:
    return u64(_U64.unpack_from(_memory.get(), addr)[0])


def load_v128(addr: u32) -> v128:
    return v128(int.from_bytes(_span(addr, u32(16)), "little"))


def store_u8(addr: u32, value: u32) -> None:
    """The low byte of `value`."""
    _memory.get()[addr] = value & 0xFF


def store_u16(addr: u32, value: u32) -> None:
    """The low 16 bits of `value`."""
    _U16.pack_into(_memory.get(), addr, value & 0xFFFF)


def store_u32(addr: u32, value: u32) -> None:
    _U32.pack_into(_memory.get(), addr, value)


def store_u64(addr: u32, value: u64) -> None:
    _U64.pack_into(_memory.get(), addr, value)


def store_v128(addr: u32, value: v128) -> None:
    _span(addr, u32(16))
    _memory.get()[addr : addr + 16] = int(value).to_bytes(16, "little")


def memory_copy(to: u32, source: u32, n: u32) -> None:
    """`n` bytes; the ranges may overlap."""
    data = _span(source, n)
    _span(to, n)
    _memory.get()[to : to + n] = data


def memory_fill(base: u32, byte: u32, n: u32) -> None:
    """`n` bytes become the low byte of `byte`."""
    _span(base, n)
    _memory.get()[base : base + n] = bytes([byte & 0xFF]) * int(n)


def _span(addr: u32, n: u32) -> bytes:
    memory = _memory.get()
    if int(addr) + int(n) > len(memory):
        raise IndexError(f"{int(n)} bytes at {int(addr):#x} reach out of memory")
    return bytes(memory[addr : addr + n])


# -- bits --------------------------------------------------------------------------------------
def clz32(x: u32) -> u32:
    """Leading zeros; 32 for 0."""
    return u32(32 - int(x).bit_length())


def clz64(x: u64) -> u64:
    """Leading zeros; 64 for 0."""
    return u64(64 - int(x).bit_length())


def ctz32(x: u32) -> u32:
    """Trailing zeros; 32 for 0."""
    return u32((int(x) & -int(x)).bit_length() - 1 if x else 32)


def ctz64(x: u64) -> u64:
    """Trailing zeros; 64 for 0."""
    return u64((int(x) & -int(x)).bit_length() - 1 if x else 64)


def popcnt32(x: u32) -> u32:
    return u32(int(x).bit_count())


def popcnt64(x: u64) -> u64:
    return u64(int(x).bit_count())


def rotl32(x: u32, n: u32) -> u32:
    return u32(_rotate(int(x), int(n) % 32, 32))


def rotl64(x: u64, n: u64) -> u64:
    return u64(_rotate(int(x), int(n) % 64, 64))


def rotr32(x: u32, n: u32) -> u32:
    return u32(_rotate(int(x), -int(n) % 32, 32))


def rotr64(x: u64, n: u64) -> u64:
    return u64(_rotate(int(x), -int(n) % 64, 64))


def _rotate(x: int, n: int, bits: int) -> int:
    return (x << n | x >> (bits - n)) & mask(bits)
