"""Float operations in line: Wasm's own instruction where nothing but its result can come of it.

Input:  calls of the float functions of `core` (`float64`, `float32`, `float_compare`, `float_convert`), whose
        fast paths these are, with the operands in vector registers.
Output: statements that leave the result in a variable, and values for the flags of a comparison.

While every exception is masked a float operation never leaves the function: a function with float operations
is only entered then.  Results are compared with limits in memory, which are zero unless MXCSR says round to
nearest, no DAZ, no FTZ, and PE is up already (`core.float_limits`).
A denormal that was made (by the slow path) makes all operations slow until the function is left, so results of
the fast path need not be looked at again when they are operands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin import layout
from elfin.codegen import state
from elfin.codegen.state import BASE, raw_load
from elfin.core.float32 import ABOVE_TINY as ABOVE_TINY32
from elfin.core.float32 import DENORMALS as DENORMALS32
from elfin.core.float64 import ABOVE_TINY, DENORMALS
from elfin.core.mxcsr import PLAIN
from elfin.ir.stmt import Group, If, Let, Set, Stmt
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type
from elfin.ir.value import Value, const, local, make
from elfin.records import dataclass, field

BITS: Final = {F64: I64, F32: I32}
TINY: Final = {F64: ABOVE_TINY, F32: ABOVE_TINY32}
LEAST: Final = {F64: DENORMALS, F32: DENORMALS32}
AT: Final = layout.STATE + layout.FLOAT_LIMITS
LIMIT: Final = {F64: raw_load(I64, BASE, AT), F32: raw_load(I32, BASE, AT + 16)}
RANGE: Final = {F64: raw_load(I64, BASE, AT + 8), F32: raw_load(I32, BASE, AT + 20)}
LANE_LIMIT: Final = {F64: raw_load(V128, BASE, AT + 32), F32: raw_load(V128, BASE, AT + 64)}
LANE_RANGE: Final = {F64: raw_load(V128, BASE, AT + 48), F32: raw_load(V128, BASE, AT + 80)}
MADE_DENORMAL: Final = state.read(I32, layout.FLOAT_ODD).ne(0)
MXCSR: Final = state.read(I32, layout.MXCSR)
CONTROL_BITS: Final = 0xFFC0
WATCHED: Final = state.read(I32, layout.FLOAT_WATCHED)
SEEN: Final = state.read(I32, layout.FLOAT_SEEN)
UNMASKED: Final = local(I32, "unmasked")
EXPONENT: Final = {F64: 0x7FF << 52, F32: 0xFF << 23}


def bits_of(x: Value) -> Value:
    """The pattern of a float."""
    return x.args[0] if x.op == "bitcast" else make("bitcast", BITS[x.type], x)


def op(name: str, x: Value, *rest: Value, type_: Type | None = None) -> Value:
    """`f64.add` and the like: the name without the type of the first argument."""
    return make(f"{x.type.name}.{name}", type_ or x.type, x, *rest)


def is_denormal(x: Value) -> Value:
    pattern = bits_of(x)
    return ((pattern << 1) - 1).ltu(LEAST[x.type])


def has_no_exponent(x: Value) -> Value:
    """Is it zero or denormal?  Quicker to ask."""
    pattern = bits_of(x)
    return (pattern & EXPONENT[x.type]).eq(0)


def less(x: Value, y: Value) -> Value:
    return op("lt", x, y, type_=I1)


def fits(result: Value) -> Value:
    """Neither infinite nor NaN, and MXCSR is plain."""
    return (bits_of(result) << 1).ltu(LIMIT[result.type])


def is_normal(result: Value) -> Value:
    """Not so small either that it could have been rounded up from a denormal."""
    return ((bits_of(result) << 1) - TINY[result.type]).ltu(RANGE[result.type])


def is_plain(type_: Type) -> Value:
    """MXCSR alone allows the fast path."""
    return LIMIT[type_].ne(0)


def shape(type_: Type) -> str:
    """The vector of this float."""
    return f"f{type_.bits}x{128 // type_.bits}"


def magnitudes(type_: Type, x: Value) -> Value:
    """Each lane without its sign; also stands for all lanes where facts about them are kept."""
    return make(f"{shape(type_)}.abs", V128, x)


def splat(type_: Type, pattern: int) -> Value:
    count = 128 // type_.bits
    return const(V128, sum(pattern << type_.bits * i for i in range(count)))


def good_lanes(type_: Type, result: Value, *, normal: bool) -> Value:
    """A mask of the lanes that `fits` or `is_normal` holds for."""
    shape = f"i{type_.bits}x{128 // type_.bits}"
    twice = make(f"{shape}.add", V128, result, result)
    lowest = 1 << type_.bits - 1
    by = (lowest - TINY[type_] * normal) & ((1 << type_.bits) - 1)
    limit = (LANE_RANGE if normal else LANE_LIMIT)[type_]
    return make(f"{shape}.lt_s", V128, make(f"{shape}.add", V128, twice, splat(type_, by)), limit)


def denormal_lanes(type_: Type, x: Value) -> Value:
    """A mask of them."""
    shape = f"i{type_.bits}x{128 // type_.bits}"
    twice = make(f"{shape}.add", V128, x, x)
    lowest = 1 << type_.bits - 1
    less_one = make(f"{shape}.add", V128, twice, splat(type_, lowest - 1))
    return make(f"{shape}.lt_s", V128, less_one, splat(type_, lowest + LEAST[type_]))


def invert(condition: Value) -> Value:
    return make("xor", I1, condition, const(I1, 1))


@dataclass(slots=True)
class Floats:
    """What a function with float operations needs beside them; `used` if it has any.

    `sticky`: its operations keep the sticky flags; else it is only entered while nobody looks at them.
    `masks`: whether a lane is NaN is told by a mask of all.  V8 makes a number of `v128.any_true` and then tests that,
    five instructions; wasmtime branches on its flags.
    """

    sticky: bool = True
    masks: bool = False
    used: bool = False
    returns: list[tuple[list[Stmt], list[Stmt]]] = field(default_factory=list)

    def come_back(self, leave: list[Stmt]) -> Stmt:
        """Behind a call: MXCSR may have changed, and `leave` must be done if an exception may trap."""
        body: list[Stmt] = []
        self.returns.append((body, leave))
        return Group("floats", body)

    def finish(self, leave: Callable[[], list[Stmt]]) -> list[Stmt]:
        """Fill in; what stands at the function's start, where `leave` gives how to leave."""
        if not self.used:
            return []
        if not self.sticky:
            # Nothing that translated code calls and that comes back to it can change this.
            odd = (MXCSR & CONTROL_BITS) ^ PLAIN | WATCHED
            return [If(odd.ne(0), leave(), rare=True)]
        for body, leave_here in self.returns:
            body += look_at_control(leave_here)
        return look_at_control(leave())


def look_at_control(leave: list[Stmt]) -> list[Stmt]:
    """Set the limits; leave if an exception may trap."""
    look = Let(UNMASKED, make("call", I32, imm="float_limits"))
    return [If(MXCSR.ne(SEEN), [look, If(UNMASKED.ne(0), leave)], rare=True)]


def call(result: Value, name: str, *arguments: Value) -> list[Stmt]:
    """The operation in full, into a float variable."""
    if result.type is V128:
        lanes = "f64x2" if name.endswith("d") else "f32x4"
        return [
            Set(result, make("call", V128, *arguments, imm=name)),
            Let(None, make("call", I32, result, imm=f"note_{lanes}")),
        ]
    pattern = local(BITS[result.type], f"{result.imm}.bits")
    return [
        Let(pattern, make("call", pattern.type, *arguments, imm=name)),
        Set(result, make("bitcast", result.type, pattern)),
        Let(None, make("call", I32, pattern, imm=f"note_{result.type.name}")),
    ]
