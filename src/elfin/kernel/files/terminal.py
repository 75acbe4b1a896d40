"""`Terminal`: what pseudo-terminals and the host's terminal share - sessions, modes, window size.

Source: man 2 ioctl_tty, man 7 credentials ("Process groups and sessions"), man 3 termios.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi import ioctl as req
from elfin.kernel.abi import termios as tio
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.signal import Signal
from elfin.kernel.abi.termios import TERMIO, TERMIOS2, Termios
from elfin.kernel.files.file import Background, File

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller, GuestMemory
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.terminals import Terminals

_NO_HOST: frozenset[int] = frozenset()
WINSIZE = 8
SPEED_38400 = 38400
_SET_MODES = {
    req.TCSETS: req.TCSETS,
    req.TCSETSW: req.TCSETSW,
    req.TCSETSF: req.TCSETSF,
    req.TCSETS2: req.TCSETS,
    req.TCSETSW2: req.TCSETSW,
    req.TCSETSF2: req.TCSETSF,
    req.TCSETA: req.TCSETS,
    req.TCSETAW: req.TCSETSW,
    req.TCSETAF: req.TCSETSF,
}
_OLD = {req.TCSETA, req.TCSETAW, req.TCSETAF}
_IGNORED = {req.TCSBRK, req.TCSBRKP, req.TCXONC, req.TIOCEXCL, req.TIOCNXCL}


class Terminal:
    """One terminal: its session and foreground group are the guest's, whatever is behind it."""

    def __init__(self, terminals: Terminals) -> None:
        self.terminals = terminals
        self.session = 0
        self.foreground = 0
        self.arrived = 0.0  # when input last came, for VTIME

    # -- what is behind it -----------------------------------------------------------------

    def modes(self) -> Termios:
        raise NotImplementedError

    def set_modes(self, modes: Termios, when: int) -> None:
        """Take new modes at once, after output has drained, or with a flush of input too."""
        raise NotImplementedError

    def window(self) -> bytes:
        """The eight bytes of struct winsize."""
        raise NotImplementedError

    def set_window(self, size: bytes) -> None:
        raise NotImplementedError

    def ready(self, n: int) -> bool:
        """Whether a read of n bytes has what VMIN or a line asks for."""
        raise NotImplementedError

    def available(self) -> int:
        raise NotImplementedError

    def take(self, n: int) -> bytes:
        raise NotImplementedError

    def put(self, data: bytes) -> int:
        raise NotImplementedError

    def flush(self, queue: int) -> None:
        raise NotImplementedError

    def poll_events(self) -> int:
        raise NotImplementedError

    def host_read(self) -> frozenset[int]:
        return _NO_HOST

    def host_write(self) -> frozenset[int]:
        return _NO_HOST

    def edge(self) -> int:
        """How often input came or output left, as far as it is seen: for epoll."""
        raise NotImplementedError

    def opened(self) -> None:
        """One more description."""

    def closed(self) -> None:
        """One description fewer."""

    # -- sessions --------------------------------------------------------------------------

    def signal_foreground(self, signal: int) -> None:
        if self.foreground:
            self.terminals.jobs.signal_group(self.foreground, signal)

    def controls(self, caller: Caller) -> bool:
        return bool(self.session) and self.session == caller.sid

    def is_background(self, caller: Caller) -> bool:
        return self.controls(caller) and bool(self.foreground) and caller.pgid != self.foreground

    def check_read(self, caller: Caller) -> None:
        if not self.is_background(caller):
            return
        jobs = self.terminals.jobs
        if jobs.is_signal_off(caller, Signal.SIGTTIN) or jobs.is_orphaned(caller.pgid):
            raise LinuxError(Errno.EIO)
        jobs.signal_group(caller.pgid, Signal.SIGTTIN)
        raise Background

    def check_change(self, caller: Caller) -> None:
        """Before a background process changes the terminal, or prints under TOSTOP."""
        jobs = self.terminals.jobs
        if not self.is_background(caller) or jobs.is_signal_off(caller, Signal.SIGTTOU):
            return
        if jobs.is_orphaned(caller.pgid):
            raise LinuxError(Errno.EIO)
        jobs.signal_group(caller.pgid, Signal.SIGTTOU)
        raise Background

    def check_write(self, caller: Caller) -> None:
        if self.is_background(caller) and self.modes().lflag & tio.TOSTOP:
            self.check_change(caller)

    def adopt(self, caller: Caller) -> None:
        """Become the controlling terminal of the caller's session, if both are free."""
        if caller.pid != caller.sid or self.session:
            return
        if self.terminals.of_session(caller.sid) is None:
            self.session = caller.sid
            self.foreground = caller.pgid

    def leave(self) -> None:
        self.session = self.foreground = 0


class TerminalFile(File):
    """A description of a terminal."""

    def __init__(self, terminal: Terminal, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.terminal = terminal
        self._started: float | None = None
        terminal.opened()

    def close(self) -> None:
        self.terminal.closed()

    @property
    def edge(self) -> int:  # type: ignore[override]
        return self.terminal.edge()

    def check_access(self, caller: Caller, *, write: bool) -> None:
        if write:
            self.terminal.check_write(caller)
        else:
            self.terminal.check_read(caller)

    def read(self, n: int) -> bytes:
        terminal = self.terminal
        if n == 0 or terminal.ready(n):
            self._started = None
            return terminal.take(n)
        modes = terminal.modes()
        if modes.lflag & tio.ICANON:
            raise LinuxError(Errno.EAGAIN)
        if modes.controls[tio.VMIN] == 0 and modes.controls[tio.VTIME] == 0:
            return b""
        now = terminal.terminals.jobs.monotonic()
        if self._started is None:
            self._started = now
        deadline = self.read_deadline()
        if deadline is None or now < deadline:
            raise LinuxError(Errno.EAGAIN)
        self._started = None
        return terminal.take(n)

    def read_deadline(self) -> float | None:
        controls = self.terminal.modes().controls
        if self._started is None or not controls[tio.VTIME]:
            return None
        wait = controls[tio.VTIME] / 10
        if controls[tio.VMIN] == 0:
            return self._started + wait
        # Between bytes: the time runs from the last one that came.
        return self.terminal.arrived + wait if self.terminal.available() else None

    def write(self, data: bytes) -> int:
        return self.terminal.put(data) if data else 0

    def poll_events(self) -> int:
        return self.terminal.poll_events()

    def host_read(self) -> frozenset[int]:
        return self.terminal.host_read()

    def host_write(self) -> frozenset[int]:
        return self.terminal.host_write()

    def ioctl(self, caller: Caller, memory: GuestMemory, request: int, argument: int) -> int:
        return terminal_ioctl(self.terminal, caller, memory, request, argument)


def terminal_ioctl(
    terminal: Terminal, caller: Caller, memory: GuestMemory, request: int, argument: int
) -> int:
    """The requests that every terminal answers (man 2 ioctl_tty)."""
    answer = _ask(terminal, caller, request)
    if answer is not None:
        memory.write_memory(argument, answer)
        return 0
    if request in _SET_MODES:
        modes = _read_modes(terminal, memory, request, argument)
        terminal.check_change(caller)
        terminal.set_modes(modes, _SET_MODES[request])
    elif request == req.TIOCSWINSZ:
        terminal.set_window(memory.read_memory(argument, WINSIZE))
    elif request == req.TIOCSPGRP:
        group = int.from_bytes(memory.read_memory(argument, 4), "little", signed=True)
        _set_foreground(terminal, caller, group)
    elif request == req.TIOCSCTTY:
        if terminal.controls(caller):
            return 0
        terminal.adopt(caller)
        if not terminal.controls(caller):
            raise LinuxError(Errno.EPERM)
    elif request == req.TIOCNOTTY:
        if not terminal.controls(caller):
            raise LinuxError(Errno.ENOTTY)
        if caller.pid == caller.sid:
            terminal.terminals.hang_up(terminal)
    elif request == req.TCFLSH:
        if argument > req.TCIOFLUSH:
            raise LinuxError(Errno.EINVAL)
        terminal.check_change(caller)
        terminal.flush(argument)
    elif request == req.TIOCSTI:
        raise LinuxError(Errno.EIO)  # as with dev.tty.legacy_tiocsti = 0
    elif request not in _IGNORED:
        raise LinuxError(Errno.ENOTTY)
    return 0


def _ask(terminal: Terminal, caller: Caller, request: int) -> bytes | None:
    """The answer to a request that only asks; None for the others."""
    match request:
        case req.TCGETS:
            return terminal.modes().pack()
        case req.TCGETS2:
            speed = SPEED_38400
            return terminal.modes().pack() + speed.to_bytes(4, "little") * 2
        case req.TCGETA:
            m = terminal.modes()
            flags = (f & 0xFFFF for f in (m.iflag, m.oflag, m.cflag, m.lflag))
            return TERMIO.pack(*flags, m.line, m.controls[:8])
        case req.TIOCGWINSZ:
            return terminal.window()
        case req.FIONREAD:
            return terminal.available().to_bytes(4, "little")
        case req.TIOCOUTQ | req.TIOCGETD:
            return bytes(4)
        case req.TIOCGPGRP | req.TIOCGSID:
            if not terminal.controls(caller):
                raise LinuxError(Errno.ENOTTY)
            group = terminal.foreground if request == req.TIOCGPGRP else terminal.session
            return group.to_bytes(4, "little")
        case _:
            return None


def _read_modes(terminal: Terminal, memory: GuestMemory, request: int, argument: int) -> Termios:
    if request in _OLD:
        i, o, c, lo, line, controls = TERMIO.unpack(memory.read_memory(argument, TERMIO.size))
        old = terminal.modes()
        return Termios(
            old.iflag & ~0xFFFF | i,
            old.oflag & ~0xFFFF | o,
            old.cflag & ~0xFFFF | c,
            old.lflag & ~0xFFFF | lo,
            line,
            controls + old.controls[8:],
        )
    size = TERMIOS2.size if request in {req.TCSETS2, req.TCSETSW2, req.TCSETSF2} else 36
    return Termios.unpack(memory.read_memory(argument, size))


def _set_foreground(terminal: Terminal, caller: Caller, group: int) -> None:
    if not terminal.controls(caller):
        raise LinuxError(Errno.ENOTTY)
    terminal.check_change(caller)
    if group < 0:
        raise LinuxError(Errno.EINVAL)
    session = terminal.terminals.jobs.session_of_group(group)
    if session is None:
        raise LinuxError(Errno.ESRCH)
    if session != caller.sid:
        raise LinuxError(Errno.EPERM)
    terminal.foreground = group
