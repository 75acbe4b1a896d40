"""Float operations in line with exact results but without exact sticky flags (`Policy.sticky` says which).

Input:  as `inline.Inline`, for a function that is only entered while MXCSR is plain (to nearest, all masked, no DAZ,
        no FTZ) and the guest has not written to it.
Output: Wasm's own instruction and one test of its result: a NaN or an infinity takes the slow path, so invalid,
        zero-divide and overflow are still raised.  Denormal, underflow and precision are not looked for.

`normal` here are float values that are known to be finite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.core.softfloat_convert import EQUAL, LESS, UNORDERED
from elfin.ir.stmt import Let, Set
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type
from elfin.ir.value import FALSE, TRUE, Value, const, local, make
from elfin.tiers.jit import floats
from elfin.tiers.jit.floats import invert, less, op
from elfin.tiers.jit.inline import Inline, either, type_of_packed

ONES: Final = const(V128, (1 << 128) - 1)


def is_odd(x: Value) -> Value:
    """Is it infinite or NaN?  Then it less itself is NaN: no constant, and a comparison that engines fuse with
    the branch."""
    return is_nan(op("sub", x, x))


def is_nan(x: Value) -> Value:
    return op("ne", x, x, type_=I1)


def any_odd(type_: Type, x: Value) -> Value:
    """Is a lane infinite or NaN?  Then it less itself is NaN."""
    return any_nan(type_, make(f"{floats.shape(type_)}.sub", V128, x, x))


def any_nan(type_: Type, x: Value) -> Value:
    return make("v128.any_true", I1, make(f"{floats.shape(type_)}.ne", V128, x, x))


def as_vector(x: Value) -> Value:
    """A vector with this float in lane 0, whatever else."""
    if x.op.endswith(".extract_lane") and x.imm == 0:
        return x.args[0]
    return make(f"{floats.shape(x.type)}.splat", V128, x)


class Quick(Inline):
    """As `Inline`, with other operations."""

    def expand(self, name: str, var: Value, arguments: list[Value]) -> bool:
        found = QUICK.get(name)
        if found is None:
            return False
        self.floats.used = True
        found(self, name, var, arguments)
        return True

    # -- parts ---------------------------------------------------------------------------------
    def finish(self, var: Value, result: Value, odd: Value, name: str, *arguments: Value) -> None:
        """`var` stands for `result`, a float or vector variable; where that is odd the core function says it."""
        if odd is not FALSE:
            call = make("call", floats.BITS.get(result.type, V128), *arguments, imm=name)
            pattern = local(call.type, f"{var.imm}.bits")
            value = pattern if result.type is V128 else make("bitcast", result.type, pattern)
            self.unless([odd], [TRUE], [Let(pattern, call), Set(result, value)])
        if result.type is V128:
            self.known[var] = result
        else:
            self.known[var] = make("bitcast", floats.BITS[result.type], result)

    def float_variable(self, var: Value, type_: Type, value: Value) -> Value:
        result = local(type_, f"{var.imm}.f{len(self.out)}")
        self.out.append(Set(result, value))
        return result

    def nans(self, *operands: Value) -> Value:
        """Is one of them NaN?"""
        return either([is_nan(x) for x in dict.fromkeys(operands) if x not in self.normal])

    # -- scalars -------------------------------------------------------------------------------
    def arithmetic(self, name: str, var: Value, arguments: list[Value]) -> None:
        xs = [self.operand(a) for a in arguments]
        operation = name[4:].removesuffix("_of")
        result = self.float_variable(var, xs[0].type, op(operation, *xs))
        self.finish(var, result, is_odd(result), name, *map(floats.bits_of, xs))
        self.normal.add(result)

    def extreme(self, name: str, var: Value, arguments: list[Value]) -> None:
        """The first only if it is really less or greater."""
        a, b = (self.operand(x) for x in arguments)
        wins = less(a, b) if name.endswith("min") else less(b, a)
        result = self.float_variable(var, a.type, wins.select(a, b))
        self.finish(var, result, self.nans(a, b), name, *map(floats.bits_of, (a, b)))
        if a in self.normal and b in self.normal:
            self.normal.add(result)

    def compare(self, name: str, var: Value, arguments: list[Value]) -> None:
        """CMPSS, CMPSD: a mask."""
        a, b = (self.operand(x) for x in arguments[:2])
        mask = self._mask(a.type, as_vector(a), as_vector(b), arguments[2])
        lanes = f"i{a.type.bits}x{128 // a.type.bits}"
        result = self.float_variable(var, V128, mask)
        bits = floats.BITS[a.type]
        odd = self.nans(a, b)
        if odd is not FALSE:
            pattern = local(bits, f"{var.imm}.bits")
            call = make("call", bits, *map(floats.bits_of, (a, b)), arguments[2], imm=name)
            splat = make(f"{lanes}.splat", V128, pattern)
            self.unless([odd], [TRUE], [Let(pattern, call), Set(result, splat)])
        self.known[var] = make(f"{lanes}.extract_lane", bits, result, imm=0)

    def _mask(self, type_: Type, a: Value, b: Value, immediate: Value) -> Value:
        """Of numbers: EQ LT LE UNORD, and their opposites."""
        predicate = immediate.args[0].imm if immediate.op == "zext" else immediate.imm
        if predicate & 3 == 3:
            return ONES if predicate & 4 else const(V128, 0)
        mask = make(f"{floats.shape(type_)}.{('eq', 'lt', 'le')[predicate & 3]}", V128, a, b)
        return make("v128.not", V128, mask) if predicate & 4 else mask

    def relation(self, name: str, var: Value, arguments: list[Value]) -> None:
        """COMIS and UCOMIS: compared where it is asked.  NaNs come behind only if a call was made."""
        xs = [self.operand(x) for x in arguments[:2]]
        a, b = (
            self.float_variable(local(I32, f"{var.imm}.{i}"), x.type, x) for i, x in enumerate(xs)
        )
        odd = self.nans(*xs)
        ignored = local(I32, f"{var.imm}.ignored")
        call = make("call", I32, *map(floats.bits_of, (a, b)), arguments[2], imm=name)
        may_be_nan = odd is not FALSE and self.slow_calls
        if odd is not FALSE:
            self.unless([odd], [TRUE], [Let(ignored, call)])
        unordered = either([is_nan(x) for x in (a, b)]) if may_be_nan else FALSE
        self.known[(var & (UNORDERED & ~LESS & ~EQUAL)).ne(0)] = unordered
        if may_be_nan:
            self.known[(var & LESS).ne(0)] = invert(op("ge", a, b, type_=I1))
            self.known[(var & EQUAL).ne(0)] = invert(less(a, b) | op("gt", a, b, type_=I1))
        else:
            self.known[(var & LESS).ne(0)] = less(a, b)
            self.known[(var & EQUAL).ne(0)] = op("eq", a, b, type_=I1)

    # -- conversions ---------------------------------------------------------------------------
    def to_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        pattern, bits, truncates = arguments
        x = self.operand(pattern)
        whole = x if truncates.imm else op("nearest", x)
        type_ = I32 if bits.imm == 32 else I64
        result = local(I64, f"{var.imm}.i{len(self.out)}")
        bias, fraction = (1023, 52) if x.type is F64 else (127, 23)
        limit = make("const", x.type, imm=bias + bits.imm - 1 << fraction)
        fast = make(f"{type_.name}.trunc_sat_{x.type.name}_s", type_, whole)
        self.out.append(Set(result, fast.zext(I64)))
        call = make("call", I64, floats.bits_of(x), bits, truncates, imm=name)
        large = invert(less(op("abs", whole), limit))
        self.unless([large], [TRUE], [Set(result, call)])
        self.known[var] = result

    def from_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        type_ = F64 if name.endswith("f64") else F32
        converted = make(f"{type_.name}.convert_i64_s", type_, arguments[0])
        result = self.float_variable(var, type_, converted)
        self.finish(var, result, FALSE, name)
        self.normal.add(result)

    def narrow(self, name: str, var: Value, arguments: list[Value]) -> None:
        x = self.operand(arguments[0])
        result = self.float_variable(var, F32, make("f32.demote_f64", F32, x))
        self.finish(var, result, is_odd(result), name, floats.bits_of(x))
        self.normal.add(result)

    def widen(self, name: str, var: Value, arguments: list[Value]) -> None:
        x = self.operand(arguments[0])
        result = self.float_variable(var, F64, make("f64.promote_f32", F64, x))
        self.finish(var, result, self.nans(x), name, floats.bits_of(x))
        if x in self.normal:
            self.normal.add(result)

    # -- whole registers -----------------------------------------------------------------------
    def packed(self, name: str, var: Value, arguments: list[Value]) -> None:
        type_ = type_of_packed(name)
        value = make(f"{floats.shape(type_)}.{name[:-2]}", V128, *arguments)
        result = self.float_variable(var, V128, value)
        self.finish(var, result, any_odd(type_, result), name, *arguments)
        self.normal.add(floats.magnitudes(type_, result))

    def _nan_lanes(self, type_: Type, *vectors: Value) -> Value:
        found = [
            any_nan(type_, x)
            for x in dict.fromkeys(vectors)
            if floats.magnitudes(type_, x) not in self.normal
        ]
        return either(found)

    def packed_extreme(self, name: str, var: Value, arguments: list[Value]) -> None:
        """Wasm's pmin(x, y) is y only if that is less."""
        type_, (a, b) = type_of_packed(name), arguments
        value = make(f"{floats.shape(type_)}.p{name[:3]}", V128, b, a)
        result = self.float_variable(var, V128, value)
        self.finish(var, result, self._nan_lanes(type_, a, b), name, a, b)

    def packed_compare(self, name: str, var: Value, arguments: list[Value]) -> None:
        type_, (a, b, predicate) = type_of_packed(name), arguments
        result = self.float_variable(var, V128, self._mask(type_, a, b, predicate))
        self.finish(var, result, self._nan_lanes(type_, a, b), name, *arguments)

    def packed_from_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        value = make("f32x4.convert_i32x4_s", V128, *arguments)
        result = self.float_variable(var, V128, value)
        self.finish(var, result, FALSE, name)
        self.normal.add(floats.magnitudes(F32, result))

    def packed_to_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        x, truncates = arguments
        type_, limit = (F64, 0x41E << 52) if name.startswith("f64") else (F32, 0x9E << 23)
        shape = floats.shape(type_)
        whole = x if truncates.imm else make(f"{shape}.nearest", V128, x)
        way = "trunc_sat_f64x2_s_zero" if type_ is F64 else "trunc_sat_f32x4_s"
        result = self.float_variable(var, V128, make(f"i32x4.{way}", V128, whole))
        size = make(f"{shape}.abs", V128, whole)
        small = make(f"{shape}.lt", V128, size, floats.splat(type_, limit))
        odd = make("v128.any_true", I1, make("v128.not", V128, small))
        self.finish(var, result, odd, name, *arguments)

    def packed_narrow(self, name: str, var: Value, arguments: list[Value]) -> None:
        result = self.float_variable(var, V128, make("f32x4.demote_f64x2_zero", V128, *arguments))
        self.finish(var, result, any_odd(F32, result), name, *arguments)
        self.normal.add(floats.magnitudes(F32, result))

    def packed_widen(self, name: str, var: Value, arguments: list[Value]) -> None:
        (pattern,) = arguments
        if pattern.op == "i64x2.extract_lane" and pattern.imm == 0:
            vector = pattern.args[0]
        else:
            vector = make("i64x2.splat", V128, pattern)
        result = self.float_variable(var, V128, make("f64x2.promote_low_f32x4", V128, vector))
        self.finish(var, result, any_nan(F64, result), name, pattern)


Expansion = Callable[[Quick, str, Value, list[Value]], None]
QUICK: Final[dict[str, Expansion]] = {
    **{f"{t}_{o}": Quick.arithmetic for t in ("f32", "f64") for o in ("add", "sub", "mul", "div", "sqrt_of")},
    **{f"{t}_{o}": Quick.extreme for t in ("f32", "f64") for o in ("min", "max")},
    **{f"{t}_relation": Quick.relation for t in ("f32", "f64")},
    **{f"{t}_compare": Quick.compare for t in ("f32", "f64")},
    **{f"{t}_to_integer": Quick.to_integer for t in ("f32", "f64")},
    "i64_to_f64": Quick.from_integer,
    "i64_to_f32": Quick.from_integer,
    "f64_to_f32": Quick.narrow,
    "f32_to_f64": Quick.widen,
    **{f"{o}p{t}": Quick.packed for t in "sd" for o in ("add", "sub", "mul", "div", "sqrt")},
    **{f"{o}p{t}": Quick.packed_extreme for t in "sd" for o in ("min", "max")},
    **{f"cmpp{t}": Quick.packed_compare for t in "sd"},
    "i32x4_to_f32x4": Quick.packed_from_integer,
    "f32x4_to_i32x4": Quick.packed_to_integer,
    "f64x2_to_i32x4": Quick.packed_to_integer,
    "f64x2_to_f32x4": Quick.packed_narrow,
    "f32x4_to_f64x2": Quick.packed_widen,
}  # fmt: skip
