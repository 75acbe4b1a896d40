"""What a translated function returns to who called it.

CONTINUE: go on at RIP, in whatever tier.  STEP: the interpreter executes the instruction at RIP itself (it
faults, it writes to decoded code, or it has no translation), then as CONTINUE.  FAULT: the instruction at
RIP has faulted, the fault slots are written; it must not be executed again, because it may have begun.
SLOW: as STEP, because the float operation at RIP has no fast path for these operands.
MISSED: as CONTINUE; the branch at EDGE_FROM went where its region does not go on.
UNWIND: as CONTINUE, but no caller may go on in a nested run of the interpreter.
From REASONS on it is what `run` returns, times REASONS: a nested run has left, RIP is behind the instruction.

RETURNED is what a nested run alone returns, to the function that began it (`tiers.interp.nested`): control is where
that goes on.
"""

from __future__ import annotations

from typing import Final

from elfin.bits import sign_extend
from elfin.isa.vectors import GP, PF, SS

CONTINUE: Final = 0
STEP: Final = 1
FAULT: Final = 2
SLOW: Final = 3
MISSED: Final = 4
UNWIND: Final = 5
RETURNED: Final = 6
REASON_BITS: Final = 8
REASONS: Final = 1 << REASON_BITS

# What `core.leaves` counts beside: translated code follows at once; the budget was spent.
AGAIN: Final = 8
ENDED: Final = 16

# FAULT_ERROR when translated code traps because it refuses an access itself (see `runtime.memory`).
REFUSED: Final = 0xFFFF_FFFF
# FAULT_VECTOR then, if it is to be found out from the address: all that were noted, in one.  LOOK_STACK: those relative
# to SS are in the first SCRATCH.  Translated code has many places where it may end so, and only one does.
LOOK: Final = 0x100
LOOK_STACK: Final = 0x101


def refused_vector(vector: int, seen: int, stack: int) -> int:
    """The exception of the addresses that were noted (see `tiers.jit.wild`)."""
    if vector not in (LOOK, LOOK_STACK):
        return vector
    if vector == LOOK_STACK and sign_extend(stack, 48, 64) != stack:
        return SS
    return PF if seen >> 32 else GP
