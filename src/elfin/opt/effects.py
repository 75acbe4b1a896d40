"""What every pass needs of effects: to look at their values and to replace them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put, PutAt, Raise, Store
from elfin.ir.value import Value, make


def map_values(effect: Effect, f: Callable[[Value], Value]) -> Effect:
    """The same effect over f(value) of each of its values."""
    return _MAPPED[type(effect)](effect, f)


def values(effect: Effect) -> tuple[Value, ...]:
    """The values that the effect evaluates."""
    return _VALUES[type(effect)](effect)


def replace(value: Value, f: Callable[[Value], Value | None]) -> Value:
    """The value with each part x for which f(x) is not None replaced by that, outermost first."""
    new = f(value)
    if new is not None:
        return new
    old = value.args
    if not old:
        return value
    args = tuple([replace(arg, f) for arg in old])
    return value if args == old else make(value.op, value.type, *args, imm=value.imm)


def reads_state(value: Value) -> bool:
    """Does it depend on a register?  Then it means something else when that has changed."""
    return value.op == "get" or any(map(reads_state, value.args))


_VALUES: Final[dict[type, Callable[[Any], tuple[Value, ...]]]] = {
    Let: lambda e: (e.value,),
    Put: lambda e: (e.value,),
    PutAt: lambda e: (e.offset, e.value),
    Store: lambda e: (e.address, e.value),
    Raise: lambda e: (e.when,),
    Jump: lambda e: (e.target,),
    Branch: lambda e: (e.when, e.target),
    Leave: lambda e: (e.when,),
}

_MAPPED: Final[dict[type, Callable[[Any, Callable[[Value], Value]], Effect]]] = {
    Let: lambda e, f: Let(e.var, f(e.value)),
    Put: lambda e, f: Put(e.offset, f(e.value)),
    PutAt: lambda e, f: PutAt(f(e.offset), f(e.value)),
    Store: lambda e, f: Store(f(e.address), f(e.value)),
    Raise: lambda e, f: Raise(f(e.when), e.vector, e.error),
    Jump: lambda e, f: Jump(f(e.target)),
    Branch: lambda e, f: Branch(f(e.when), f(e.target)),
    Leave: lambda e, f: Leave(e.reason, f(e.when)),
}
