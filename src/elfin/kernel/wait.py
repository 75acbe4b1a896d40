"""What a system call returns when it cannot answer yet; the scheduler asks it again.

Nothing in the kernel blocks.  A `Wait` says how to find out whether the answer is there, what
ends the wait besides that, and what a signal does to the call (man 7 signal, "Interruption of
system calls").
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from elfin.records import dataclass


class Restart(Enum):
    """What happens to a waiting call when a signal handler has run."""

    SYS = auto()  # starts again if the handler has SA_RESTART, else EINTR (ERESTARTSYS)
    NO_HAND = auto()  # EINTR if a handler runs, else it goes on (ERESTARTNOHAND)
    BLOCK = auto()  # as NO_HAND; Linux goes on through restart_syscall (ERESTART_RESTARTBLOCK)
    EINTR = auto()  # EINTR even if the signal only stopped and continued the process
    KILL = auto()  # only a signal that ends the process ends the wait (vfork)


@dataclass
class Wait:
    """A call that waits: the scheduler polls it until it has a result.

    poll        None: not yet; an int: the result (>= 0 or -errno).  May raise LinuxError.
    deadline    seconds on `Kernel.monotonic()`; when reached, poll is asked once more and
                `on_timeout` is the result if it still says None
    host_read   host file descriptors to select on while every task waits
    restart     what a signal handler does to the call
    on_interrupt  asked once when a signal handler ends the wait: a result in place of EINTR or the
                restart, or None.  For calls that report what is left (nanosleep, a partial
                write) or have a queue to leave (futex).  Also called when the task dies waiting
    """

    poll: Callable[[], int | None]
    deadline: float | None = None
    on_timeout: int = 0
    host_read: frozenset[int] = frozenset()
    host_write: frozenset[int] = frozenset()
    restart: Restart = Restart.SYS
    on_interrupt: Callable[[], int | None] | None = None
