"""Why an engine stopped running a task, and what an engine is.

Input:  a task whose registers say where to go on.
Output: an `Exit`: a guest event as a value, never an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.task import Task


@dataclass(frozen=True)
class SystemCall:
    """SYSCALL ran: rip is after it, rcx = rip, r11 = rflags, rax = number."""


SYSTEM_CALL = SystemCall()


@dataclass(frozen=True)
class Fault:
    """An instruction trapped; rip is at it (after it for INT3), registers are exact.

    `signal` and `code` are the processor's view (SIGSEGV SEGV_MAPERR for any page fault without a
    mapped page); the kernel refines page faults from its memory map.
    """

    signal: int
    code: int  # si_code
    address: int  # si_addr, which for a page fault is also CR2
    trapno: int  # vector: 0 #DE, 3 #BP, 6 #UD, 13 #GP, 14 #PF, 19 #XM ...
    error: int  # error code of the exception: for #PF bit 0 present, 1 write, 2 user, 4 fetch


@dataclass(frozen=True)
class BudgetEnd:
    """The budget of instructions is spent."""


Exit = SystemCall | Fault | BudgetEnd


class Engine(Protocol):
    """Runs guest instructions; given to the scheduler by the tiers."""

    def run(self, task: Task, budget: int) -> Exit:
        """Run until an exit, or until about `budget` guest instructions are done."""
        ...
