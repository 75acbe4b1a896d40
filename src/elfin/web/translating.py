"""Translations made in a worker of their own, so that the one that runs programs answers meanwhile.

Input:  what the translator of a machine wants made (`Elsewhere.ask`).  Copies of what it would read go to the other
        worker, one wish at a time; there, a `Workshop` has a memory for them.
Output: units, compiled; those of code that is not there any more are kept for whoever has it again.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

import js
from pyodide.ffi import to_js

from elfin.garbage import keep, uncollected
from elfin.hosts.browser import BrowserHost, BrowserModule, BrowserSpace
from elfin.records import astuple
from elfin.runtime.memory import GuestMemory
from elfin.tiers.interp.artifact import core_module
from elfin.tiers.jit.copies import MAKES, Wish, clear, make, parts
from elfin.tiers.jit.engine import Translator
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.units import Unit
from elfin.tiers.jit.wishes import Wishes


class Port(Protocol):
    """The way to the other worker."""

    def translate(self, request: str, pieces: Any) -> None: ...


class Elsewhere:
    """The machine's side: `tiers.jit.engine.Maker`.  One wish is with the other worker, the hottest of the rest comes
    next."""

    def __init__(self, port: Port, translator: Translator) -> None:
        self.port = port
        self.translator = translator
        self._wishes = Wishes(translator)
        self._asked: tuple[GuestMemory, Wish] | None = None  # what is being made

    def ask(self, memory: GuestMemory, wish: Wish) -> None:
        if self._asked is not None and memory is self._asked[0] and wish.pc == self._asked[1].pc:
            return
        self._wishes.add(memory, wish)
        if self._asked is None:
            self._send()

    def has(self, pc: int) -> bool:
        asked = self._asked is not None and self._asked[1].pc == pc
        return asked or self._wishes.has(pc)

    def look(self) -> bool:
        return False  # answers come between turns

    def answer(self, made: Any) -> None:
        """What the other worker has made; None if there is nothing to make."""
        assert self._asked is not None
        (memory, wish), self._asked = self._asked, None
        if made is not None:
            wasm, entries, code, ops, known, compiled = made
            ways, doors = json.loads(known)
            unit = Unit(
                wasm=wasm.to_bytes(),
                entries=tuple(entries),
                code=tuple((at, data.to_bytes()) for at, data in code),
                ops=ops,
                policy=wish.policy,
                ways=pairs(ways),
                doors=tuple(doors),
            )
            self.translator.adopt(memory, wish.pc, unit, BrowserModule(unit.wasm, compiled))
        self._send()

    def _send(self) -> None:
        """The next wish."""
        self._asked = self._wishes.next()
        if self._asked is not None:
            memory, wish = self._asked
            policy, own = astuple(wish.policy), sorted(wish.own)
            words = [wish.pc, policy, wish.most, own, wish.ways, wish.loop, sorted(wish.ends)]
            pieces = js.Array.new()
            for offset, size in parts(memory):
                pieces.push(
                    js.Array.of(offset, cast(BrowserSpace, memory.space).copy(offset, size))
                )
            self.port.translate(json.dumps(words), pieces)


class Workshop:
    """The other worker's side.  Made early: it imports the translator."""

    def __init__(self) -> None:
        self.host = BrowserHost()
        self.memory = GuestMemory(self.host, core_module(self.host, profiled=True))
        with uncollected():
            importlib.import_module(MAKES)
            keep()

    def make(self, request: str, pieces: Any) -> Any:
        """Answer a request: what `Elsewhere.answer` takes."""
        pc, policy, most, own, ways, loop, ends = json.loads(request)
        clear(self.memory)
        space = cast(BrowserSpace, self.memory.space)
        for offset, data in pieces:
            space.grow(offset + data.length)
            space.put(offset, data)
        wish = Wish(pc, Policy(*policy), most, frozenset(own), pairs(ways), loop, frozenset(ends))
        unit = make(self.memory, wish)
        if unit is None:
            return None
        compiled = self.host.compile(unit.wasm).compiled
        known = json.dumps([unit.ways, unit.doors])
        return to_js([unit.wasm, unit.entries, unit.code, unit.ops, known, compiled])


def pairs(rows: Iterable[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Ways, from JSON."""
    return tuple((source, target) for source, target in rows)
