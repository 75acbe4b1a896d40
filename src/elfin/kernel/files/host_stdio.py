"""The host's standard streams as guest descriptions: terminals shared, everything else a stream."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from elfin.kernel.abi.fcntl import O_ACCMODE, O_APPEND
from elfin.kernel.files.host_stream import HostStream, host_location
from elfin.kernel.files.host_terminal import HostTerminal
from elfin.kernel.files.location import Location
from elfin.kernel.files.terminal import TerminalFile

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.files.terminals import Terminals
    from elfin.kernel.files.vfs import Vfs


class HostStreams:
    """Makes descriptions of host descriptors, and puts terminal modes back at the end."""

    def __init__(self, vfs: Vfs, terminals: Terminals) -> None:
        self.vfs = vfs
        self.terminals = terminals
        self.host_terminals: dict[tuple[int, int], tuple[HostTerminal, Location]] = {}
        self._places: dict[tuple[int, int], Location] = {}

    def open(self, fd: int, uid: int = 0, gid: int = 0) -> File | None:
        """A description of a host descriptor, with its access mode; None if it is closed."""
        try:
            host = os.fstat(fd)
            flags = fcntl.fcntl(fd, fcntl.F_GETFL) & (O_ACCMODE | O_APPEND)
        except OSError:
            return None
        if not os.isatty(fd):
            return HostStream(fd, host_location(self.vfs, fd, self._places), flags)
        key = host.st_dev, host.st_ino
        if key not in self.host_terminals:
            terminal = HostTerminal(self.terminals, fd)
            number = self.terminals.register(terminal, uid, gid)
            self.host_terminals[key] = terminal, self.terminals.place(self.vfs, number)
        terminal, location = self.host_terminals[key]
        return TerminalFile(terminal, location, flags)

    def give_session(self, sid: int, pgid: int) -> None:
        """The first process' session gets the terminal it was started from."""
        for terminal, _ in list(self.host_terminals.values())[:1]:
            terminal.session, terminal.foreground = sid, pgid

    def restore(self) -> None:
        """Put the modes of every terminal back as they were found."""
        for terminal, _ in self.host_terminals.values():
            terminal.restore()
