"""The expansions of `core`'s float functions in a block (see `floats`).

Input:  the function's name, its arguments as patterns over locals, what is known about registers.
Output: statements, and what stands for the call's result.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Final

from elfin import layout
from elfin.codegen import state
from elfin.codegen.locals import as_float
from elfin.core.mxcsr import DAZ
from elfin.core.softfloat_convert import EQUAL, LESS, UNORDERED
from elfin.ir.stmt import If, Let, Set, Stmt
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type
from elfin.ir.value import FALSE, TRUE, Value, const, local, make
from elfin.records import dataclass, field
from elfin.tiers.jit import floats
from elfin.tiers.jit.floats import (
    BITS,
    Floats,
    invert,
    is_denormal,
    less,
    op,
)

Known = dict[Value, Value]


def either(conditions: list[Value]) -> Value:
    """At least one holds."""
    return reduce(lambda a, b: a | b, conditions, FALSE) if conditions else FALSE


def type_of_packed(name: str) -> Type:
    """The lanes of an instruction by its name's last letter."""
    return F64 if name.endswith("d") else F32


def facts_of(register: Value) -> list[Value]:
    """What may be known to be normal of a vector: all lanes, or one."""
    whole = [make(f"{shape}.abs", V128, register) for shape in ("f64x2", "f32x4")]
    doubles = [make("f64x2.extract_lane", F64, register, imm=i) for i in range(2)]
    return whole + doubles + [make("f32x4.extract_lane", F32, register, imm=i) for i in range(4)]


def float_lane(value: Value) -> Value:
    """A vector with a lane replaced: by a float, if that is what it is."""
    if value.op in ("i64x2.replace_lane", "i32x4.replace_lane") and value.args[1].op == "bitcast":
        x = value.args[1].args[0]
        if x.type in (F32, F64):
            shape = "f64x2" if x.type is F64 else "f32x4"
            return make(f"{shape}.replace_lane", V128, value.args[0], x, imm=value.imm)
    return value


def lasting(normal: set[Value]) -> set[Value]:
    """What is known about registers themselves."""
    return {x for x in normal if str((x.args or (x,))[0].imm).startswith("xmm")}


# Core functions, and the methods that make the same in line.
EXPANSIONS: Final[dict[str, str]] = {
    **{f"{t}_{o}": "arithmetic" for t in ("f32", "f64") for o in ("add", "sub", "mul", "div", "sqrt_of")},
    **{f"{t}_{o}": "extreme" for t in ("f32", "f64") for o in ("min", "max")},
    **{f"{t}_relation": "relation" for t in ("f32", "f64")},
    **{f"{t}_to_integer": "to_integer" for t in ("f32", "f64")},
    "i64_to_f64": "from_integer",
    "i64_to_f32": "from_integer",
    "f64_to_f32": "narrow",
    "f32_to_f64": "widen",
    **{f"{o}p{t}": "packed" for t in "sd" for o in ("add", "sub", "mul", "div", "sqrt")},
}  # fmt: skip
TAKES_INTEGER: Final = frozenset({"i64_to_f64", "i64_to_f32", "f32x4_to_f64x2"})


@dataclass(slots=True)
class Inline:
    """One block's float operations; `normal` are float values that are zero or normal numbers."""

    expansions = EXPANSIONS  # a class's own, not a field
    floats: Floats
    out: list[Stmt]
    known: Known
    slow: Callable[[], list[Stmt] | None]  # how to leave to the slow path; None: call it
    slow_calls: bool = False  # it is called
    normal: set[Value] = field(default_factory=set)
    ordered: dict[Value, Value] = field(default_factory=dict)  # conditions -> shorter ones

    def expand(self, name: str, var: Value, arguments: list[Value]) -> bool:
        """Emit the operation and note in `known` what `var` is; False if the call must be made."""
        method = self.expansions.get(name)
        if method is None:
            return False
        self.floats.used = True
        getattr(self, method)(name, var, arguments)
        return True

    def forget(self) -> None:
        """Registers were changed by something else."""
        self.normal.clear()

    # -- parts ---------------------------------------------------------------------------------
    def operand(self, pattern: Value) -> Value:
        """A float operand."""
        x = as_float(pattern)
        if x in self.normal or x.op != "bitcast":
            return x
        name = local(x.type, f"x{len(self.out)}")
        self.out.append(Let(name, x))
        return name

    def suspects(self, *operands: Value) -> list[Value]:
        """Operands that may be denormal."""
        return [x for x in dict.fromkeys(operands) if x not in self.normal]

    def unless(self, quick: list[Value], wrong: list[Value], slow: list[Stmt]) -> None:
        """`slow` if one of `wrong` holds, which is only asked if one of `quick` does."""
        leave = self.slow()
        slow = slow if leave is None else leave
        inner: list[Stmt] = slow if wrong == [TRUE] else [If(either(wrong), slow)]
        self.out.append(If(either(quick), inner, rare=True))

    def result(self, var: Value, result: Value) -> None:
        """The call's result is this float variable, and is normal or makes all else slow."""
        self.known[var] = make("bitcast", BITS[result.type], result)
        self.normal.add(result)

    def written(self, register: Value, value: Value, at: int, lowest: Value | None) -> None:
        """The lane at a byte offset of a vector register, or all of it, became `value`.  `lowest`: the
        local of its lowest lane, if there is one."""
        if lowest is not None:
            x = value
            if value.type is V128:
                x = value.args[-1] if value.op.endswith("replace_lane") and not value.imm else value
            elif value.type.bits == lowest.type.bits:
                x = as_float(value)
            self.normal = {n for n in self.normal if n is not lowest}
            if x in self.normal and x.type is lowest.type and at == 0:
                self.normal.add(lowest)
            self.normal -= {*facts_of(register)}
            return
        facts = facts_of(register)
        if value.type is V128:
            value = float_lane(value)
            sources = facts_of(value)
            self.normal = {x for x in self.normal if x not in facts} | {
                fact for fact, source in zip(facts, sources, strict=True) if source in self.normal
            }
            if value.op == "f64x2.replace_lane" and value.args[1] in self.normal:
                self.normal.add(facts[2 + value.imm])
            return
        kept = {x for x in self.normal if x not in facts}
        x = as_float(value) if value.type in (I32, I64) else value
        if x in self.normal:
            type_ = x.type
            shape = f"{type_.name}x{128 // type_.bits}"
            lane = make(f"{shape}.extract_lane", type_, register, imm=at * 8 // type_.bits)
            other = {facts[3 - lane.imm]} & self.normal if type_ is F64 else set()
            kept |= {lane} | other
        elif value.type is I64:
            kept |= {facts[3 - at // 8]} & self.normal
        self.normal = kept

    # -- scalars -------------------------------------------------------------------------------
    def arithmetic(self, name: str, var: Value, arguments: list[Value]) -> None:
        operation = name[4:].removesuffix("_of")
        xs = [self.operand(a) for a in arguments]
        result = local(xs[0].type, f"{var.imm}.f{len(self.out)}")
        suspects = self.suspects(*xs)
        self.out.append(Set(result, op(operation, *xs)))
        quick = [floats.has_no_exponent(x) for x in suspects]
        wrong = [is_denormal(x) for x in suspects]
        if operation in ("mul", "div"):
            zeros = xs if operation == "mul" else xs[:1]
            zero = make("const", result.type, imm=0)
            exact = either([op("eq", x, zero, type_=I1) for x in zeros])
            exact = exact & op("eq", result, zero, type_=I1) & floats.fits(result)
            quick.append(invert(floats.is_normal(result)))
            wrong.append(invert(floats.is_normal(result) | exact))
        else:
            quick.append(invert(floats.fits(result)))
            wrong.append(invert(floats.fits(result)))
        self.unless(quick, wrong, floats.call(result, name, *map(floats.bits_of, xs)))
        self.result(var, result)

    def extreme(self, name: str, var: Value, arguments: list[Value]) -> None:
        """MIN and MAX: the first only if it is really less or greater."""
        a, b = (self.operand(x) for x in arguments)
        result = local(a.type, f"{var.imm}.f{len(self.out)}")
        wins = less(a, b) if name.endswith("min") else less(b, a)
        self.out.append(Set(result, wins.select(a, b)))
        quick, wrong = self._unequal(a, b)
        self.unless(quick, wrong, floats.call(result, name, *map(floats.bits_of, (a, b))))
        self.result(var, result)

    def _unequal(self, a: Value, b: Value) -> tuple[list[Value], list[Value]]:
        """What comparisons are slow for: denormals and NaNs."""
        both = list(dict.fromkeys((a, b)))
        suspects = self.suspects(a, b)
        nans = [op("ne", x, x, type_=I1) for x in both]
        quick = [floats.has_no_exponent(x) for x in suspects] + nans
        if len(suspects) < len(both):
            quick.append(floats.MADE_DENORMAL)
        return quick, [is_denormal(x) for x in both] + nans

    def relation(self, name: str, var: Value, arguments: list[Value]) -> None:
        """COMIS and UCOMIS: the operands as the comparison sees them, compared where it is asked."""
        a, b = (local(self.operand(x).type, f"{var.imm}.{i}") for i, x in enumerate(arguments[:2]))
        for seen, pattern in zip((a, b), arguments, strict=False):
            x = as_float(pattern)
            self.out.append(Set(seen, x))
            if x in self.normal:
                self.normal.add(seen)
        quick, wrong = self._unequal(a, b)
        zero = make("const", a.type, imm=0)
        ignored = local(I32, f"{var.imm}.ignored")
        arms: list[Stmt] = [
            Let(ignored, make("call", I32, *map(floats.bits_of, (a, b)), arguments[2], imm=name)),
            If(
                (state.read(I32, layout.MXCSR) & DAZ).ne(0),
                [Set(x, is_denormal(x).select(zero, x)) for x in (a, b)],
            ),
        ]
        self.unless(quick, wrong, arms)
        differs = less(a, b) | op("gt", a, b, type_=I1)
        self.known[(var & LESS).ne(0)] = invert(op("ge", a, b, type_=I1))
        self.known[(var & EQUAL).ne(0)] = invert(differs)
        self.known[(var & (UNORDERED & ~LESS & ~EQUAL)).ne(0)] = either(
            [op("ne", x, x, type_=I1) for x in (a, b)]
        )

    # -- conversions ---------------------------------------------------------------------------
    def to_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        pattern, bits, truncates = arguments
        x = self.operand(pattern)
        whole = op("trunc" if truncates.imm else "nearest", x)
        type_ = I32 if bits.imm == 32 else I64
        result = local(I64, f"{var.imm}.i{len(self.out)}")
        bias, fraction = (1023, 52) if x.type is F64 else (127, 23)
        limit = make("const", x.type, imm=bias + bits.imm - 1 << fraction)
        fast = make(f"{type_.name}.trunc_sat_{x.type.name}_s", type_, whole)
        self.out.append(Set(result, fast.zext(I64)))
        slow = [invert(less(op("abs", x), limit)), invert(floats.is_plain(x.type))]
        call = make("call", I64, floats.bits_of(x), bits, truncates, imm=name)
        self.unless(slow, [TRUE], [Set(result, call)])
        self.known[var] = result

    def from_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        """Exact for small integers, whatever MXCSR says."""
        (x,) = arguments
        type_, exact = (F64, 1 << 53) if name.endswith("f64") else (F32, 1 << 24)
        result = local(type_, f"{var.imm}.f{len(self.out)}")
        self.out.append(Set(result, make(f"{type_.name}.convert_i64_s", type_, x)))
        slow = [const(I64, 2 * exact).ltu(x + exact) & invert(floats.is_plain(type_))]
        self.unless(slow, [TRUE], floats.call(result, name, x))
        self.result(var, result)

    def narrow(self, name: str, var: Value, arguments: list[Value]) -> None:
        x = self.operand(arguments[0])
        result = local(F32, f"{var.imm}.f{len(self.out)}")
        self.out.append(Set(result, make("f32.demote_f64", F32, x)))
        slow = [invert(floats.is_normal(result))]
        self.unless(slow, [TRUE], floats.call(result, name, floats.bits_of(x)))
        self.result(var, result)

    def widen(self, name: str, var: Value, arguments: list[Value]) -> None:
        x = self.operand(arguments[0])
        result = local(F64, f"{var.imm}.f{len(self.out)}")
        self.out.append(Set(result, make("f64.promote_f32", F64, x)))
        quick, wrong = self._unequal(x, x)
        if quick:
            self.unless(quick, wrong, floats.call(result, name, floats.bits_of(x)))
        self.result(var, result)

    # -- whole registers -----------------------------------------------------------------------
    def packed(self, name: str, var: Value, arguments: list[Value]) -> None:
        type_ = type_of_packed(name)
        shape, int_shape = ("f64x2", "i64x2") if type_ is F64 else ("f32x4", "i32x4")
        operation = name[:-2]
        result = local(V128, f"{var.imm}.v{len(self.out)}")
        self.out.append(Set(result, make(f"{shape}.{operation}", V128, *arguments)))
        normal = operation in ("mul", "div")
        good = right = floats.good_lanes(type_, result, normal=normal)
        if normal:
            right = self._or_exact_zero(type_, result, arguments[: 1 + (operation == "mul")], right)
        for x in dict.fromkeys(arguments):
            if make(f"{shape}.abs", V128, x) not in self.normal:
                exponents = make("v128.and", V128, x, floats.splat(type_, floats.EXPONENT[type_]))
                small = make(f"{int_shape}.eq", V128, exponents, const(V128, 0))
                good = make("v128.andnot", V128, good, small)
                right = make("v128.andnot", V128, right, floats.denormal_lanes(type_, x))
        all_ = const(I32, 3 if type_ is F64 else 15)
        quick, wrong = (make(f"{int_shape}.bitmask", I32, m).ne(all_) for m in (good, right))
        self.unless([quick], [wrong], floats.call(result, name, *arguments))
        self.known[var] = result
        self.normal.add(make(f"{shape}.abs", V128, result))

    def _or_exact_zero(
        self, type_: Type, result: Value, factors: list[Value], good: Value
    ) -> Value:
        """Or a zero that comes of a zero."""
        shape = f"f{type_.bits}x{128 // type_.bits}"

        def is_zero(x: Value) -> Value:
            return make(f"{shape}.eq", V128, x, const(V128, 0))

        zero = reduce(lambda a, b: make("v128.or", V128, a, b), map(is_zero, factors))
        zero = make("v128.and", V128, zero, is_zero(result))
        zero = make("v128.and", V128, zero, floats.good_lanes(type_, result, normal=False))
        return make("v128.or", V128, good, zero)
