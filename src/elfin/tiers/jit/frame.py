"""The locals, labels and results of a region's function: the ABI between translated code and the rest.

A region is a function `() -> i32`.  It loads the registers it uses from the register file, runs, and
before it returns stores those it changed: between functions all state is in memory.  `BUDGET` in the
register file holds the instructions left when a function is entered and when it returns.
Results: `runtime.translated`.
"""

from __future__ import annotations

from elfin.ir.stmt import Br, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local
from elfin.runtime.translated import CONTINUE

RESULT = local(I32, "result")
RIP = local(I64, "rip")
LEFT = local(I32, "left")
EXIT = "exit"  # block label: RIP and RESULT are set; stores what was changed and returns


def leave(rip: Value | int, result: int = CONTINUE) -> list[Stmt]:
    """Leave the function to go on at `rip`."""
    to = const(I64, rip) if isinstance(rip, int) else rip
    return [Set(RIP, to), Set(RESULT, const(I32, result)), Br(EXIT)]
