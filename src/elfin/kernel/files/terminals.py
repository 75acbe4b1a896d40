"""Every terminal of a machine: /dev/tty, /dev/ptmx, /dev/pts, and which session has which.

Signals and process groups belong to the kernel above: it is given as a `JobControl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_NOCTTY
from elfin.kernel.abi.signal import Signal
from elfin.kernel.abi.stat import DEVPTS_MAGIC, S_IFCHR
from elfin.kernel.files.devices import FIRST_PTS, PTMX
from elfin.kernel.files.location import Location
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.files.pty import PtyMaster, PtyTerminal
from elfin.kernel.files.stat import StatFs
from elfin.kernel.files.terminal import Terminal, TerminalFile

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.file import File
    from elfin.kernel.files.vfs import Vfs

MAX_TERMINALS = 256  # the minor numbers of one major


class JobControl(Protocol):
    """What terminals ask of the kernel."""

    def monotonic(self) -> float: ...
    def wall_ns(self) -> int: ...
    def signal_group(self, pgid: int, signal: int) -> object: ...
    def signal_process(self, pid: int, signal: int) -> object: ...
    def is_signal_off(self, caller: Caller, signal: int) -> bool:
        """Whether the caller blocks or ignores it."""
        ...

    def is_orphaned(self, pgid: int) -> bool: ...
    def session_of_group(self, pgid: int) -> int | None: ...


class DevPts(MemoryFs):
    """/dev/pts: one node for each terminal."""

    kind = b"devpts"

    def statfs(self) -> StatFs:
        return StatFs(DEVPTS_MAGIC, 0, 0, 0, 0)


class Terminals:
    """Gives out terminals by number, and finds a session's."""

    def __init__(self, jobs: JobControl) -> None:
        self.jobs = jobs
        self.fs = DevPts(jobs.wall_ns)
        self.fs.root.create(b"ptmx", S_IFCHR | 0o666, 0, 0, PTMX)
        self._by_number: dict[int, Terminal] = {}

    def register(self, terminal: Terminal, uid: int, gid: int) -> int:
        """Give a terminal a number and a name in /dev/pts."""
        number = next((n for n in range(MAX_TERMINALS) if n not in self._by_number), None)
        if number is None:
            raise LinuxError(Errno.ENOSPC)
        self._by_number[number] = terminal
        self.fs.root.create(b"%d" % number, S_IFCHR | 0o620, uid, gid, FIRST_PTS + number)
        return number

    def forget(self, number: int) -> None:
        del self._by_number[number]
        self.fs.root.unlink(b"%d" % number)

    def of_session(self, session: int) -> Terminal | None:
        for terminal in self._by_number.values():
            if session and terminal.session == session:
                return terminal
        return None

    def place(self, vfs: Vfs, number: int) -> Location:
        """Where the terminal stands in /dev/pts, mounted or not."""
        name = b"%d" % number
        root = self.fs.root
        mount = next((m for m in vfs.mounts() if m.root is root), vfs.nowhere)
        return Location(mount, root.lookup(name), Location(mount, root), name)

    def device_of(self, terminal: Terminal) -> int:
        """Its device number, as /proc/PID/stat shows it."""
        return next((FIRST_PTS + n for n, t in self._by_number.items() if t is terminal), 0)

    # -- opening ---------------------------------------------------------------------------

    def open_controlling(self, caller: Caller, location: Location, flags: int) -> File:
        terminal = self.of_session(caller.sid)
        if terminal is None:
            raise LinuxError(Errno.ENXIO)
        return TerminalFile(terminal, location, flags)

    def open_slave(self, caller: Caller, number: int, location: Location, flags: int) -> File:
        terminal = self._by_number.get(number)
        if terminal is None:
            raise LinuxError(Errno.EIO)
        if isinstance(terminal, PtyTerminal) and (terminal.locked or terminal.hung_up):
            raise LinuxError(Errno.EIO)
        if not flags & O_NOCTTY:
            terminal.adopt(caller)
        return TerminalFile(terminal, location, flags)

    def open_master(self, caller: Caller, location: Location, flags: int) -> File:
        terminal = PtyTerminal(self)
        who = caller.credentials
        terminal.number = self.register(terminal, who.uid, who.gid)
        return PtyMaster(terminal, location, flags)

    def open_peer(self, master: PtyMaster, caller: Caller, flags: int) -> File:
        """The slave of a master, without walking a path (TIOCGPTPEER)."""
        name = b"%d" % master.terminal.number
        root = Location(master.location.mount, self.fs.root)
        location = Location(master.location.mount, self.fs.root.lookup(name), root, name)
        return self.open_slave(caller, master.terminal.number, location, flags)

    # -- hanging up ------------------------------------------------------------------------

    def leader_exits(self, session: int) -> None:
        """A session leader ended: its terminal is free, its foreground group hears of it."""
        terminal = self.of_session(session)
        if terminal is not None:
            self.hang_up(terminal)

    def hang_up(self, terminal: Terminal) -> None:
        terminal.signal_foreground(Signal.SIGHUP)
        terminal.signal_foreground(Signal.SIGCONT)
        terminal.leave()
