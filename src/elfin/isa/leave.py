"""Why an instruction leaves to the run loop after it has completed: what `Sem.leave` names.

These are traps and calls: RIP is already that of the next instruction.  Faults are `Sem.fault_if`.
"""

from __future__ import annotations

from typing import Final

FAULTED: Final = -1  # not a leave: an instruction faulted, RIP is at it
OUT_OF_BUDGET: Final = 0  # not a leave: the run's budget is spent
LEAVE_SYSCALL: Final = 1  # SYSCALL: the kernel answers, RCX and R11 are set
LEAVE_INT3: Final = 2  # INT3, INT 3: #BP
LEAVE_INT1: Final = 3  # INT1: #DB
LEAVE_EDGE: Final = 13  # not an instruction: translated code lacks a way that control takes often
LEAVE_SLOW: Final = 14  # not an instruction: translated code leaves too often at RIP
LEAVE_HOT: Final = 15  # not an instruction: the code at RIP is worth translating
