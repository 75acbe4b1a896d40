"""What the statements of a function do with registers: the notes that `flow` reads.

Sets of registers are ints, as in `codegen.locals`.
"""

from __future__ import annotations

from elfin.codegen.locals import ALL
from elfin.ir.stmt import Stmt
from elfin.records import dataclass, field


@dataclass(slots=True)
class Read:
    registers: int


@dataclass(slots=True)
class GuestRead:
    """The instruction reads these flags, maybe not from their locals; stands behind its exits."""

    flags: int


@dataclass(slots=True)
class Write:
    """A register is replaced by `statement`, which does nothing else."""

    register: int
    statement: Stmt
    needed: bool = False


@dataclass(slots=True)
class Exit:
    """The function is left at the end of `body`; `changed` registers must be stored.

    `returns`: only to go on at this very point, in the interpreter.
    """

    body: list[Stmt]
    returns: bool = False
    changed: int = 0
    dead: int = ALL  # flags that are set anew before anything can read them


@dataclass(slots=True)
class Call:
    """Something that works on the register file in memory: `seen` is what it reads or writes."""

    seen: int = ALL
    written: int = ALL
    before: list[Stmt] = field(default_factory=list)
    behind: list[Stmt] = field(default_factory=list)
    stored: int = 0
    loaded: int = 0


Event = Read | GuestRead | Write | Exit | Call
