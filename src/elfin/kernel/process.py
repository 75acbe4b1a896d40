"""`Process`: a thread group - what its tasks share, its place among its relatives, its end.

State only; behaviour that crosses processes is in `lifecycle.py` (birth, death, stopping) and
`signals.py`.  Source: man 7 credentials, man 2 wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.signal import SIG_DFL, Signal
from elfin.kernel.credentials import Credentials
from elfin.kernel.limits import Limits
from elfin.kernel.mm import AddressSpace
from elfin.kernel.siginfo import PendingSignals
from elfin.records import dataclass, field

if TYPE_CHECKING:
    from elfin.kernel.files.context import FsContext
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.table import FileTable
    from elfin.kernel.kernel import Kernel
    from elfin.kernel.task import Task
    from elfin.kernel.timers import Timer

INIT_PID = 1  # parent of the first process and of orphans; the kernel itself plays it


@dataclass(frozen=True, slots=True)
class SigAction:
    """What a signal does (man 2 sigaction)."""

    handler: int = SIG_DFL
    flags: int = 0
    restorer: int = 0
    mask: int = 0


DEFAULT_ACTION = SigAction()


@dataclass
class Usage:
    """Consumed so far, for getrusage; times in ns."""

    utime: int = 0
    stime: int = 0
    max_rss: int = 0  # bytes
    waits: int = 0  # voluntary context switches
    preemptions: int = 0

    def add(self, other: Usage) -> None:
        self.utime += other.utime
        self.stime += other.stime
        self.max_rss = max(self.max_rss, other.max_rss)
        self.waits += other.waits
        self.preemptions += other.preemptions


@dataclass(eq=False)
class Process:
    """One process, alive or zombie (`exit_status` is set)."""

    pid: int
    kernel: Kernel
    parent: Process | None
    pgid: int
    sid: int
    address_space: AddressSpace
    files: FileTable
    fs: FsContext
    credentials: Credentials = field(default_factory=Credentials)
    limits: Limits = field(default_factory=Limits)
    start_time: float = 0.0  # on Kernel.monotonic()

    tasks: list[Task] = field(default_factory=list)
    children: list[Process] = field(default_factory=list)

    # -- what it runs
    exe: Location | None = None
    argv: list[bytes] = field(default_factory=list)
    environ: list[bytes] = field(default_factory=list)
    auxv: bytes = b""
    execs: int = 0  # how often it has replaced its program (setpgid: EACCES)

    # -- signals
    signal_actions: dict[int, SigAction] = field(default_factory=dict)
    pending: PendingSignals = field(default_factory=PendingSignals)
    exit_signal: int = Signal.SIGCHLD
    death_signal: int = 0  # prctl PR_SET_PDEATHSIG

    # -- stopping and ending, as wait sees them
    stopped_by: int = 0  # the signal while stopped
    stop_news: bool = False  # a stop that WUNTRACED has not reported
    continue_news: bool = False
    exit_status: int | None = None  # as wait4 gives it
    vfork_done: bool = True  # a vfork child that still borrows its parent's memory says False

    # -- odds and ends
    usage: Usage = field(default_factory=Usage)  # of tasks that ended, then of all
    children_usage: Usage = field(default_factory=Usage)
    timers: dict[int, Timer] = field(
        default_factory=dict
    )  # timer_create's by id; setitimer's below 0
    nice: int = 0
    personality: int = 0
    dumpable: int = 1
    no_new_privs: int = 0
    keep_caps: int = 0
    subreaper: int = 0
    thp_disable: int = 0

    @property
    def ppid(self) -> int:
        return self.parent.pid if self.parent else INIT_PID

    @property
    def leader(self) -> Task:
        """The task whose tid is the pid."""
        return self.tasks[0]

    @property
    def comm(self) -> bytes:
        return self.tasks[0].comm

    @property
    def zombie(self) -> bool:
        return self.exit_status is not None

    @property
    def state(self) -> str:
        """The letter in /proc/pid/stat."""
        if self.zombie:
            return "Z"
        if self.stopped_by:
            return "T"
        return "S" if all(t.wait for t in self.tasks if not t.dead) else "R"

    def action(self, signal: int) -> SigAction:
        return self.signal_actions.get(signal, DEFAULT_ACTION)

    def total_usage(self) -> Usage:
        """Its own consumption, ended tasks included."""
        total = Usage()
        total.add(self.usage)
        for task in self.tasks:
            total.utime += task.utime
            total.stime += task.stime
        total.max_rss = max(total.max_rss, self.address_space.peak)
        return total
