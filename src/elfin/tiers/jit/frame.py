"""The locals, labels and results of a region's function: the ABI between translated code and the rest.

A region is a function `() -> i32`.  It loads the registers it uses from the register file, runs, and
before it returns stores those it changed: between functions all state is in memory.  `BUDGET` in the
register file holds the instructions left when a function is entered and when it returns.
Results: CONTINUE: go on at RIP, in whatever tier.  STEP: the interpreter executes the instruction at RIP
(it faults, it writes to decoded code, or it has no translation), then as CONTINUE.
"""

from __future__ import annotations

from typing import Final

from elfin.ir.stmt import Br, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local

CONTINUE: Final = 0
STEP: Final = 1

RESULT = local(I32, "result")
RIP = local(I64, "rip")
LEFT = local(I32, "left")
EXIT = "exit"  # block label: RIP and RESULT are set; stores what was changed and returns


def leave(rip: Value | int, result: int = CONTINUE) -> list[Stmt]:
    """Leave the function to go on at `rip`."""
    to = const(I64, rip) if isinstance(rip, int) else rip
    return [Set(RIP, to), Set(RESULT, const(I32, result)), Br(EXIT)]
