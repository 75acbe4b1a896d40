"""Instruction selection for integers: a function an op, `LOWERING` finds it.

Input:  `Values` and one value.
Output: its code; the function's result says whether a narrow integer was left clean.

What a narrow width needs beyond the i32 instruction of the same name is here, and only here.
"""

from __future__ import annotations

from typing import Final

from elfin.codegen import multiply, raw_memory
from elfin.codegen.rows import lower_row
from elfin.codegen.values import MASKS, Lower, Values
from elfin.ir.ops import OPS
from elfin.ir.types import F32, F64, I1, I8, I16, I32, I64
from elfin.ir.value import Value
from elfin.wasm.opcodes import code


def _pair(name: str) -> tuple[bytes, bytes]:
    """The instruction for i32 and for i64."""
    return code(f"i32.{name}"), code(f"i64.{name}")


WRAP, EXTEND_U, EXTEND_S = code("i32.wrap_i64"), code("i64.extend_i32_u"), code("i64.extend_i32_s")
I32_EQZ, I64_EQZ, SELECT = code("i32.eqz"), code("i64.eqz"), code("select")
I32_NE, I64_NE = _pair("ne")
I32_AND, I64_AND = _pair("and")
REPEAT: Final = {I8: 0x01010101, I16: 0x00010001}  # a narrow value times this fills an i32


def _is_zero(value: Value) -> bool:
    return value.op == "const" and value.imm == 0


def low_bits_only(name: str) -> Lower:
    """add, sub, mul: low bits depend on low bits only."""
    narrow, wide = _pair(name)

    def lower(e: Values, v: Value) -> bool:
        a, b = v.args
        e.emit(a, False)
        e.emit(b, False)
        if v.type is I64:
            e.code.append(wide)
            return True
        e.code.append(narrow)
        return v.type is I32

    return lower


def bitwise(name: str) -> Lower:
    """and, or, xor: clean arguments give clean results; for `and`, one is enough."""
    narrow, wide = _pair(name)

    def lower(e: Values, v: Value) -> bool:
        a, b = v.args
        first = e.emit(a, False)
        second = e.emit(b, False)
        e.code.append(wide if v.type is I64 else narrow)
        return (first or second) if name == "and" else (first and second)

    return lower


def _xor(e: Values, v: Value) -> bool:
    a, b = v.args
    if v.type is I1 and b.op == "const" and b.imm == 1:
        e.emit(a)
        e.code.append(I32_EQZ)
        return True
    return _plain_xor(e, v)


_plain_xor = bitwise("xor")


def _count(e: Values, count: Value, bits: int) -> None:
    """A shift count modulo a narrow width."""
    if count.op == "const":
        e.const(I32, count.imm % bits)
    else:
        e.emit(count, False)
        e.const(I32, bits - 1)
        e.code.append(I32_AND)


def shift(name: str) -> Lower:
    narrow, wide = _pair(name)

    def lower(e: Values, v: Value) -> bool:
        a, b = v.args
        if v.type not in MASKS:
            if not (name == "shl" and _shifts_out(e, v)):
                e.emit(a)
            e.emit(b)
            e.code.append(wide if v.type is I64 else narrow)
            return True
        if v.type is I1:
            return e.emit(a, False)  # any count is 0 modulo 1
        if name == "shr_s":
            e.signed(a)
        else:
            e.emit(a, name == "shr_u")
        _count(e, b, v.type.bits)
        e.code.append(narrow)
        return name == "shr_u"

    return lower


def _shifts_out(e: Values, v: Value) -> bool:
    """Leave the extension of a narrow value, dirty, if the shift drops what lies above it."""
    a, b = v.args
    if a.op != "zext" or b.op != "const" or e.holds(a) or a.args[0].type not in MASKS:
        return False
    if a.args[0].type.bits + b.imm % v.type.bits < v.type.bits:
        return False
    e.emit(a.args[0], False)
    if v.type is I64:
        e.code.append(EXTEND_U)
    return True


def rotate(name: str) -> Lower:
    narrow, wide = _pair(name)

    def lower(e: Values, v: Value) -> bool:
        a, b = v.args
        if v.type is I1:
            return e.emit(a, False)
        e.emit(a)
        if v.type not in MASKS:
            e.emit(b)
            e.code.append(wide if v.type is I64 else narrow)
            return True
        # Filled with copies of itself, the i32 rotates as the narrow integer does.
        e.const(I32, REPEAT[v.type])
        e.code.append(code("i32.mul"))
        e.emit(b, False)
        e.code.append(narrow)
        return False

    return lower


def division(name: str) -> Lower:
    narrow, wide = _pair(name)
    signed = name.endswith("_s")

    def lower(e: Values, v: Value) -> bool:
        for a in v.args:
            if signed:
                e.signed(a)
            else:
                e.emit(a)
        e.code.append(wide if v.type is I64 else narrow)
        return not signed or v.type not in MASKS

    return lower


def comparison(name: str) -> Lower:
    narrow, wide = _pair(name)
    signed = name.endswith("_s")

    def lower(e: Values, v: Value) -> bool:
        a, b = v.args
        if name == "eq" and _is_zero(b):
            e.emit(a)
            e.code.append(I64_EQZ if a.type is I64 else I32_EQZ)
        elif name == "ne" and _is_zero(b) and a.type is I1:
            e.emit(a)
        else:
            for x in v.args:
                if signed:
                    e.signed(x)
                else:
                    e.emit(x)
            e.code.append(wide if a.type is I64 else narrow)
        return True

    return lower


def condition(e: Values, v: Value) -> None:
    """Leave an i32 that is 0 if and only if the i1 is."""
    if not e.holds(v):
        if v.op == "ne" and _is_zero(v.args[1]) and v.args[0].type is not I64:
            if v.args[0].type is I1:
                condition(e, v.args[0])
            else:
                e.emit(v.args[0])
            return
        if (v.op == "xor" and v.args[1].op == "const" and v.args[1].imm == 1) or (
            v.op == "eq" and v.args[0].type is I1 and _is_zero(v.args[1])
        ):
            condition(e, v.args[0])
            e.code.append(I32_EQZ)
            return
    e.emit(v)


def _select(e: Values, v: Value) -> bool:
    when, then, other = v.args
    first = e.emit(then, False)
    second = e.emit(other, False)
    condition(e, when)
    e.code.append(SELECT)
    return first and second


def _clz(e: Values, v: Value) -> bool:
    e.emit(v.args[0])
    e.code.append(code("i64.clz") if v.type is I64 else code("i32.clz"))
    if v.type in MASKS:
        e.const(I32, 32 - v.type.bits)
        e.code.append(code("i32.sub"))
    return True


def _ctz(e: Values, v: Value) -> bool:
    if v.type not in MASKS:
        e.emit(v.args[0])
    else:
        e.emit(v.args[0], False)
        e.const(I32, 1 << v.type.bits)  # a stop above
        e.code.append(code("i32.or"))
    e.code.append(code("i64.ctz") if v.type is I64 else code("i32.ctz"))
    return True


def _popcnt(e: Values, v: Value) -> bool:
    e.emit(v.args[0])
    e.code.append(code("i64.popcnt") if v.type is I64 else code("i32.popcnt"))
    return True


def _parity(e: Values, v: Value) -> bool:
    (a,) = v.args
    is_clean = e.emit(a, False)
    if a.type is I64:
        e.code.append(WRAP)
    if not (is_clean and a.type in (I1, I8)):
        e.const(I32, 255)
        e.code.append(I32_AND)
    e.code.append(code("i32.popcnt"))
    e.const(I32, 1)
    e.code.append(I32_AND + I32_EQZ)
    return True


def _zext(e: Values, v: Value) -> bool:
    (a,) = v.args
    if raw_memory.extending_load(e, v, signed=False):
        return True
    if v.type is I64 and a.op == "trunc" and a.args[0].type is I64 and not e.holds(a):
        e.emit(a.args[0])
        if a.type is I32:
            e.code.append(WRAP + EXTEND_U)  # shorter
        else:
            e.const(I64, (1 << a.type.bits) - 1)
            e.code.append(I64_AND)
        return True
    e.emit(a)
    if v.type is I64 and a.type is not I64:
        e.code.append(EXTEND_U)
    return True


def _sext(e: Values, v: Value) -> bool:
    (a,) = v.args
    if a.type is v.type:
        return e.emit(a, False)
    if raw_memory.extending_load(e, v, signed=True):
        return v.type not in MASKS
    if v.type is I64 and a.op == "trunc" and a.type in (I8, I16, I32) and not e.holds(a):
        e.emit(a.args[0], False)
        if a.args[0].type is not I64:
            e.code.append(EXTEND_U)
        e.code.append(code(f"i64.extend{a.type.bits}_s"))
        return True
    e.signed(a)
    if v.type is I64:
        e.code.append(EXTEND_S)
    return v.type not in MASKS


def _trunc(e: Values, v: Value) -> bool:
    (a,) = v.args
    if raw_memory.narrow_load(e, v):
        return True
    is_clean = e.emit(a, False)
    if v.type is a.type:
        return is_clean
    if a.type is I64:
        e.code.append(WRAP)
    return v.type is I32


def _bitcast(e: Values, v: Value) -> bool:
    (a,) = v.args
    e.emit(a)
    if a.type is not v.type:
        e.code.append(code(_REINTERPRET[a.type, v.type]))
    return True


_REINTERPRET: Final = {
    (I32, F32): "f32.reinterpret_i32",
    (F32, I32): "i32.reinterpret_f32",
    (I64, F64): "f64.reinterpret_i64",
    (F64, I64): "i64.reinterpret_f64",
}


def _not_raw(e: Values, v: Value) -> bool:
    raise ValueError(f"{v.op} cannot stand in a value that code is made of: {v!r}")


LOWERING: Final[dict[str, Lower]] = {
    **{op: low_bits_only(op) for op in ("add", "sub", "mul")},
    "and": bitwise("and"),
    "or": bitwise("or"),
    "xor": _xor,
    "shl": shift("shl"),
    "lshr": shift("shr_u"),
    "ashr": shift("shr_s"),
    "rotl": rotate("rotl"),
    "rotr": rotate("rotr"),
    "divu": division("div_u"),
    "divs": division("div_s"),
    "remu": division("rem_u"),
    "rems": division("rem_s"),
    "clz": _clz,
    "ctz": _ctz,
    "popcnt": _popcnt,
    "eq": comparison("eq"),
    "ne": comparison("ne"),
    "ltu": comparison("lt_u"),
    "lts": comparison("lt_s"),
    "leu": comparison("le_u"),
    "les": comparison("le_s"),
    "parity": _parity,
    "zext": _zext,
    "sext": _sext,
    "trunc": _trunc,
    **multiply.LOWER,
    "select": _select,
    "bitcast": _bitcast,
    "call": _not_raw,  # only whole, in `Let`, `Set` or `Drop`
    "call_indirect": _not_raw,
    "raw_load": raw_memory.load,
    "get": _not_raw,
    "get_at": _not_raw,
    "load": _not_raw,
}
LOWERING.update({op: lower_row(row) for op, row in OPS.items() if "." in op})
WIDE_LOWERING: Final = LOWERING | multiply.WIDE  # for engines with wide arithmetic
