"""Loads and stores of Wasm memory: the address into the immediate, extension into the opcode.

Input:  `raw_load` values and what is stored.
Output: address code, opcode, alignment and offset.

An added constant moves into the offset only where the sum cannot wrap around 2**32: Wasm adds the offset in
33 bits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from elfin.bits import M32
from elfin.codegen.values import MASKS, Values
from elfin.ir.types import I1, I32, I64, Type
from elfin.ir.value import Value, const, make
from elfin.wasm.leb import unsigned
from elfin.wasm.opcodes import OPCODES, code


def _access(name: str) -> bytes:
    """Opcode and alignment."""
    return code(name) + unsigned(OPCODES[name].size.bit_length() - 1)


_LOADS: Final = {
    (wasm, bits, signed): _access(f"{wasm}.load{bits}_{'s' if signed else 'u'}")
    for wasm, widths in (("i32", (8, 16)), ("i64", (8, 16, 32)))
    for bits in widths
    for signed in (False, True)
}
for _wasm, _bits in (("i32", 32), ("i64", 64), ("f32", 32), ("f64", 64), ("v128", 128)):
    for _signed in (False, True):
        _LOADS[_wasm, _bits, _signed] = _access(f"{_wasm}.load")
for _bits in (32, 64):
    _LOADS["v128", _bits, False] = _access(f"v128.load{_bits}_zero")

_STORES: Final = {
    **{("i32", bits): _access(f"i32.store{bits}") for bits in (8, 16)},
    **{("i64", bits): _access(f"i64.store{bits}") for bits in (8, 16, 32)},
    **{("v128", bits): _access(f"v128.store{bits}_lane") for bits in (8, 16, 32, 64)},
    ("i32", 32): _access("i32.store"),
    ("i64", 64): _access("i64.store"),
    ("f32", 32): _access("f32.store"),
    ("f64", 64): _access("f64.store"),
    ("v128", 128): _access("v128.store"),
}
_EXTEND: Final = code("i64.extend_i32_u")
SUMS: Final = frozenset({"add", "sub"})
_LANE: Final = b"\0"  # the lowest


@lru_cache(maxsize=1 << 11)
def _load_code(wasm: str, bits: int, signed: bool, offset: int) -> bytes:
    return _LOADS[wasm, bits, signed] + unsigned(offset)


@lru_cache(maxsize=1 << 11)
def _store_code(wasm: str, bits: int, offset: int) -> bytes:
    return _STORES[wasm, bits] + unsigned(offset)


def load(e: Values, v: Value) -> bool:
    offset, bits, signed = v.imm
    _load(e, v.type, v.args[0], offset, bits, signed)
    return v.type not in MASKS or (bits <= v.type.bits and not signed)


def extending_load(e: Values, v: Value, *, signed: bool) -> bool:
    """Extension of what is loaded only for it, as one instruction; whether that was possible."""
    source = v.args[0]
    if source.op != "raw_load" or e.holds(source) or source.type is I1 or not source.type.is_int:
        return False
    offset, bits, load_signed = source.imm
    if bits > source.type.bits or (bits < source.type.bits and load_signed != signed):
        return False
    _load(e, v.type, source.args[0], offset, bits, signed)
    return True


def narrow_load(e: Values, v: Value) -> bool:
    """The low bytes of what is loaded only for them; whether that was possible."""
    source = v.args[0]
    if source.op != "raw_load" or e.holds(source) or v.type is I1 or not source.type.is_int:
        return False
    offset, bits, _ = source.imm
    if bits < v.type.bits:
        return False
    _load(e, v.type, source.args[0], offset, v.type.bits, False)
    return True


def _load(e: Values, type_: Type, base: Value, offset: int, bits: int, signed: bool) -> None:
    offset = address(e, base, offset)
    e.code.append(_load_code(type_.wasm, bits, signed, offset))


def store(e: Values, base: Value, offset: int, value: Value, bits: int) -> None:
    """The low `bits` bits of `value` to memory."""
    offset = address(e, base, offset)
    while value.op == "trunc" and value.type.bits >= bits and not e.holds(value):
        value = value.args[0]
    wasm = value.type.wasm
    if value.type.is_int:
        e.emit(value, bits > value.type.bits)
        if wasm == "i32" and bits == 64:
            e.code.append(_EXTEND)
            wasm = "i64"
    else:
        e.emit(value)
    e.code.append(_store_code(wasm, bits, offset))
    if wasm == "v128" and bits < 128:
        e.code.append(_LANE)


def address(e: Values, base: Value, offset: int) -> int:
    """Leave the variable part of base + offset on the stack; the rest is the result."""
    if base.op == "const" and base.imm + offset <= M32:
        e.const(I32, 0)
        return int(base.imm + offset)
    if base.op == "add" and base.args[1].op == "const":
        whole, displacement = base.args
        if max(bound(whole), offset) + displacement.imm <= M32:
            return address(e, whole, offset + displacement.imm)
    if base.op == "trunc" and base.args[0].op in SUMS and base.args[0].type is I64:
        base = narrowed(base.args[0])
    e.emit(base)
    return offset


def narrowed(value: Value, levels: int = 3) -> Value:
    """The low half of an i64, computed from those of its parts as far as that costs nothing: an engine has it with
    zeros above, as an address must be, and need not take the low half of the whole sum."""
    op, args = value.op, value.args
    if op == "const":
        return const(I32, value.imm)
    if op in ("zext", "sext") and args[0].type is I32:
        return args[0]
    if levels and (op in SUMS or (op == "shl" and args[1].op == "const" and args[1].imm < 4)):
        return make(op, I32, *(narrowed(part, levels - 1) for part in args))
    return value.trunc(I32)


def bound(value: Value, levels: int = 5) -> int:
    """No less than the value can be; looks only a few levels deep."""
    most = (1 << value.type.bits) - 1
    if levels == 0:
        return most
    args = value.args
    match value.op:
        case "const":
            return int(value.imm)
        case "zext":
            return bound(args[0], levels - 1)
        case "raw_load" if not value.imm[2]:
            return min(most, (1 << int(value.imm[1])) - 1)
        case "and":
            return min(bound(args[0], levels - 1), bound(args[1], levels - 1))
        case "lshr" if args[1].op == "const":
            return bound(args[0], levels - 1) >> int(args[1].imm) % value.type.bits
        case "shl" if args[1].op == "const":
            shifted = bound(args[0], levels - 1) << int(args[1].imm) % value.type.bits
            return min(shifted, most)
        case "add":
            return min(bound(args[0], levels - 1) + bound(args[1], levels - 1), most)
        case _:
            return most
