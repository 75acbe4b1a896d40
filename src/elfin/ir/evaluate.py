"""The meaning of effects, on Python integers: what every other tier must agree with.

Input:  effects (`Let` ... `Leave`), the register file as a buffer in `layout`'s form, guest memory,
        and what `call` values call.
Output: an `Outcome`; register file and memory changed.
Every value is a non-negative integer, the bit pattern of its type, floats and vectors included.  Effects
happen one after the other; a fault ends the list there.  Nothing here knows x86, Wasm, or where pages lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from elfin import rflags
from elfin.bits import mask, sign_extend
from elfin.ir.ops import OPS
from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put, PutAt, Raise, Store
from elfin.ir.types import I1
from elfin.ir.value import Value
from elfin.records import dataclass

State = bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Next:
    """The list came to its end."""


@dataclass(frozen=True, slots=True)
class Goto:
    """A jump was taken."""

    address: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception (SDM vol. 3 table 6-1); `address` is CR2 of a page fault."""

    vector: int
    error: int = 0
    address: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """The instruction is done and asks for the run loop."""

    reason: int


Outcome = Next | Goto | Fault | Left


class Memory(Protocol):
    """Guest memory at 64-bit addresses; an access that may not be is a `Fault`.

    `write`: the same instruction will store there, and must be allowed to.
    """

    def load(self, address: int, n: int, *, write: bool = False) -> bytes | Fault: ...

    def store(self, address: int, data: bytes) -> Fault | None: ...


# A `call` value and its evaluated arguments -> its result, or the fault that it ended with.
Call = Callable[[Value, list[int]], int | Fault]


def no_calls(value: Value, args: list[int]) -> int | Fault:
    """The `Call` of effects that call nothing."""
    raise AssertionError(f"no core function {value.imm} here")


def evaluate(
    effects: Iterable[Effect], state: State, memory: Memory, call: Call = no_calls
) -> Outcome:
    """Run the effects once."""
    return _Run(state, memory, call).effects(effects)


def fold(op: str, bits: int, *args: int, imm: Any = None) -> int:
    """A pure operation on patterns; `bits` is the width of its first integer argument.

    A row with an immediate (lanes, shuffles) gets it last.
    """
    meaning = OPS[op].meaning
    assert meaning is not None, op
    result: int = meaning(bits, *args) if imm is None else meaning(bits, *args, imm)
    return result


class _Run:
    """One evaluation: the variables, and the values known until the register file changes."""

    def __init__(self, state: State, memory: Memory, call: Call) -> None:
        self.state = state
        self.memory = memory
        self.call = call
        self.vars: dict[Value, int] = {}
        self.known: dict[Value, int] = {}

    def effects(self, effects: Iterable[Effect]) -> Outcome:
        for effect in effects:
            match effect:
                case Let(var, value):
                    result = self.right_side(value)
                    if isinstance(result, Fault):
                        return result
                    if var is not None:
                        self.vars[var] = result
                case Put(offset, value):
                    self.put(offset, value)
                case PutAt(offset, value):
                    self.put(self.value(offset), value)
                case Store(address, value):
                    data = self.value(value).to_bytes(value.type.bytes, "little")
                    fault = self.memory.store(self.value(address), data)
                    if fault is not None:
                        return fault
                case Raise(when, vector, error):
                    if self.value(when):
                        return Fault(vector, error)
                case Jump(target):
                    return Goto(self.value(target))
                case Branch(when, target):
                    return Goto(self.value(target)) if self.value(when) else Next()
                case Leave(reason, when):
                    return Left(reason) if self.value(when) else Next()
        return Next()

    def right_side(self, value: Value) -> int | Fault:
        """What a `Let` may hold: a load, a call, or a pure value."""
        if value.op == "load":
            address, update = self.value(value.args[0]), value.imm == "update"
            data = self.memory.load(address, value.type.bytes, write=update)
            return data if isinstance(data, Fault) else int.from_bytes(data, "little")
        if value.op == "call":
            result = self.call(value, [self.value(arg) for arg in value.args])
            self.known.clear()  # it may have written registers
            return result
        return self.value(value)

    def put(self, offset: int, value: Value) -> None:
        pattern = self.value(value)
        self.known.clear()
        if value.type is I1:
            data = rflags.slot_of_flag(offset, pattern).to_bytes(8, "little")
        else:
            data = pattern.to_bytes(value.type.bytes, "little")
        self.state[offset : offset + len(data)] = data

    def get(self, value: Value, offset: int) -> int:
        if value.type is I1:
            slot = int.from_bytes(self.state[offset : offset + 8], "little")
            return rflags.flag_of_slot(offset, slot)
        return int.from_bytes(self.state[offset : offset + value.type.bytes], "little")

    def value(self, value: Value) -> int:
        """A pure value's pattern."""
        known = self.known.get(value)
        if known is not None:
            return known
        args = value.args
        match value.op:
            case "const":
                return int(value.imm)
            case "local":
                return self.vars[value]
            case "get":
                result = self.get(value, value.imm)
            case "get_at":
                result = self.get(value, self.value(args[0]))
            case "zext" | "bitcast":
                result = self.value(args[0])
            case "trunc":
                result = self.value(args[0]) & mask(value.type.bits)
            case "sext":
                result = sign_extend(self.value(args[0]), args[0].type.bits, value.type.bits)
            case op:
                patterns = [self.value(arg) for arg in args]
                bits = args[0].type.bits if args else value.type.bits
                result = fold(op, bits, *patterns, imm=value.imm)
        self.known[value] = result
        return result
