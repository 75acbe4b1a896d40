"""`Task`: one thread of a process - its registers, its signal state, its view of memory.

What a system call may touch is here: guest memory with Linux's checks, and the way to the process
and the kernel.  Threads of one process will be several tasks with the same `process`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from elfin import config
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.signal import UNBLOCKABLE, AltStackFlag
from elfin.kernel.memory import PAGE_MASK, PAGE_SIZE, Cpu, Memory
from elfin.kernel.mm import READ, WRITE
from elfin.kernel.siginfo import PendingSignals
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.kernel import Kernel
    from elfin.kernel.process import Process
    from elfin.kernel.wait import Wait

MAX_BYTES = 0x7FFF_F000  # the most that one read or write moves (man 2 read)


@dataclass(frozen=True, slots=True)
class AltStack:
    """The alternate signal stack (man 2 sigaltstack); with size 0 there is none."""

    address: int = 0
    size: int = 0
    flags: int = 0  # as sigaltstack was given them, which is what signal frames show

    def holds(self, rsp: int) -> bool:
        """Is a stack pointer on it?  With SS_AUTODISARM it is disarmed while in use: never."""
        if self.flags & AltStackFlag.SS_AUTODISARM:
            return False
        return self.address < rsp <= self.address + self.size

    def seen_from(self, rsp: int) -> int:
        """The flags that sigaltstack answers."""
        state = AltStackFlag.SS_ONSTACK if self.holds(rsp) else 0
        if not self.size:
            state = AltStackFlag.SS_DISABLE
        return state | (self.flags & AltStackFlag.SS_AUTODISARM)


@dataclass(frozen=True, slots=True)
class Trap:
    """The last exception of the processor, which every later signal frame shows."""

    number: int = 0
    error: int = 0
    address: int = 0  # CR2


class Task:
    """One thread.  It runs, waits (`wait` is set) or is dead."""

    def __init__(self, tid: int, process: Process, cpu: Cpu) -> None:
        self.tid: int = tid
        self.process: Process = process
        self.cpu: Cpu = cpu
        self.comm = b""
        self.wait: Wait | None = None
        self.call = -1  # number of the call it is in, or was in last
        self.dead = False
        self.yielded = False  # it gave up the rest of its turn
        self.budget = config.LEAST_BUDGET  # instructions of a turn, where turns are to be short
        self.mask = 0
        self.saved_mask: int | None = None  # comes back when the call that replaced it is over
        self.pending = PendingSignals()
        self.altstack = AltStack()
        self.trap = Trap()
        self.clear_child_tid: int = 0
        self.robust_list = (0, 0)
        self.timer_slack: int = 50_000
        self.utime = 0  # ns
        self.stime = 0

    @property
    def kernel(self) -> Kernel:
        return self.process.kernel

    @property
    def memory(self) -> Memory:
        return self.process.address_space.memory

    @property
    def runnable(self) -> bool:
        return not self.dead and self.wait is None and not self.process.stopped_by

    def random(self, n: int) -> bytes:
        return self.process.kernel.random(n)

    # -- guest memory ----------------------------------------------------------------------

    def read_memory(self, addr: int, n: int) -> bytes:
        """n bytes that the program may read, else EFAULT."""
        if not n:
            return b""
        space = self.process.address_space
        space.check(addr, n, READ)
        return space.memory.read(addr, n)

    def write_memory(self, addr: int, data: bytes) -> None:
        """Store where the program may write, else EFAULT and nothing is stored."""
        if data:
            space = self.process.address_space
            space.check(addr, len(data), WRITE)
            space.memory.write(addr, data)

    def check_write(self, addr: int, n: int) -> None:
        """EFAULT unless all of the range may be written: for calls that take before they give."""
        self.process.address_space.check(addr, n, WRITE)

    def read_string(self, addr: int, limit: int = 4096) -> bytes:
        """The bytes before the NUL; ENAMETOOLONG if there is none in `limit` bytes."""
        found = b""
        while len(found) < limit:
            n = min(PAGE_SIZE - (addr & PAGE_MASK), limit - len(found))
            chunk = self.read_memory(addr, n)
            end = chunk.find(b"\0")
            if end >= 0:
                return found + chunk[:end]
            found += chunk
            addr += n
        raise LinuxError(Errno.ENAMETOOLONG)

    def read_struct(self, addr: int, fmt: str) -> tuple[Any, ...]:
        return struct.unpack(fmt, self.read_memory(addr, struct.calcsize(fmt)))

    def write_struct(self, addr: int, fmt: str, *values: int | bytes) -> None:
        self.write_memory(addr, struct.pack(fmt, *values))

    # -- signals ---------------------------------------------------------------------------

    def set_mask(self, mask: int) -> None:
        self.mask = mask & ~UNBLOCKABLE

    def replace_mask(self, mask: int) -> None:
        """Block other signals until the current call is over (ppoll, sigsuspend ...)."""
        self.saved_mask = self.mask
        self.set_mask(mask)

    def deliverable(self) -> int:
        """The signals that are pending and not blocked."""
        return (self.pending.mask | self.process.pending.mask) & ~self.mask
