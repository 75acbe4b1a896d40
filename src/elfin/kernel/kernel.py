"""`Kernel`: one machine - its processes, its clock, and what they share.

Given: the hardware that memories and registers come from, and the world.  It starts processes and
answers who is who; running them is the scheduler's (`sched.py`), what a call does is in `calls/`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin import config
from elfin.kernel.abi.signal import SIG_IGN, ChildCode, SaFlag, Signal, bit
from elfin.kernel.credentials import Credentials
from elfin.kernel.files.locks import Locks
from elfin.kernel.files.table import FileTable
from elfin.kernel.files.terminals import Terminals
from elfin.kernel.files.vfs import Vfs
from elfin.kernel.futexes import Futexes
from elfin.kernel.memory import Hardware
from elfin.kernel.mm import AddressSpace
from elfin.kernel.process import INIT_PID, Process
from elfin.kernel.shared import SharedFiles
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import send_to_process
from elfin.kernel.task import Task
from elfin.kernel.timers import Timers
from elfin.kernel.world import HostWorld, World
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller
    from elfin.kernel.strace import Tracer

TICK_NS = 10_000_000  # USER_HZ is 100: the unit of times() and of si_utime


@dataclass
class HostName:
    """What uname says; the release is the Linux whose behaviour is meant."""

    nodename: bytes = b"elfin"
    domainname: bytes = b"(none)"
    sysname: bytes = b"Linux"
    release: bytes = b"6.1.0-elfin"
    version: bytes = b"#1 SMP elfin"
    machine: bytes = b"x86_64"


class Kernel:
    """All processes of one machine."""

    def __init__(self, hardware: Hardware, vfs: Vfs, world: World | None = None) -> None:
        self.hardware = hardware
        self.world: World = world or HostWorld()
        self.vfs = vfs
        self.terminals = Terminals(self)
        self.locks = Locks()
        self.timers = Timers()
        self.futexes = Futexes()
        self.shared_files = SharedFiles()
        self.host_name = HostName()
        self.processes: dict[int, Process] = {}
        self.tasks: dict[int, Task] = {}  # alive, in the order in which they get their turn
        self.current: Process | None = None  # whose call is being answered
        self.resident: AddressSpace | None = None  # whose shared pages are up to date
        self.tracer: Tracer | None = None
        self.last_program_error = ""  # why the last program could not be run, for a person
        self.missing: set[str] = set()  # calls that programs made and elfin lacks
        self.illegal: dict[int, bytes] = {}  # code that trapped as illegal, by address
        # Signals from the host for the first process' group (Ctrl-C); appending is signal-safe.
        self.host_signals: deque[int] = deque()
        # Told when the first process stops, so that the host's job control can follow.
        self.stop_watcher: Callable[[int], None] | None = None
        self.first: Process | None = None
        self.start_ns = self.world.monotonic_ns()
        self.boot_wall_ns = self.world.wall_ns() - self.start_ns
        self._last_pid = config.FIRST_PID - 1

    # -- time and chance -------------------------------------------------------------------

    def now_ns(self) -> int:
        return self.world.monotonic_ns()

    def monotonic(self) -> float:
        return self.world.monotonic_ns() / 1e9

    def wall_ns(self) -> int:
        return self.world.wall_ns()

    def random(self, n: int) -> bytes:
        return self.world.random(n)

    # -- birth -----------------------------------------------------------------------------

    def first_process(self, credentials: Credentials, *, umask: int = 0o022) -> Process:
        """A process without a program, leader of its own session; `exec` gives it one."""
        pid = self.new_pid()
        process = Process(
            pid=pid,
            kernel=self,
            parent=None,
            pgid=pid,
            sid=pid,
            address_space=AddressSpace(self.hardware.new_memory(), self.shared_files),
            files=FileTable(self.locks),
            fs=self.vfs.context(),
            credentials=credentials,
            start_time=self.monotonic(),
        )
        process.fs.umask = umask
        task = Task(pid, process, self.hardware.new_cpu())
        process.tasks.append(task)
        self.enlist(process)
        self.tasks[pid] = task
        self.first = self.first or process
        return process

    def new_pid(self) -> int:
        """A number that is no live pid, tid, group or session."""
        taken = {n for p in self.processes.values() for n in (p.pid, p.pgid, p.sid)}
        while True:
            self._last_pid = self._last_pid + 1
            if self._last_pid >= config.PID_MAX:
                self._last_pid = config.FIRST_PID
            if self._last_pid not in taken and self._last_pid not in self.tasks:
                return self._last_pid

    def enlist(self, process: Process) -> None:
        self.processes[process.pid] = process
        if process.parent is not None:
            process.parent.children.append(process)

    def forget(self, process: Process) -> None:
        """The zombie has been waited for."""
        self.processes.pop(process.pid, None)
        if process.parent is not None and process in process.parent.children:
            process.parent.children.remove(process)

    # -- relations -------------------------------------------------------------------------

    def group(self, pgid: int) -> list[Process]:
        """The members of a process group, zombies included."""
        return [p for p in self.processes.values() if p.pgid == pgid]

    def is_orphaned(self, pgid: int) -> bool:
        """Has the group nobody in its session, outside it, who could continue it?"""
        for member in self.group(pgid):
            if member.zombie:
                continue
            if member is self.first and self.stop_watcher is not None:
                return False
            parent = member.parent
            if parent is not None and parent.pgid != pgid and parent.sid == member.sid:
                return False
        return True

    def session_of_group(self, pgid: int) -> int | None:
        return next((p.sid for p in self.group(pgid)), None)

    # -- signals ---------------------------------------------------------------------------

    def signal_process(self, pid: int, signal: int) -> None:
        """A signal from the kernel itself to one process, if it lives."""
        if pid in self.processes:
            send_to_process(self.processes[pid], SigInfo.from_kernel(signal))

    def signal_group(self, pgid: int, signal: int) -> None:
        for process in self.group(pgid):
            send_to_process(process, SigInfo.from_kernel(signal))

    def is_signal_off(self, caller: Caller, signal: int) -> bool:
        """Does the caller block or ignore it?  Then a terminal does not stop it."""
        process = self.processes.get(caller.pid)
        if process is None:
            return True
        blocked = any(t.mask & bit(signal) for t in process.tasks)
        return blocked or process.action(signal).handler == SIG_IGN

    def tell_parent(self, process: Process, code: ChildCode, status: int) -> None:
        """SIGCHLD (or what clone asked for) about a child that stopped, went on or ended."""
        parent = process.parent
        if parent is None:
            return
        signal = process.exit_signal or Signal.SIGCHLD
        if code in {ChildCode.CLD_STOPPED, ChildCode.CLD_CONTINUED}:
            signal = Signal.SIGCHLD
            action = parent.action(signal)
            if action.flags & SaFlag.SA_NOCLDSTOP or action.handler == SIG_IGN:
                return
        usage = process.total_usage()
        info = SigInfo.child(
            signal,
            code,
            process.pid,
            process.credentials.uid,
            status,
            usage.utime // TICK_NS,
            usage.stime // TICK_NS,
        )
        send_to_process(parent, info)

    def on_stop(self, process: Process) -> None:
        if process is self.first and self.stop_watcher is not None:
            self.stop_watcher(process.stopped_by)

    def take_host_signals(self) -> None:
        """Hand on what the host sent: to whoever has the first process' terminal."""
        while self.host_signals and self.first is not None:
            signal = self.host_signals.popleft()
            terminal = self.terminals.of_session(self.first.sid)
            self.signal_group(terminal.foreground if terminal else self.first.pgid, signal)


__all__ = ["INIT_PID", "TICK_NS", "HostName", "Kernel"]
