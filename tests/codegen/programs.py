"""Random functions in which the same values come again and again: across stores, calls, arms and rounds."""

from __future__ import annotations

from random import Random

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
from elfin.ir.types import I1, I8, I16, I32, I64, Type
from elfin.ir.value import Value, const, local, make

TYPES = (I8, I16, I32, I64)
AREA = 256  # bytes of memory in play
BINARY = ("add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "rotl")
COMPARE = ("eq", "ne", "ltu", "lts", "leu", "les")
OUTER = ("a", "b", "c")
# Callees by name: both change memory, one gives a result.
CALLEES = ("touch", "bump")


class Scope:
    """Variables that are set here, and values made of them, by type."""

    def __init__(self, outer: Scope | None = None) -> None:
        self.variables: list[Value] = list(outer.variables) if outer else []
        self.values: list[Value] = list(outer.values) if outer else []


class Programs:
    """Makes one function after another."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.labels: list[str] = []  # of blocks, that may be left at any time
        self.next_name = 0

    def function(self, name: str) -> Function:
        self.next_name = 0
        scope = Scope()
        params = tuple(local(t, f"{letter}_{t}") for letter in OUTER for t in (I32, I64))
        scope.variables += params
        scope.values += params
        body = self.body(scope, depth=4)
        results = tuple(t for t in (I32, I64))
        end = Return(tuple(self.value(scope, t) for t in results))
        return Function(name, params, results, [*body, end], export=name)

    # -- values --------------------------------------------------------------------------------
    def value(self, scope: Scope, type_: Type) -> Value:
        """A value made before, or a new one from those."""
        known = [v for v in scope.values if v.type is type_]
        if known and self.rng.random() < 0.55:
            return self.rng.choice(known)
        made = self.new_value(scope, type_)
        scope.values.append(made)
        return made

    def new_value(self, scope: Scope, type_: Type) -> Value:
        rng = self.rng
        choice = rng.random()
        if choice < 0.12:
            return const(type_, rng.choice((0, 1, 3, -1, rng.getrandbits(64))))
        if choice < 0.27:
            bits = rng.choice([b for b in (8, 16, 32, 64) if b <= type_.bits])
            imm = (rng.randrange(AREA - 8), bits, rng.random() < 0.3)
            return make("raw_load", type_, self.address(scope), imm=imm)
        if choice < 0.42:
            source = rng.choice([t for t in TYPES if t is not type_])
            inner = self.value(scope, source)
            return inner.sext(type_) if self.extends(source, type_) else inner.resize(type_)
        if choice < 0.5:
            return self.condition(scope).select(self.value(scope, type_), self.value(scope, type_))
        if choice < 0.55:
            return self.condition(scope).zext(type_)
        return make(rng.choice(BINARY), type_, self.value(scope, type_), self.value(scope, type_))

    def extends(self, source: Type, to: Type) -> bool:
        return source.bits < to.bits and self.rng.random() < 0.5

    def condition(self, scope: Scope) -> Value:
        rng = self.rng
        known = [v for v in scope.values if v.type is I1]
        if known and rng.random() < 0.5:
            return rng.choice(known)
        type_ = rng.choice(TYPES)
        right = const(type_, 0) if rng.random() < 0.3 else self.value(scope, type_)
        made = make(rng.choice(COMPARE), I1, self.value(scope, type_), right)
        if rng.random() < 0.2:
            made = ~made
        scope.values.append(made)
        return made

    def address(self, scope: Scope) -> Value:
        return self.value(scope, I32) & (AREA - 1)

    # -- statements ----------------------------------------------------------------------------
    def body(self, scope: Scope, depth: int) -> list[Stmt]:
        out: list[Stmt] = []
        for _ in range(self.rng.randrange(1, 7)):
            out += self.statement(scope, depth)
        return out

    def statement(self, scope: Scope, depth: int) -> list[Stmt]:
        rng = self.rng
        kinds = ["set", "set", "let", "let", "store", "store", "call", "fill", "copy", "leave"]
        if depth:
            kinds += ["if", "if", "block", "loop", "switch", "join"]
        match rng.choice(kinds):
            case "set":
                var = rng.choice(scope.variables)
                return [Set(var, self.value(scope, var.type))]
            case "let":
                type_ = rng.choice(TYPES)
                value = self.value(scope, type_)
                var = self.variable(type_)
                scope.variables.append(var)
                scope.values.append(var)
                return [Let(var, value)]
            case "store":
                type_ = rng.choice(TYPES)
                bits = rng.choice([b for b in (8, 16, 32, 64) if b <= max(32, type_.bits)])
                offset = rng.randrange(AREA - 8)
                return [RawStore(self.address(scope), offset, self.value(scope, type_), bits)]
            case "call":
                return self.call(scope)
            case "fill":
                n = const(I32, rng.randrange(40))
                return [MemoryFill(self.address(scope), self.value(scope, I32), n)]
            case "copy":
                n = const(I32, rng.randrange(40))
                return [MemoryCopy(self.address(scope), self.address(scope), n)]
            case "leave":
                return self.leave(scope)
            case "if":
                when = self.condition(scope)
                other = self.inner(scope, depth) if rng.random() < 0.5 else []
                then = self.inner(scope, depth) if rng.random() < 0.9 or not other else []
                return [If(when, then, other)]
            case "block":
                label = self.label()
                self.labels.append(label)
                body = self.inner(scope, depth)
                self.labels.pop()
                if rng.random() < 0.3:
                    return [Group(label, self.inner(scope, depth)), Block(label, body)]
                return [Block(label, body)]
            case "loop":
                return self.loop(scope, depth)
            case "join":
                return self.join(scope, depth)
            case _:
                cases = [self.inner(scope, depth) for _ in range(rng.randrange(4))]
                if cases and rng.random() < 0.4:
                    cases.append(rng.choice(cases))
                index = self.value(scope, I32) & rng.choice((1, 3, 7))
                return [Switch(index, cases, self.inner(scope, depth))]

    def inner(self, scope: Scope, depth: int) -> list[Stmt]:
        return self.body(Scope(scope), depth - 1)

    def loop(self, scope: Scope, depth: int) -> list[Stmt]:
        """Some rounds; its counter is no variable that the body may set."""
        counter = self.variable(I32)
        label = self.label()
        inside = Scope(scope)
        inside.values.append(counter)
        body = self.body(inside, depth - 1)
        again = If(counter.ltu(self.rng.randrange(1, 5)), [Br(label)])
        step = Set(counter, counter + 1)
        return [Set(counter, const(I32, 0)), Loop(label, [*body, step, again])]

    def join(self, scope: Scope, depth: int) -> list[Stmt]:
        """A variable that is first set in two arms, for use behind them."""
        var = self.variable(self.rng.choice(TYPES))
        when = self.condition(scope)
        arms = [
            [*self.inner(scope, depth), Set(var, self.value(Scope(scope), var.type))]
            for _ in range(2)
        ]
        scope.variables.append(var)
        scope.values.append(var)
        return [If(when, *arms)]

    def call(self, scope: Scope) -> list[Stmt]:
        value = self.value(scope, I32)
        if self.rng.random() < 0.5:
            return [Let(None, make("call", I32, value, imm="touch"))]
        call = make("call", I32, value, imm="bump")
        if self.rng.random() < 0.2:
            return [Drop(call)]
        var = self.variable(I32)
        scope.variables.append(var)
        scope.values.append(var)
        return [Let(var, call)]

    def leave(self, scope: Scope) -> list[Stmt]:
        when = self.condition(scope)
        if not self.labels or self.rng.random() < 0.1:
            results = (self.value(scope, I32), self.value(scope, I64))
            return [If(when, [Return(results)])]
        branch = Br(self.rng.choice(self.labels))
        if self.rng.random() < 0.5:
            return [If(when, [branch])]
        return [If(when, [RawStore(const(I32, 8), 0, self.value(scope, I64), 64), branch])]

    def variable(self, type_: Type) -> Value:
        self.next_name += 1
        return local(type_, f"v{self.next_name}")

    def label(self) -> str:
        self.next_name += 1
        return f"l{self.next_name}"


def callees() -> list[Function]:
    """The functions of CALLEES."""
    x = local(I32, "x")
    at = make("raw_load", I32, const(I32, 0), imm=(64, 8, False))
    touch = Function("touch", (x,), (), [RawStore(x & (AREA - 1), 0, x, 8)])
    bump = Function(
        "bump",
        (x,),
        (I32,),
        [RawStore(const(I32, 64), 0, at + 1, 8), Return((at + x,))],
    )
    return [touch, bump]
