"""Small core functions in place of their calls: engines do not do that, and a call costs as much as ten instructions.

Input:  the functions of the dialect, compiled.
Output: the same with calls of small ones replaced by their bodies, callees first: what is small with all that it calls
        goes into its callers whole.
A call is always the value of a `Let` of its own (`dialect_expression`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from elfin.ir.stmt import (
    Block,
    Br,
    Drop,
    Function,
    If,
    Let,
    Loop,
    MemoryCopy,
    MemoryFill,
    RawStore,
    Return,
    Set,
    Stmt,
)
from elfin.ir.value import Value, local
from elfin.opt.effects import replace
from elfin.records import replace as changed

SMALL: Final = 60  # parts of a function: statements and operations

Rename = Callable[[Value], Value]


def inlined(functions: Iterable[Function]) -> list[Function]:
    """The functions, in the same order."""
    whole = _Inliner({f.name: f for f in functions})
    return [whole.function(name) for name in whole.known]


class _Inliner:
    def __init__(self, known: dict[str, Function]) -> None:
        self.known = known
        self.done: dict[str, Function] = {}
        self.begun: set[str] = set()
        self.count = 0  # of bodies put in place of calls

    def function(self, name: str) -> Function:
        if name not in self.done:
            self.begun.add(name)
            f = self.known[name]
            self.done[name] = changed(f, body=self._body(f.body))
        return self.done[name]

    def _body(self, body: list[Stmt]) -> list[Stmt]:
        out: list[Stmt] = []
        for stmt in body:
            if isinstance(stmt, Let) and stmt.value.op == "call":
                out += self._call(stmt)
            else:
                out.append(_with_bodies(stmt, self._body))
        return out

    def _call(self, call: Let) -> list[Stmt]:
        name = str(call.value.imm)
        if name not in self.known or (name in self.begun and name not in self.done):
            return [call]  # the host's, or of one that calls itself
        callee = self.function(name)
        if _parts(callee.body) > SMALL:
            return [call]
        self.count += 1
        return _in_place(callee, call, f"in{self.count}")


def _in_place(callee: Function, call: Let, prefix: str) -> list[Stmt]:
    """The callee's body, its variables and labels with a prefix."""

    def renamed(value: Value) -> Value:
        return replace(
            value, lambda x: local(x.type, f"{prefix}.{x.imm}") if x.op == "local" else None
        )

    def returned(values: tuple[Value, ...]) -> list[Stmt]:
        return [Set(call.var, renamed(v)) for v in values] if call.var is not None else []

    def copied(body: list[Stmt]) -> list[Stmt]:
        out: list[Stmt] = []
        for stmt in body:
            if isinstance(stmt, Return):
                out += [*returned(stmt.values), Br(prefix)]
            else:
                out.append(_renamed(_with_bodies(stmt, copied), renamed, prefix))
        return out

    arguments = zip(callee.params, call.value.args, strict=True)
    given: list[Stmt] = [Set(renamed(p), a) for p, a in arguments]
    *before, last = callee.body
    if isinstance(last, Return) and not any(map(_returns, before)):
        return [*given, *copied(before), *returned(last.values)]
    return [*given, Block(prefix, copied(callee.body))]


def _bodies(stmt: Stmt) -> list[list[Stmt]]:
    match stmt:
        case If(_, then, other):
            return [then, other]
        case Block(_, body) | Loop(_, body):
            return [body]
    return []


def _with_bodies(stmt: Stmt, f: Callable[[list[Stmt]], list[Stmt]]) -> Stmt:
    match stmt:
        case If(_, then, other):
            return changed(stmt, then=f(then), other=f(other))
        case Block(_, body) | Loop(_, body):
            return changed(stmt, body=f(body))
    return stmt


def _returns(stmt: Stmt) -> bool:
    return isinstance(stmt, Return) or any(_returns(s) for body in _bodies(stmt) for s in body)


def _parts(body: list[Stmt]) -> int:
    inner = sum(_parts(b) for stmt in body for b in _bodies(stmt))
    return inner + sum(1 + sum(map(_operations, _values(stmt))) for stmt in body)


def _operations(value: Value) -> int:
    return bool(value.args) + sum(map(_operations, value.args))


def _values(stmt: Stmt) -> list[Value]:
    return [
        x for name in stmt.__slots__ for x in _flat(getattr(stmt, name)) if isinstance(x, Value)
    ]


def _flat(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


def _renamed(stmt: Stmt, f: Rename, prefix: str) -> Stmt:
    return _RENAMED[type(stmt)](stmt, f, prefix)


_RENAMED: Final[dict[type, Callable[[Any, Rename, str], Stmt]]] = {
    Let: lambda s, f, _: Let(None if s.var is None else f(s.var), f(s.value)),
    Set: lambda s, f, _: Set(f(s.var), f(s.value)),
    Drop: lambda s, f, _: Drop(f(s.value)),
    RawStore: lambda s, f, _: RawStore(f(s.base), s.offset, f(s.value), s.bits),
    MemoryFill: lambda s, f, _: MemoryFill(f(s.base), f(s.byte), f(s.length)),
    MemoryCopy: lambda s, f, _: MemoryCopy(f(s.to), f(s.source), f(s.length)),
    If: lambda s, f, _: changed(s, when=f(s.when)),
    Block: lambda s, _, prefix: changed(s, label=f"{prefix}.{s.label}"),
    Loop: lambda s, _, prefix: changed(s, label=f"{prefix}.{s.label}"),
    Br: lambda s, _, prefix: Br(f"{prefix}.{s.label}"),
}
