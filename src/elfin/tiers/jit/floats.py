"""Float operations in line: Wasm's own instruction where nothing but its result can come of it.

Input:  calls of the float functions of `core` (`float64`, `float32`, `float_compare`, `float_convert`), whose
        fast paths these are, with the operands in vector registers.
Output: statements that leave the result in a variable, and values for the flags of a comparison.

While every exception is masked a float operation never leaves the function: a function with float operations
is only entered then.  `PLAIN` is how its sight of MXCSR enters into what is compared anyway: the limits of
results are zero unless MXCSR says round to nearest, no DAZ, no FTZ, and PE is up already.
A denormal that was made (by the slow path) makes all operations slow until the function is left, so results of
the fast path need not be looked at again when they are operands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from elfin import layout
from elfin.codegen import state
from elfin.core.float32 import ABOVE_TINY as ABOVE_TINY32
from elfin.core.float32 import DENORMALS as DENORMALS32
from elfin.core.float32 import NORMALS as NORMALS32
from elfin.core.float64 import ABOVE_TINY, DENORMALS, NORMALS
from elfin.core.mxcsr import CONTROL_PE, MASKS, PLAIN_PE
from elfin.ir.stmt import Block, If, Let, Return, Set, Stmt
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type
from elfin.ir.value import FALSE, Value, const, local, make
from elfin.runtime.translated import CONTINUE, STEP

INFINITY: Final = {F64: 0x7FF << 52, F32: 0xFF << 23}
BITS: Final = {F64: I64, F32: I32}
LIMIT: Final = {F64: local(F64, "limit"), F32: local(F32, "limit32")}  # of |result|, or 0
RANGE: Final = {F64: local(I64, "range"), F32: local(I32, "range32")}  # of normal results, or 0
LANES: Final = local(V128, "limits"), local(V128, "limits32")
DENORMAL: Final = local(I1, "denormal")  # one was made
TINY: Final = {F64: ABOVE_TINY, F32: ABOVE_TINY32}
LEAST: Final = {F64: DENORMALS, F32: DENORMALS32}
SPAN: Final = {F64: NORMALS, F32: NORMALS32}
CONTROL: Final = state.raw_load(I64, state.BASE, layout.STATE + layout.MXCSR)
EXPONENT: Final = {F64: 0x7FF << 52, F32: 0xFF << 23}


def bits_of(x: Value) -> Value:
    """The pattern of a float."""
    return x.args[0] if x.op == "bitcast" else make("bitcast", BITS[x.type], x)


def float_of(pattern: Value) -> Value:
    """The float of a pattern; of a lane, the lane."""
    type_ = F64 if pattern.type is I64 else F32
    if pattern.op == "bitcast" and pattern.args[0].type is type_:
        return pattern.args[0]
    lanes = "f64x2" if type_ is F64 else "f32x4"
    if pattern.op.endswith("x2.extract_lane") or pattern.op.endswith("x4.extract_lane"):
        return make(f"{lanes}.extract_lane", type_, *pattern.args, imm=pattern.imm)
    return make("bitcast", type_, pattern)


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
    return less(op("abs", result), LIMIT[result.type])


def is_normal(result: Value) -> Value:
    """Not so small either that it could have been rounded up from a denormal."""
    return ((bits_of(result) << 1) - TINY[result.type]).ltu(RANGE[result.type])


def invert(condition: Value) -> Value:
    return make("xor", I1, condition, const(I1, 1))


@dataclass(slots=True)
class Floats:
    """What a function with float operations needs beside them; `used` if it has any."""

    used: bool = False
    refreshes: list[list[Stmt]] = field(default_factory=list)
    returns: list[list[Stmt]] = field(default_factory=list)

    def refresh(self, *, unmasked_too: bool = False) -> Stmt:
        """MXCSR may have changed; `unmasked_too`: all state is in memory, and the function may be left."""
        (self.returns if unmasked_too else self.refreshes).append([])
        return Block("refresh", (self.returns if unmasked_too else self.refreshes)[-1])

    def finish(self, entry: int) -> list[Stmt]:
        """Fill in; what stands at the function's start."""
        if not self.used:
            return []
        for body in self.refreshes:
            body += look_at_control()
        for body in self.returns:
            body += [
                If(unmasked(), [Return((const(I32, CONTINUE),))], rare=True),
                *look_at_control(),
            ]
        return [
            If(unmasked(), [state.store(layout.RIP, const(I64, entry)), Return((const(I32, STEP),))], rare=True),
            Set(DENORMAL, FALSE),
            *look_at_control(),
        ]  # fmt: skip


def unmasked() -> Value:
    """An exception may trap."""
    return (CONTROL & MASKS).ne(MASKS)


def look_at_control() -> list[Stmt]:
    """Set the limits."""
    plain = (CONTROL & CONTROL_PE).eq(PLAIN_PE) & invert(DENORMAL)
    out: list[Stmt] = []
    for type_, limit in LIMIT.items():
        infinity = make("const", type_, imm=INFINITY[type_])
        out.append(Set(limit, plain.select(infinity, make("const", type_, imm=0))))
        span = const(BITS[type_], SPAN[type_])
        out.append(Set(RANGE[type_], plain.select(span, const(span.type, 0))))
    for limit, type_ in zip(LANES, (F64, F32), strict=True):
        out.append(Set(limit, make(f"{type_.name}x{128 // type_.bits}.splat", V128, LIMIT[type_])))
    return out


def call(result: Value, name: str, *arguments: Value) -> list[Stmt]:
    """The operation in full, into a float variable."""
    pattern = local(BITS[result.type], f"{result.imm}.bits")
    return [
        Let(pattern, make("call", pattern.type, *arguments, imm=name)),
        Set(result, make("bitcast", result.type, pattern)),
        Set(DENORMAL, DENORMAL | is_denormal(result)),
    ]
