"""Float operations in line with exact results but without exact sticky flags (`Policy.sticky` says which).

Input:  as `inline.Inline`, for a function that is only entered while MXCSR is plain (to nearest, all masked, no DAZ,
        no FTZ) and the guest has not written to it.
Output: Wasm's own instruction.  A NaN or an infinity takes the slow path, so invalid, zero-divide and overflow are
        still raised.  Denormal, underflow and precision are not looked for.

Results are not tested one by one.  A NaN or an infinity makes one of what is computed from it, so only the last of a
chain is tested, and of several the sum: once, before something happens that cannot be taken back.  If the test
fails, the block is left with all registers as they were at the first of the operations (`undo`).
`normal` here are float values that are known to be finite, if the tests to come hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Final

from elfin.codegen.locals import HOMES, as_float
from elfin.core.softfloat_convert import EQUAL, LESS, UNORDERED
from elfin.ir.stmt import Let, Set
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type
from elfin.ir.value import FALSE, TRUE, Value, const, local, make
from elfin.records import dataclass, field
from elfin.tiers.jit import floats
from elfin.tiers.jit.float_calls import EXPANSIONS, Inline, either, type_of_packed
from elfin.tiers.jit.floats import invert, less, op, shape

ONES: Final = const(V128, (1 << 128) - 1)
REGISTERS: Final = frozenset(HOMES.values())


def is_odd(kind: str, x: Value, *, masks: bool) -> Value:
    """Is it, or a lane of it, infinite or NaN?  Then it less itself is NaN: that takes no constant, and a comparison
    that engines fuse with the branch.  Else it is +0: no bit is set.  `masks`: see `Floats`."""
    nothing = difference(kind, x)
    if x.type is V128 and not masks:
        return make("v128.any_true", I1, nothing)
    return is_nan(kind, nothing, masks=masks)


def difference(kind: str, x: Value) -> Value:
    """+0, or NaN if it is infinite or NaN."""
    return make(f"{kind}.sub", x.type, x, x)


def total(kind: str, xs: Sequence[Value]) -> Value:
    """NaN if one of them is, and maybe if two are infinite."""
    return reduce(partial(make, f"{kind}.add", xs[0].type), xs)


def is_nan(kind: str, x: Value, *, masks: bool = False) -> Value:
    if x.type is not V128:
        return make(f"{kind}.ne", I1, x, x)
    lanes = make(f"{kind}.ne", V128, x, x)
    if masks:
        return make(f"i{kind[1:]}.bitmask", I32, lanes).ne(0)
    return make("v128.any_true", I1, lanes)


def kind_of(x: Value, type_: Type) -> str:
    """The ops for it: those of the float type, or of a vector of it."""
    return shape(type_) if x.type is V128 else type_.name


def lowest_lane(register: Value, type_: Type) -> Value:
    return make(f"{shape(type_)}.extract_lane", type_, register, imm=0)


def as_vector(x: Value) -> Value:
    """A vector with this float in lane 0, whatever else."""
    if x.op.endswith(".extract_lane") and x.imm == 0:
        return x.args[0]
    return make(f"{shape(x.type)}.splat", V128, x)


QUICK: Final[dict[str, str]] = {
    **EXPANSIONS,
    **{f"{t}_compare": "compare" for t in ("f32", "f64")},
    **{f"{o}p{t}": "packed_extreme" for t in "sd" for o in ("min", "max")},
    **{f"cmpp{t}": "packed_compare" for t in "sd"},
    "i32x4_to_f32x4": "packed_from_integer",
    "f32x4_to_i32x4": "packed_to_integer",
    "f64x2_to_i32x4": "packed_to_integer",
    "f64x2_to_f32x4": "packed_narrow",
    "f32x4_to_f64x2": "packed_widen",
}


@dataclass(slots=True)
class Quick(Inline):
    """As `Inline`, with other operations.  With `slow_calls` each is tested at once."""

    expansions = QUICK
    begin: Callable[[], None] = lambda: None  # from here on something is to be tested
    results: dict[Value, str] = field(default_factory=dict)  # for infinities and NaNs
    numbers: dict[Value, str] = field(default_factory=dict)  # for NaNs
    wrong: list[Value] = field(default_factory=list)  # conditions that must not hold
    holds: dict[Value, Value] = field(default_factory=dict)  # register or lowest lane -> variable

    def tests(self) -> list[Value]:
        """If one of these holds, something is wrong with what was computed since this was asked last."""
        masks = self.floats.masks
        for kind in dict.fromkeys((*self.results.values(), *self.numbers.values())):
            xs = [x for x, of in self.results.items() if of == kind]
            ys = [y for y, of in self.numbers.items() if of == kind]
            if not xs:
                self.wrong.append(is_nan(kind, total(kind, ys), masks=masks))
            elif not ys:
                self.wrong.append(is_odd(kind, total(kind, xs), masks=masks))
            else:  # zero more
                nothing = difference(kind, total(kind, xs))
                self.wrong.append(is_nan(kind, total(kind, [nothing, *ys]), masks=masks))
        wrong, self.wrong, self.results, self.numbers = self.wrong, [], {}, {}
        return wrong

    def forget(self) -> None:
        self.normal.clear()
        self.holds.clear()

    # -- what registers hold -------------------------------------------------------------------
    def written(self, register: Value, value: Value, at: int, lowest: Value | None) -> None:
        Inline.written(self, register, value, at, lowest)
        lanes = {type_: lowest_lane(register, type_) for type_ in (F64, F32)}
        if lowest is not None:
            lanes[lowest.type] = lowest
        self.holds.pop(register, None)
        if at >= F64.bytes:
            return
        for place in lanes.values():
            self.holds.pop(place, None)
        if value.type is V128 and not (value.op.endswith(".replace_lane") and value.imm == 0):
            self._note(register, value)
            for type_, place in lanes.items():
                self._note(place, lowest_lane(value, type_))
        elif at == 0:
            x = value.args[1] if value.type is V128 else value
            x = as_float(x) if x.type in (I32, I64) else x
            if x.type in lanes:
                self._note(lanes[x.type], x)

    def _note(self, place: Value, value: Value) -> None:
        value = self.holds.get(value, value)
        if value.op == "local" and value not in REGISTERS:
            self.holds[place] = value

    def operand(self, pattern: Value) -> Value:
        """A float operand, as a variable that stays: a test of it may come later."""
        return self.vector(as_float(pattern))

    def vector(self, x: Value) -> Value:
        """The same of a vector."""
        found = self.holds.get(x, x)
        if found.op == "const" or (found.op == "local" and found not in REGISTERS):
            return found
        name = local(x.type, f"x{len(self.out)}")
        self.out.append(Let(name, x))
        if x in self.normal:
            self.normal.add(name)
        for type_ in (F64, F32) if x.type is V128 else ():
            if floats.magnitudes(type_, x) in self.normal:
                self.normal.add(floats.magnitudes(type_, name))
        is_lowest = x.op.endswith(".extract_lane") and x.imm == 0
        if (x.args[0] if is_lowest else x) in REGISTERS:
            self.holds[x] = name
        return name

    # -- parts ---------------------------------------------------------------------------------
    def variable(self, var: Value, type_: Type, value: Value) -> Value:
        """A variable for the result; `var` stands for its bits."""
        result = local(type_, f"{var.imm}.f{len(self.out)}")
        self.out.append(Set(result, value))
        self.known[var] = result if type_ is V128 else make("bitcast", floats.BITS[type_], result)
        return result

    def computed(self, name: str, result: Value, type_: Type, arguments: list[Value]) -> None:
        """By arithmetic: it is to be tested, and such of its operands need not be that it shows."""
        kind = kind_of(result, type_)
        if self.slow_calls:
            odd = is_odd(kind, result, masks=self.floats.masks)
            self.call_if(odd, name, result, *arguments)
            return
        self.begin()
        for x in arguments[: 1 if "div" in name else 2]:
            self.results.pop(x, None)
        self.results[result] = kind
        self.normal.add(result if result.type is not V128 else floats.magnitudes(type_, result))

    def must_not(self, odd: Value, name: str, result: Value, *arguments: Value) -> None:
        """The result is right unless `odd`."""
        if odd is FALSE:
            return
        if self.slow_calls:
            self.call_if(odd, name, result, *arguments)
        else:
            self.begin()
            self.wrong.append(odd)

    def call_if(self, odd: Value, name: str, result: Value, *arguments: Value) -> None:
        """Call the core function, which gives the bits of the result."""
        arguments = tuple(floats.bits_of(x) if x.type in floats.BITS else x for x in arguments)
        call = make("call", floats.BITS.get(result.type, result.type), *arguments, imm=name)
        bits = local(call.type, f"{result.imm}.bits")
        value = bits if result.type is call.type else make("bitcast", result.type, bits)
        self.unless([odd], [TRUE], [Let(bits, call), Set(result, value)])

    def nans(self, type_: Type, *operands: Value) -> list[Value]:
        """Those of them that may be NaN, or have a lane that is."""
        return [
            x
            for x in dict.fromkeys(operands)
            if (floats.magnitudes(type_, x) if x.type is V128 else x) not in self.normal
        ]

    def must_be_numbers(
        self, suspects: list[Value], type_: Type, name: str, result: Value, *arguments: Value
    ) -> None:
        """The result is right unless one of the suspects is NaN."""
        if not suspects:
            return
        kind = kind_of(suspects[0], type_)
        if self.slow_calls:
            odd = is_nan(kind, total(kind, suspects), masks=self.floats.masks)
            self.call_if(odd, name, result, *arguments)
        else:
            self.begin()
            self.numbers.update(dict.fromkeys(suspects, kind))

    # -- arithmetic ----------------------------------------------------------------------------
    def arithmetic(self, name: str, var: Value, arguments: list[Value]) -> None:
        xs = [self.operand(a) for a in arguments]
        operation = name[4:].removesuffix("_of")
        result = self.variable(var, xs[0].type, op(operation, *xs))
        self.computed(name, result, result.type, xs)

    def packed(self, name: str, var: Value, arguments: list[Value]) -> None:
        type_, xs = type_of_packed(name), [self.vector(a) for a in arguments]
        result = self.variable(var, V128, make(f"{shape(type_)}.{name[:-2]}", V128, *xs))
        self.computed(name, result, type_, xs)

    # -- comparisons ---------------------------------------------------------------------------
    def extreme(self, name: str, var: Value, arguments: list[Value]) -> None:
        """The first only if it is really less or greater."""
        a, b = (self.operand(x) for x in arguments)
        wins = less(a, b) if name.endswith("min") else less(b, a)
        result = self.variable(var, a.type, wins.select(a, b))
        self.must_be_numbers(self.nans(a.type, a, b), a.type, name, result, a, b)
        if a in self.normal and b in self.normal:
            self.normal.add(result)

    def packed_extreme(self, name: str, var: Value, arguments: list[Value]) -> None:
        """Wasm's pmin(x, y) is y only if that is less."""
        type_, (a, b) = type_of_packed(name), (self.vector(a) for a in arguments)
        result = self.variable(var, V128, make(f"{shape(type_)}.p{name[:3]}", V128, b, a))
        self.must_be_numbers(self.nans(type_, a, b), type_, name, result, a, b)

    def compare(self, name: str, var: Value, arguments: list[Value]) -> None:
        """CMPSS, CMPSD: a mask."""
        a, b = (self.operand(x) for x in arguments[:2])
        bits = floats.BITS[a.type]
        result = self.variable(var, V128, _mask(a.type, as_vector(a), as_vector(b), arguments[2]))
        lanes = f"{bits.name}x{128 // bits.bits}"
        self.known[var] = make(f"{lanes}.extract_lane", bits, result, imm=0)
        suspects = self.nans(a.type, a, b)
        if self.slow_calls and suspects:
            odd = is_nan(a.type.name, total(a.type.name, suspects))
            pattern = local(bits, f"{var.imm}.bits")
            call = make("call", bits, *map(floats.bits_of, (a, b)), arguments[2], imm=name)
            splat = make(f"{lanes}.splat", V128, pattern)
            self.unless([odd], [TRUE], [Let(pattern, call), Set(result, splat)])
        else:
            self.must_be_numbers(suspects, a.type, name, result)

    def packed_compare(self, name: str, var: Value, arguments: list[Value]) -> None:
        type_, predicate = type_of_packed(name), arguments[2]
        a, b = (self.vector(x) for x in arguments[:2])
        result = self.variable(var, V128, _mask(type_, a, b, predicate))
        self.must_be_numbers(self.nans(type_, a, b), type_, name, result, a, b, predicate)

    def relation(self, name: str, var: Value, arguments: list[Value]) -> None:
        """COMIS and UCOMIS: compared where it is asked.  NaNs come behind only if a call was made."""
        xs = [self.operand(x) for x in arguments[:2]]
        a, b = (local(x.type, f"{var.imm}.{i}") for i, x in enumerate(xs))
        self.out += [Set(a, xs[0]), Set(b, xs[1])]
        suspects = self.nans(a.type, *xs)
        may_be_nan = bool(suspects) and self.slow_calls
        if may_be_nan:
            odd = is_nan(a.type.name, total(a.type.name, suspects))
            ignored = local(I32, f"{var.imm}.ignored")
            call = make("call", I32, *map(floats.bits_of, (a, b)), arguments[2], imm=name)
            self.unless([odd], [TRUE], [Let(ignored, call)])
        else:
            self.must_be_numbers(suspects, a.type, name, a)
        unordered = either([is_nan(x.type.name, x) for x in (a, b)]) if may_be_nan else FALSE
        is_less, is_equal = less(a, b), op("eq", a, b, type_=I1)
        differs = is_less | op("gt", a, b, type_=I1)
        for bits, holds in (
            (LESS, invert(op("ge", a, b, type_=I1)) if may_be_nan else is_less),
            (EQUAL, invert(differs) if may_be_nan else is_equal),
            (UNORDERED & ~LESS & ~EQUAL, unordered),
        ):
            self.known[(var & bits).ne(0)] = holds
        if not may_be_nan:  # what conditions make of these
            self.ordered[is_less | is_equal] = op("le", a, b, type_=I1)
            for holds, name_ in ((is_less | is_equal, "gt"), (is_less, "ge"), (is_equal, "ne")):
                self.ordered[~holds] = op(name_, a, b, type_=I1)

    # -- conversions ---------------------------------------------------------------------------
    def to_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        pattern, bits, truncates = arguments
        x = self.operand(pattern)
        whole = x if truncates.imm else op("nearest", x)
        type_ = I32 if bits.imm == 32 else I64
        result = local(I64, f"{var.imm}.i{len(self.out)}")
        bias, fraction = (1023, 52) if x.type is F64 else (127, 23)
        limit = (bias + bits.imm - 1 << fraction) * 2
        fast = make(f"{type_.name}.trunc_sat_{x.type.name}_s", type_, whole)
        self.out.append(Set(result, fast.zext(I64)))
        pattern = floats.bits_of(
            whole
        )  # compared as an integer: NaNs are large, and it is one branch
        large = const(pattern.type, limit).leu(pattern << 1)
        self.must_not(large, name, result, x, bits, truncates)
        self.known[var] = result

    def packed_to_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        x, truncates = self.vector(arguments[0]), arguments[1]
        type_, limit = (F64, 0x41E << 52) if name.startswith("f64") else (F32, 0x9E << 23)
        whole = x if truncates.imm else make(f"{shape(type_)}.nearest", V128, x)
        way = "trunc_sat_f64x2_s_zero" if type_ is F64 else "trunc_sat_f32x4_s"
        result = self.variable(var, V128, make(f"i32x4.{way}", V128, whole))
        size = make(f"{shape(type_)}.abs", V128, whole)
        small = make(f"{shape(type_)}.lt", V128, size, floats.splat(type_, limit))
        odd = make("v128.any_true", I1, make("v128.not", V128, small))
        self.must_not(odd, name, result, x, truncates)

    def from_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        type_ = F64 if name.endswith("f64") else F32
        converted = make(f"{type_.name}.convert_i64_s", type_, arguments[0])
        self.normal.add(self.variable(var, type_, converted))

    def packed_from_integer(self, name: str, var: Value, arguments: list[Value]) -> None:
        result = self.variable(var, V128, make("f32x4.convert_i32x4_s", V128, *arguments))
        self.normal.add(floats.magnitudes(F32, result))

    def narrow(self, name: str, var: Value, arguments: list[Value]) -> None:
        x = self.operand(arguments[0])
        result = self.variable(var, F32, make("f32.demote_f64", F32, x))
        self.computed(name, result, F32, [x])

    def packed_narrow(self, name: str, var: Value, arguments: list[Value]) -> None:
        x = self.vector(arguments[0])
        result = self.variable(var, V128, make("f32x4.demote_f64x2_zero", V128, x))
        self.computed(name, result, F32, [x])

    def widen(self, name: str, var: Value, arguments: list[Value]) -> None:
        x = self.operand(arguments[0])
        result = self.variable(var, F64, make("f64.promote_f32", F64, x))
        self.must_be_numbers(self.nans(F32, x), F32, name, result, x)
        if x in self.normal:
            self.normal.add(result)

    def packed_widen(self, name: str, var: Value, arguments: list[Value]) -> None:
        (pattern,) = arguments
        if pattern.op == "i64x2.extract_lane" and pattern.imm == 0:
            vector = self.vector(pattern.args[0])
        else:
            vector = make("i64x2.splat", V128, pattern)
        result = self.variable(var, V128, make("f64x2.promote_low_f32x4", V128, vector))
        odd = is_nan(shape(F64), result, masks=self.floats.masks)
        self.must_not(odd, name, result, pattern)


def _mask(type_: Type, a: Value, b: Value, immediate: Value) -> Value:
    """Where a predicate holds for numbers: EQ LT LE UNORD, and their opposites."""
    predicate = immediate.args[0].imm if immediate.op == "zext" else immediate.imm
    if predicate & 3 == 3:
        return ONES if predicate & 4 else const(V128, 0)
    mask = make(f"{shape(type_)}.{('eq', 'lt', 'le')[predicate & 3]}", V128, a, b)
    return make("v128.not", V128, mask) if predicate & 4 else mask
