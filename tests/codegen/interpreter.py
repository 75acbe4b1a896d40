"""Raw statements run on Python integers: what the backend's code must agree with."""

from __future__ import annotations

from collections.abc import Callable

from elfin.bits import M32, mask, sign_extend
from elfin.ir.evaluate import fold
from elfin.ir.stmt import (
    Block,
    Br,
    Drop,
    Function,
    Group,
    If,
    Let,
    Loop,
    MemoryCopy,
    MemoryFill,
    RawStore,
    Return,
    Set,
    Stmt,
    Switch,
)
from elfin.ir.value import Value

Callee = Callable[..., int | None]


class Left(Exception):
    """Control goes to the end of a block, to the start of a loop, or out of the function."""

    def __init__(self, label: str | None, results: tuple[int, ...] = ()) -> None:
        self.label = label
        self.results = results


class Interpreter:
    """One memory; `run` executes a function on it."""

    def __init__(self, memory: bytearray, callees: dict[str, Callee] | None = None) -> None:
        self.memory = memory
        self.callees = callees or {}
        self.vars: dict[Value, int] = {}

    def run(self, function: Function, *arguments: int) -> tuple[int, ...]:
        self.vars = dict(zip(function.params, arguments, strict=True))
        try:
            self.body(function.body)
        except Left as left:
            return left.results
        return ()

    def body(self, statements: list[Stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, s: Stmt) -> None:
        match s:
            case Let(var, value) | Set(var, value):
                result = self.root(value)
                if var is not None:
                    self.vars[var] = result
            case Drop(value):
                self.root(value)
            case RawStore(base, offset, value, bits):
                at, pattern = self.value(base) + offset, self.value(value) & mask(bits)
                self.memory[at : at + bits // 8] = pattern.to_bytes(bits // 8, "little")
            case MemoryFill(base, byte, length):
                at, n = self.value(base), self.value(length)
                self.memory[at : at + n] = bytes([self.value(byte) & 255]) * n
            case MemoryCopy(to, source, length):
                at, start, n = self.value(to), self.value(source), self.value(length)
                self.memory[at : at + n] = self.memory[start : start + n]
            case If(when, then, other):
                self.body(then if self.value(when) else other)
            case Block(label, body):
                self.labelled(label, body)
            case Group(_, body):
                self.body(body)
            case Loop(label, body):
                while self.labelled(label, body):
                    pass
            case Br(label):
                raise Left(label)
            case Switch(index, cases, default):
                at = self.value(index)
                self.body(cases[at] if at < len(cases) else default)
            case Return(values):
                raise Left(None, tuple(self.value(v) for v in values))
            case _:
                raise AssertionError(s)

    def labelled(self, label: str, body: list[Stmt]) -> bool:
        """Whether control left to the label."""
        try:
            self.body(body)
        except Left as left:
            if left.label != label:
                raise
            return True
        return False

    def root(self, value: Value) -> int:
        if value.op == "call":
            return self.callees[value.imm](*map(self.value, value.args)) or 0
        return self.value(value)

    def value(self, value: Value, known: dict[Value, int] | None = None) -> int:
        known = {} if known is None else known
        if value not in known:
            known[value] = self.compute(value, known)
        return known[value]

    def compute(self, value: Value, known: dict[Value, int]) -> int:
        bits = value.type.bits
        match value.op:
            case "const":
                return int(value.imm)
            case "local":
                return self.vars[value]
        args = [self.value(a, known) for a in value.args]
        match value.op:
            case "zext" | "bitcast":
                return args[0]
            case "trunc":
                return args[0] & mask(bits)
            case "sext":
                return sign_extend(args[0], value.args[0].type.bits, bits)
            case "raw_load":
                offset, loaded, is_signed = value.imm
                at = (args[0] & M32) + offset
                data = int.from_bytes(self.memory[at : at + loaded // 8], "little")
                return sign_extend(data, loaded, bits) if is_signed else data & mask(bits)
            case op:
                first = value.args[0].type.bits
                return fold(op, first, *args, imm=value.imm)
