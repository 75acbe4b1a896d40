"""Passes: leave out what nobody sees.

Input:  effects in line, of one or more instructions; everything in the register file is read behind them.
Output: the same effects without the writes and variables that nothing depends on.
A load, a store, a call and a `Raise` may end the list with a fault, where the whole register file is
seen: so a write survives if one of them comes before the next write to the same place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from elfin.ir.ops import OPS
from elfin.ir.stmt import Effect, Let, Put, PutAt, Raise
from elfin.ir.value import FALSE, Value
from elfin.opt.effects import values
from elfin.opt.forward import extent


def drop_flags(effects: Iterable[Effect]) -> list[Effect]:
    """Without writes of slots (flags above all) that are written again before anyone reads them."""
    kept: list[Effect] = []
    overwritten: set[int] = set()  # bytes written further down before anything looks at them
    for effect in reversed(list(effects)):
        if isinstance(effect, Put):
            bytes_ = extent(effect.offset, effect.value.type)
            if overwritten.issuperset(bytes_):
                continue
            overwritten.update(bytes_)
        elif _is_seen(effect):
            overwritten.clear()
        for value in values(effect):
            for read in _reads(value):
                overwritten.difference_update(read)
        kept.append(effect)
    return kept[::-1]


def drop_variables(effects: Iterable[Effect]) -> list[Effect]:
    """Without pure `Let`s that nobody uses, and without faults that never happen."""
    kept: list[Effect] = []
    used: set[Value] = set()
    for effect in reversed(list(effects)):
        if isinstance(effect, Let):
            var, op = effect.var, effect.value.op
            if var is not None and var not in used and not OPS[op].effect:
                continue
        elif isinstance(effect, Raise) and effect.when is FALSE:
            continue
        for value in values(effect):
            _collect(value, used)
        kept.append(effect)
    return kept[::-1]


def _is_seen(effect: Effect) -> bool:
    """May the register file be looked at behind this effect, other than by the effects below?"""
    if isinstance(effect, Let):
        return OPS[effect.value.op].effect or effect.value.op == "get_at"
    return not isinstance(effect, PutAt)


def _reads(value: Value) -> Iterator[range]:
    if value.op == "get":
        yield extent(value.imm, value.type)
    for arg in value.args:
        yield from _reads(arg)


def _collect(value: Value, used: set[Value]) -> None:
    """Add every part of a value."""
    if value not in used:
        used.add(value)
        for arg in value.args:
            _collect(arg, used)
