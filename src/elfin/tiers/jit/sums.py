"""What values in a loop are beside registers at its start: sums of them and a number.

Input:  statements over locals, in order.
Output: `Known`: which variables are such sums.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Final

from elfin.bits import signed
from elfin.codegen.locals import BIT, HOMES
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const
from elfin.records import dataclass, field

BITS: Final = {home: BIT[slot] for slot, home in HOMES.items()}


@dataclass(slots=True)
class Sum:
    """Registers as they are at the start, each so many times, and a number."""

    number: int = 0
    times: dict[Value, int] = field(default_factory=dict)

    def plus(self, other: Sum, factor: int = 1) -> Sum:
        times = dict(self.times)
        for register, n in other.times.items():
            times[register] = times.get(register, 0) + factor * n
        return Sum(self.number + factor * other.number, {r: n for r, n in times.items() if n})

    def value(self) -> Value:
        parts = [r if n == 1 else r * const(I64, n) for r, n in self.times.items()]
        if self.number or not parts:
            parts.append(const(I64, self.number))
        return reduce(add, parts)


Known = dict[Value, Sum | None]  # variables that were set; None: to something else


def sum_of(value: Value, known: Known) -> Sum | None:
    """An i64 as a sum."""
    if value.type is not I64:
        return None
    if value.op == "const":
        return Sum(signed(value.imm, 64))
    if value.op == "local":
        return known.get(value, Sum(0, {value: 1}))
    if value.op in ("add", "sub"):
        a, b = (sum_of(x, known) for x in value.args)
        if a is None or b is None:
            return None
        return a.plus(b, 1 if value.op == "add" else -1)
    if value.op == "shl" and value.args[1].op == "const":
        a = sum_of(value.args[0], known)
        return None if a is None else Sum().plus(a, 1 << int(value.args[1].imm) % 64)
    return None


def low_sum(value: Value, known: Known) -> Sum | None:
    """The low half of an i64, or an i32, as a sum modulo 2**32, of which only that half counts."""
    if value.type is not I64 and value.type is not I32:
        return None
    match value.op:
        case "const":
            return Sum(signed(value.imm, 32))
        case "local" if value.type is I32:
            return known.get(value)
        case "local":
            return known.get(value, Sum(0, {value: 1}))
        case "trunc" | "zext" | "sext" if value.args[0].type in (I32, I64):
            return low_sum(value.args[0], known)
        case "add" | "sub":
            a, b = (low_sum(x, known) for x in value.args)
            if a is None or b is None:
                return None
            return _low(a.plus(b, 1 if value.op == "add" else -1))
        case "shl" if value.args[1].op == "const" and int(value.args[1].imm) < 32:
            a = low_sum(value.args[0], known)
            return None if a is None else _low(Sum().plus(a, 1 << int(value.args[1].imm)))
    return None


def _low(some: Sum) -> Sum:
    some.number = signed(some.number, 32)
    return some


def step(address: Sum, end: Known) -> int | None:
    """How much more it is at the next turn, when registers are what they are at the `end` of this; None: not always
    the same."""
    by = 0
    for register, n in address.times.items():
        last = end.get(register, Sum(0, {register: 1}))
        if register not in BITS or last is None or last.times != {register: 1}:
            return None
        by += n * last.number
    return by


def met(ways: list[Known]) -> Known:
    """Of registers, what is known behind all of them."""
    if len(ways) == 1:
        return {register: found for register, found in ways[0].items() if register in BITS}
    known: Known = {}
    for register in dict.fromkeys(name for way in ways for name in way):
        if register in BITS:
            same = Sum(0, {register: 1})
            first = ways[0].get(register, same)
            others = (way.get(register, same) for way in ways)
            known[register] = first if all(x is first or x == first for x in others) else None
    return known
