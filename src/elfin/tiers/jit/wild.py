"""Addresses above 4 GiB in code without exact faults: noted where they are used, looked at later.

Input:  the addresses of a function's accesses.
Output: statements that add what is too high of an address to a local, and the value whose upper half is not 0
        once there was one.

An access wraps around modulo 4 GiB, so what follows a wild one works on wrong values or spoils the guest's own
memory.  Nobody sees that: before control leaves the function or starts a loop anew, the guest is dead.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from elfin import layout
from elfin.codegen import state
from elfin.ir.stmt import Block, If, Set, Stmt, Unreachable
from elfin.ir.types import I32, I64
from elfin.ir.value import ZERO64, Value, const, local
from elfin.isa.vectors import PF, SS
from elfin.runtime.translated import REFUSED

WILD = local(I64, "wild")
# Of accesses relative to SS: one that is not canonical raises another signal.
WILD_STACK = local(I64, "wild_stack")


@dataclass(slots=True)
class Wild:
    """The addresses of one function."""

    used: dict[Value, None] = field(default_factory=dict)
    _checks: list[list[Stmt]] = field(default_factory=list)

    def note(self, address: Value, *, stack: bool) -> Stmt:
        """It is accessed."""
        seen = WILD_STACK if stack else WILD
        self.used[seen] = None
        return Set(seen, seen | address)

    def check(self) -> Stmt:
        """Go on with nothing noted, or not at all; `finish` completes it."""
        body: list[Stmt] = []
        self._checks.append(body)
        return Block("wild", body)

    def finish(self) -> None:
        for body in self._checks:
            body += self.ended()
            body += [Set(seen, ZERO64) for seen in self.used]

    def ended(self) -> list[Stmt]:
        """End the run if there was a wild address."""
        if not self.used:
            return []
        seen = self.among(ZERO64)
        canonical = (WILD_STACK << 16).ashr(16).eq(WILD_STACK)
        vector = canonical.select(const(I32, PF), const(I32, SS))
        dies = refuse(vector if WILD_STACK in self.used else const(I32, PF), seen)
        return [If((seen >> 32).ne(0), dies, rare=True)]

    def among(self, value: Value) -> Value:
        """Its upper half is not 0 if the value's is not, or if there was a wild address."""
        for seen in self.used:
            value = seen if value is ZERO64 else value | seen
        return value


def refuse(vector: Value, address: Value) -> list[Stmt]:
    """The guest dies of this access and its registers are not seen: end the run by a trap."""
    return [
        state.store(layout.FAULT_ADDRESS, address),
        state.store(layout.FAULT_VECTOR, vector),
        state.store(layout.FAULT_ERROR, const(I32, REFUSED)),
        Unreachable(),
    ]
