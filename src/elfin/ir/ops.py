"""The op table: one row an operation of the IR.

A row gives name, argument and result types, the meaning on Python integers, and the Wasm
instructions by name with `{t}` for the carrier of the first argument (`wasm/opcodes.py` has the bytes).

* Integer meanings get the width in bits first, then the arguments as non-negative patterns.
* Narrow integers (i1 i8 i16) live zero-extended in a Wasm i32.  `dirty` says what an op tolerates and
  makes: the arguments' upper bits do not matter ("in"), the result's upper bits may be wrong ("out").
* Shift counts are taken modulo the width; Wasm does that for i32 and i64, narrower ones are masked.
* `effect` ops stand only in a `Let`.
"""

from __future__ import annotations

from typing import Final

from elfin.bits import mask, signed
from elfin.ir.op_info import OpInfo
from elfin.ir.ops_float import FLOAT
from elfin.ir.ops_simd import SIMD

__all__ = ["GENERAL", "INTEGER", "OPS", "OpInfo"]


def _shl(n: int, a: int, b: int) -> int:
    return a << (b % n) & mask(n)


def _rotl(n: int, a: int, b: int) -> int:
    b %= n
    return (a << b | a >> (n - b)) & mask(n)


def _clz(n: int, a: int) -> int:
    return n - a.bit_length()


def _ctz(n: int, a: int) -> int:
    return (a & -a).bit_length() - 1 if a else n


def _divs(n: int, a: int, b: int) -> int:
    x, y = signed(a, n), signed(b, n)
    quotient = abs(x) // abs(y)
    return (quotient if (x < 0) == (y < 0) else -quotient) & mask(n)


def _rems(n: int, a: int, b: int) -> int:
    x, y = signed(a, n), signed(b, n)
    remainder = abs(x) % abs(y)
    return (-remainder if x < 0 else remainder) & mask(n)


# fmt: off
INTEGER: Final = (
    OpInfo("add",    "a a -> a",  lambda n, a, b: a + b & mask(n),  "{t}.add",   commutes=True, dirty="in out"),
    OpInfo("sub",    "a a -> a",  lambda n, a, b: a - b & mask(n),  "{t}.sub",   dirty="in out"),
    OpInfo("mul",    "a a -> a",  lambda n, a, b: a * b & mask(n),  "{t}.mul",   commutes=True, dirty="in out"),
    OpInfo("and",    "a a -> a",  lambda n, a, b: a & b,            "{t}.and",   commutes=True, dirty="in out"),
    OpInfo("or",     "a a -> a",  lambda n, a, b: a | b,            "{t}.or",    commutes=True, dirty="in out"),
    OpInfo("xor",    "a a -> a",  lambda n, a, b: a ^ b,            "{t}.xor",   commutes=True, dirty="in out"),
    OpInfo("shl",    "a a -> a",  _shl,                             "{t}.shl",   dirty="out"),
    OpInfo("lshr",   "a a -> a",  lambda n, a, b: a >> b % n,       "{t}.shr_u"),
    OpInfo("ashr",   "a a -> a",  lambda n, a, b: (signed(a, n) >> b % n) & mask(n), "{t}.shr_s"),
    OpInfo("rotl",   "a a -> a",  _rotl,                            "{t}.rotl"),
    OpInfo("rotr",   "a a -> a",  lambda n, a, b: _rotl(n, a, n - b % n), "{t}.rotr"),
    OpInfo("divu",   "a a -> a",  lambda n, a, b: a // b,           "{t}.div_u"),
    OpInfo("divs",   "a a -> a",  _divs,                            "{t}.div_s"),
    OpInfo("remu",   "a a -> a",  lambda n, a, b: a % b,            "{t}.rem_u"),
    OpInfo("rems",   "a a -> a",  _rems,                            "{t}.rem_s"),
    OpInfo("clz",    "a -> a",    _clz,                             "{t}.clz"),
    OpInfo("ctz",    "a -> a",    _ctz,                             "{t}.ctz"),
    OpInfo("popcnt", "a -> a",    lambda n, a: a.bit_count(),       "{t}.popcnt"),
    OpInfo("eq",     "a a -> i1", lambda n, a, b: int(a == b),      "{t}.eq",    commutes=True),
    OpInfo("ne",     "a a -> i1", lambda n, a, b: int(a != b),      "{t}.ne",    commutes=True),
    OpInfo("ltu",    "a a -> i1", lambda n, a, b: int(a < b),       "{t}.lt_u"),
    OpInfo("lts",    "a a -> i1", lambda n, a, b: int(signed(a, n) < signed(b, n)),  "{t}.lt_s"),
    OpInfo("leu",    "a a -> i1", lambda n, a, b: int(a <= b),      "{t}.le_u"),
    OpInfo("les",    "a a -> i1", lambda n, a, b: int(signed(a, n) <= signed(b, n)), "{t}.le_s"),
    OpInfo("parity", "a -> i1",   lambda n, a: ~(a & 255).bit_count() & 1, dirty="in"),
    OpInfo("zext",   "a -> a",    None),
    OpInfo("sext",   "a -> a",    None),
    OpInfo("trunc",  "a -> a",    None, dirty="in out"),
    # The upper half of a full product; the backend calls the core function of the same name.
    OpInfo("mulhu",  "i64 i64 -> i64", lambda n, a, b: a * b >> n,  commutes=True),
    OpInfo("mulhs",  "i64 i64 -> i64", lambda n, a, b: signed(a, n) * signed(b, n) >> n & mask(n), commutes=True),
)
GENERAL: Final = (
    OpInfo("const",    "-> T",        None),
    OpInfo("local",    "-> T",        None),
    OpInfo("get",      "-> T",        None),                 # imm: offset in the register file
    OpInfo("get_at",   "i32 -> T",    None),                 # offset known at run time
    OpInfo("select",   "i1 T T -> T", lambda n, c, a, b: a if c else b, "select"),
    OpInfo("bitcast",  "T -> T",      None),                 # i32 <-> f32, i64 <-> f64
    OpInfo("load",     "i64 -> T",    None, effect=True),    # guest memory, may fault
    OpInfo("call",     "... -> T",    None, effect=True),    # imm: name of a core function
    OpInfo("call_indirect", "i32 -> i32", None, effect=True),  # a function of the table, by index
    OpInfo("raw_load", "i32 -> T",    None),                 # Wasm memory; imm: (offset, bits, signed)
)
# fmt: on

OPS: Final[dict[str, OpInfo]] = {row.name: row for row in (*INTEGER, *GENERAL, *FLOAT, *SIMD)}
