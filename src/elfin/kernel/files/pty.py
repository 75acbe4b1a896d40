"""Pseudo-terminals (man 7 pty): a master that types and looks, a slave that is a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi import ioctl as req
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_CLOEXEC
from elfin.kernel.abi.poll import POLLERR, POLLHUP, READABLE, WRITABLE
from elfin.kernel.abi.signal import Signal
from elfin.kernel.files.file import File
from elfin.kernel.files.line_discipline import LineDiscipline
from elfin.kernel.files.terminal import WINSIZE, Terminal, terminal_ioctl

if TYPE_CHECKING:
    from elfin.kernel.abi.termios import Termios
    from elfin.kernel.files.caller import Caller, GuestMemory
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.terminals import Terminals

OUTPUT_SIZE = 1 << 16


class PtyTerminal(Terminal):
    """The slave side: a line discipline between the master's bytes and the reader."""

    def __init__(self, terminals: Terminals) -> None:
        super().__init__(terminals)
        self.discipline = LineDiscipline(self._echo, self.signal_foreground)
        self.number = -1
        self.locked = True  # until unlockpt
        self.hung_up = False  # the master is gone
        self.output = bytearray()  # printed, for the master to read
        self.printed = 0  # how often, and how often the master has read: edges for epoll
        self.drained = 0
        self._window = bytes(WINSIZE)
        self._users = 0
        self.was_open = False

    def _echo(self, data: bytes) -> None:
        self.output += data
        self.printed += 1

    # -- the slave -------------------------------------------------------------------------

    def opened(self) -> None:
        self._users += 1
        self.was_open = True

    def closed(self) -> None:
        self._users -= 1
        self.printed += 1

    @property
    def slave_gone(self) -> bool:
        return self.was_open and not self._users

    def modes(self) -> Termios:
        return self.discipline.modes

    def set_modes(self, modes: Termios, when: int) -> None:
        if when == req.TCSETSF:
            self.discipline.flush_input()
        self.discipline.set_modes(modes)

    def window(self) -> bytes:
        return self._window

    def set_window(self, size: bytes) -> None:
        if size != self._window:
            self._window = size
            self.signal_foreground(Signal.SIGWINCH)

    def ready(self, n: int) -> bool:
        return self.hung_up or self.discipline.ready(n)

    def edge(self) -> int:
        return self.discipline.arrivals + self.drained

    def available(self) -> int:
        return self.discipline.available

    def take(self, n: int) -> bytes:
        return b"" if self.hung_up else self.discipline.take(n)

    def put(self, data: bytes) -> int:
        if self.hung_up:
            raise LinuxError(Errno.EIO)
        room = OUTPUT_SIZE - len(self.output)
        if self.discipline.stopped or room <= 0:
            raise LinuxError(Errno.EAGAIN)
        data = data[:room]
        self._echo(self.discipline.process_output(data))
        return len(data)

    def flush(self, queue: int) -> None:
        if queue != req.TCOFLUSH:
            self.discipline.flush_input()
        if queue != req.TCIFLUSH:
            self.output.clear()

    def poll_events(self) -> int:
        if self.hung_up:
            return READABLE | WRITABLE | POLLERR | POLLHUP
        events = READABLE if self.discipline.ready(1 << 30) else 0
        if not self.discipline.stopped and len(self.output) < OUTPUT_SIZE:
            events |= WRITABLE
        return events

    # -- the master ------------------------------------------------------------------------

    def type(self, data: bytes) -> int:
        """Bytes from the master's keyboard; how many there was room for."""
        # A full line buffer must still take the character that ends or edits the line.
        room = self.discipline.room
        if room <= 0 and not self.discipline.canonical:
            raise LinuxError(Errno.EAGAIN)
        data = data[: max(1, room)]
        self.discipline.receive(data)
        self.arrived = self.terminals.jobs.monotonic()
        return len(data)

    def hang_up(self) -> None:
        """The master has been closed."""
        self.hung_up = True
        if self.session:
            leader = self.session
            self.terminals.jobs.signal_process(leader, Signal.SIGHUP)
            self.terminals.jobs.signal_process(leader, Signal.SIGCONT)
        self.terminals.hang_up(self)
        self.terminals.forget(self.number)


class PtyMaster(File):
    """What opening /dev/ptmx gives."""

    def __init__(self, terminal: PtyTerminal, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.terminal = terminal

    def close(self) -> None:
        self.terminal.hang_up()

    @property
    def edge(self) -> int:  # type: ignore[override]
        return self.terminal.printed

    def read(self, n: int) -> bytes:
        output = self.terminal.output
        if not output:
            raise LinuxError(Errno.EIO if self.terminal.slave_gone else Errno.EAGAIN)
        data = bytes(output[:n])
        del output[:n]
        self.terminal.drained += 1
        return data

    def write(self, data: bytes) -> int:
        return self.terminal.type(data) if data else 0

    def poll_events(self) -> int:
        events = READABLE if self.terminal.output else 0
        if self.terminal.slave_gone:
            events |= POLLHUP
        return events | WRITABLE

    def ioctl(self, caller: Caller, memory: GuestMemory, request: int, argument: int) -> int:
        terminal = self.terminal
        match request:
            case req.TIOCGPTN:
                memory.write_memory(argument, terminal.number.to_bytes(4, "little"))
            case req.TIOCSPTLCK:
                terminal.locked = any(memory.read_memory(argument, 4))
            case req.TIOCGPTLCK:
                memory.write_memory(argument, int(terminal.locked).to_bytes(4, "little"))
            case req.TIOCGPTPEER:
                peer = terminal.terminals.open_peer(self, caller, argument)
                return caller.files.install(peer, cloexec=bool(argument & O_CLOEXEC))
            case req.FIONREAD:
                memory.write_memory(argument, len(terminal.output).to_bytes(4, "little"))
            case req.TIOCGPGRP:
                memory.write_memory(argument, terminal.foreground.to_bytes(4, "little"))
            case req.TIOCSWINSZ:
                terminal.set_window(memory.read_memory(argument, WINSIZE))
            case _:
                return terminal_ioctl(terminal, caller, memory, request, argument)
        return 0
