"""Pass: variables become what they stand for.

Input:  effects of one instruction; it writes registers last (`isa.sem`).
Output: the same effects without the names of pure values, where those mean the same at each use.  They do unless a
        register that they read was written in between.  Values are shared, so nothing is computed twice.
A variable that a flag depends on stays: who reads the flag later wants it as it was, whatever was written since.
"""

from __future__ import annotations

from collections.abc import Sequence

from elfin import layout
from elfin.ir.ops import OPS
from elfin.ir.stmt import Effect, Let, Put, PutAt
from elfin.ir.types import I1
from elfin.ir.value import Value
from elfin.opt.effects import map_values, replace, values


def spread(effects: list[Effect]) -> list[Effect]:
    """The effects with the values of most variables in their places."""
    if not any(isinstance(e, Let) and _is_pure(e.value) for e in effects) or _is_opaque(effects):
        return effects
    used: dict[Value, int] = {}  # by variable: the last effect that uses it
    written: dict[int, int] = {}  # by register: the first effect that writes it
    stay: set[Value] = set()
    for at, effect in enumerate(effects):
        is_flag = isinstance(effect, Put) and effect.value.type is I1
        for value in values(effect):
            for part in _leaves(value, []):
                if part.op == "local":
                    used[part] = at
                    if is_flag:
                        stay.add(part)
        if isinstance(effect, Put):
            written.setdefault(_register(effect.offset), at)
    known: dict[Value, Value] = {}
    out: list[Effect] = []
    for effect in effects:
        if known:
            effect = map_values(effect, lambda value: replace(value, known.get))
        if isinstance(effect, Let) and effect.var is not None and _is_pure(effect.value):
            var = effect.var
            last = used.get(var, 0)
            if var not in stay and not any(
                part.op == "get" and written.get(_register(part.imm), last) < last
                for part in _leaves(effect.value, [])
            ):
                known[var] = effect.value
                continue
        out.append(effect)
    return out


def _is_pure(value: Value) -> bool:
    """May it be computed elsewhere?  A flag is read as such, and so are the words in which it was set."""
    return not (OPS[value.op].effect or value.op == "get_at" or value.type is I1)


def _is_opaque(effects: Sequence[Effect]) -> bool:
    """Does it do more than is seen here?"""
    return any(
        isinstance(e, PutAt) or (isinstance(e, Let) and e.value.op == "call") for e in effects
    )


def _register(slot: int) -> int:
    """A number for what a slot is a part of."""
    return slot >> 3 if slot < layout.XMM else slot >> 4


def _leaves(value: Value, found: list[Value]) -> list[Value]:
    """Its parts that have no parts, added to a list."""
    if value.args:
        for part in value.args:
            _leaves(part, found)
    else:
        found.append(value)
    return found
