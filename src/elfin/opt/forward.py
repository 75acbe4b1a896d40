"""Pass: what was written to the register file is read from the value that was written.

Input:  effects in line, of one or more instructions.
Output: the same effects, in which each slot is read at most once, into a variable, before it is
        written; later reads are that variable or the value written since.  Pure `Let`s are taken in
        where they are used: values are shared, so nothing is computed twice.
The writes stay: whether they are needed is another pass's question (`opt/drop.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from elfin.ir.ops import OPS
from elfin.ir.stmt import Effect, Let, Put, PutAt
from elfin.ir.types import I1, Type
from elfin.ir.value import Value, const, get, local, make
from elfin.opt.effects import map_values, replace

DEEPEST: Final = 40  # a value deeper than this becomes a variable: passes recurse into values


def forward_state(effects: Iterable[Effect]) -> list[Effect]:
    """The effects with reads of the register file replaced by what is known."""
    return _Forward().run(effects)


def extent(offset: int, type_: Type) -> range:
    """The bytes of the register file that a slot of this type takes."""
    return range(offset, offset + (8 if type_ is I1 else type_.bytes))


def _holds(start: int, wider: Type, offset: int, type_: Type) -> bool:
    """Is the one integer slot a part of the other?  Flags are no part of anything."""
    if I1 in (wider, type_) or not (wider.is_int and type_.is_int):
        return False
    return start <= offset and offset + type_.bytes <= start + wider.bytes


class _Forward:
    def __init__(self) -> None:
        self.out: list[Effect] = []
        self.state: dict[tuple[int, Type], Value] = {}
        self.taken_in: dict[Value, Value] = {}
        self.depths: dict[Value, int] = {}
        self.fresh = 0

    def run(self, effects: Iterable[Effect]) -> list[Effect]:
        for effect in effects:
            effect = map_values(effect, self.known)
            match effect:
                case Let(var, value) if var is not None and not OPS[value.op].effect:
                    self.taken_in[var] = self.shallow(value)
                    continue
                case Put(offset, value):
                    value = self.shallow(value)
                    effect = Put(offset, value)
                    self.forget(offset, value.type)
                    self.state[offset, value.type] = value
                case PutAt():
                    self.state.clear()
                case Let(_, value) if value.op == "call":
                    self.state.clear()  # it may write registers
            self.out.append(effect)
        return self.out

    def known(self, value: Value) -> Value:
        """The value with variables taken in and slots read."""
        return replace(value, self.part)

    def part(self, value: Value) -> Value | None:
        if value.op == "local":
            return self.taken_in.get(value)
        if value.op == "get":
            return self.read(value.imm, value.type)
        return self.name(self.rebuilt(value)) if value.op == "get_at" else None

    def rebuilt(self, value: Value) -> Value:
        return make(value.op, value.type, *map(self.known, value.args), imm=value.imm)

    def read(self, offset: int, type_: Type) -> Value:
        """A slot's value: known, part of a known one, or read here."""
        found = self.state.get((offset, type_))
        if found is not None:
            return found
        for (start, wider), value in self.state.items():
            if _holds(start, wider, offset, type_):
                return (value >> const(wider, 8 * (offset - start))).trunc(type_)
        found = self.state[offset, type_] = self.name(get(type_, offset))
        return found

    def forget(self, offset: int, type_: Type) -> None:
        """The bytes of this slot change."""
        changed = extent(offset, type_)
        for known in list(self.state):
            bytes_ = extent(*known)
            if bytes_.start < changed.stop and changed.start < bytes_.stop:
                del self.state[known]

    def name(self, value: Value) -> Value:
        """A new variable that holds the value from here on."""
        var = local(value.type, f"s{self.fresh}")
        self.fresh += 1
        self.out.append(Let(var, value))
        return var

    def shallow(self, value: Value) -> Value:
        return self.name(value) if self.depth(value) > DEEPEST else value

    def depth(self, value: Value) -> int:
        found = self.depths.get(value)
        if found is None:
            found = self.depths[value] = 1 + max(map(self.depth, value.args), default=0)
        return found
