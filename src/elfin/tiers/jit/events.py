"""What the statements of a function do with registers: the notes that `flow` reads.

Sets of registers are ints, as in `codegen.locals`.
"""

from __future__ import annotations

from elfin.codegen.locals import ALL
from elfin.ir.stmt import Stmt
from elfin.records import dataclass, field


@dataclass(slots=True)
class Summary:
    """A function that others of its unit call (see `frame`), as they see it."""

    name: str
    params: int = 0  # registers it gets as parameters
    results: int = 0  # registers it gives back as results
    writes: int = 0  # that it may change
    uses: int = 0  # that it may read before it sets them
    wanted: int = 0  # of those that it changes, what callers may read behind the call
    forced: int = 0  # that must be in memory when it starts
    resting: int = 0  # that it only has in memory
    flags_in: int = 0  # flags that may be read before they are set anew
    flags_out: int = 0  # flags that callers may read behind the call

    @property
    def owned(self) -> int:
        """Parameters that the function stores when it leaves, because it may change them: callers need not keep
        them."""
        return self.params & self.writes


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
    owned: int = ALL  # of these the callers' values are older
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


@dataclass(slots=True)
class Invoke:
    """A call of a function of the unit.  `before`: stores of what it wants in memory; `call`; `up`: it has left,
    and so must the caller, with a jump to a way out, or it has stored all and goes on with the loads in `again`;
    `results`: they reach their registers; `behind`: loads of what it left in memory."""

    callee: Summary
    back: int
    weight: int
    before: list[Stmt] = field(default_factory=list)
    call: list[Stmt] = field(default_factory=list)
    up: list[Stmt] = field(default_factory=list)
    again: list[Stmt] = field(default_factory=list)
    results: list[Stmt] = field(default_factory=list)
    behind: list[Stmt] = field(default_factory=list)
    stored: int = 0
    changed: int = 0
    owned: int = ALL
    loaded: int = 0
    needed: int = 0  # of all registers, what is read later


@dataclass(slots=True)
class Ret:
    """The function may return to the caller that expects it, by `body`, which has changed `written`."""

    written: int
    body: list[Stmt] = field(default_factory=list)
    stored: int = 0


Event = Read | GuestRead | Write | Exit | Call | Invoke | Ret
