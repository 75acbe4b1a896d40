"""Addresses above 4 GiB, or not aligned, in code without exact faults: noted where they are used, looked at later.

Input:  the addresses of a function's accesses.
Output: statements that add an address to a local, and those that end the run if what it has of all of them shows
        that one was bad.

An access wraps around modulo 4 GiB, and need not be aligned; so what follows a bad one works on wrong values or
spoils the guest's own memory.  Nobody sees that: before control leaves the function the guest is dead, and
that comes at the latest when its budget is spent.
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen import state
from elfin.ir.stmt import Block, Br, Group, If, Set, Stmt, Unreachable
from elfin.ir.types import I64
from elfin.ir.value import ZERO64, Value, const, local
from elfin.isa.vectors import GP, PF
from elfin.records import dataclass, field
from elfin.runtime.translated import LOOK, LOOK_STACK, REFUSED
from elfin.tiers.jit.pages import DENIED, Span

WILD = local(I64, "wild")
# Of accesses relative to SS: one that is not canonical raises another signal.
WILD_STACK = local(I64, "wild_stack")
# Of those that must be aligned to 16 bytes as well.
ODD = local(I64, "odd")
ODD_STACK = local(I64, "odd_stack")
NOTES = frozenset((WILD, WILD_STACK, ODD, ODD_STACK))
RAISED = "raised"  # label around the whole function: who dies of #GP comes here
HIGH = ~0xFFFF_FFFF
LOW = 15


@dataclass(slots=True)
class Wild:
    """The addresses of one function."""

    paged: bool = False  # permissions of pages are looked at (`pages.py`)
    spans: dict[int, Span] = field(default_factory=dict)  # see `pages`
    used: dict[Value, None] = field(default_factory=dict)
    _checks: list[list[Stmt]] = field(default_factory=list)
    _raises: bool = False  # something leaves to RAISED

    def note(self, address: Value, *, stack: bool, aligned: bool = False) -> Stmt:
        """It is accessed; `aligned`: and must be a multiple of 16."""
        if aligned:
            seen = ODD_STACK if stack else ODD
        else:
            seen = WILD_STACK if stack else WILD
        self.used[seen] = None
        return Set(seen, seen | address)

    def check(self) -> Stmt:
        """Go on with nothing noted, or not at all; `finish` completes it."""
        body: list[Stmt] = []
        self._checks.append(body)
        return Group("wild", body)

    def finish(self) -> None:
        for body in self._checks:
            body += self.ended()
            body += [Set(seen, ZERO64) for seen in self.used]

    def enclose(self, body: list[Stmt]) -> list[Stmt]:
        """A function's body, which returns, and behind it what ends the run."""
        if self.paged:
            body = [Block(DENIED, body), *self.ended(), *_refuse(PF, ZERO64)]
        if self._raises:
            body = [Block(RAISED, body), *_refuse(GP, ZERO64)]
        return body

    def ended(self) -> list[Stmt]:
        """End the run if there was a bad address.  In place: what all looks share would keep the addresses alive to the
        function's end, and loops that keep them in registers now would not (sieve lost 7 %)."""
        if not self.used:
            return []
        odd, stack = self._among(ODD, ODD_STACK), self._among(WILD_STACK, ODD_STACK)
        seen = self._among(WILD, WILD_STACK, ODD, ODD_STACK)
        bad = (seen >> 32).ne(0) if odd is ZERO64 else (seen & HIGH | odd & LOW).ne(0)
        if stack is ZERO64:
            return [If(bad, _refuse(LOOK, seen), rare=True)]
        noted = state.store(layout.SCRATCH, stack)
        return [If(bad, [noted, *_refuse(LOOK_STACK, seen)], rare=True)]

    def refuse(self) -> list[Stmt]:
        """The guest dies of a general protection fault, and its registers are not seen: end the run."""
        self._raises = True
        return [Br(RAISED)]

    def _among(self, *some: Value) -> Value:
        """What was noted in these, all in one."""
        value = ZERO64
        for seen in some:
            if seen in self.used:
                value = seen if value is ZERO64 else value | seen
        return value


def _refuse(vector: int, address: Value) -> list[Stmt]:
    """End the run by a trap."""
    return [
        state.store(layout.FAULT_ADDRESS, address),
        state.store(layout.FAULT_VECTOR, const(I64, REFUSED << 32 | vector)),  # and FAULT_ERROR
        Unreachable(),
    ]
