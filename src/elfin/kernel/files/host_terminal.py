"""The host's terminal as a guest terminal: its modes are the host's, its session is the guest's.

The modes found at first are put back by `restore`; the numbers of termios are Linux's on both
sides, so the structure passes through unchanged.
"""

from __future__ import annotations

import fcntl
import os
import select
import termios
from typing import TYPE_CHECKING

from elfin.kernel.abi import ioctl as req
from elfin.kernel.abi import termios as tio
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.poll import POLLERR, POLLHUP, READABLE, WRITABLE
from elfin.kernel.abi.termios import Termios
from elfin.kernel.files.host_error import host_error
from elfin.kernel.files.host_stream import host_ready
from elfin.kernel.files.terminal import WINSIZE, Terminal

if TYPE_CHECKING:
    from elfin.kernel.files.terminals import Terminals


class HostTerminal(Terminal):
    """A terminal behind a host descriptor."""

    def __init__(self, terminals: Terminals, fd: int) -> None:
        super().__init__(terminals)
        self.fd = fd
        self._uses = 0
        self._first: Termios | None = None  # the modes to restore, once they were changed

    def _control(self, request: int, data: bytes) -> bytes:
        try:
            answer = fcntl.ioctl(self.fd, request, data)
        except OSError as error:
            raise host_error(error) from None
        assert isinstance(answer, bytes)
        return answer

    def modes(self) -> Termios:
        return Termios.unpack(self._control(req.TCGETS, bytes(tio.TERMIOS.size)))

    def set_modes(self, modes: Termios, when: int) -> None:
        if self._first is None:
            self._first = self.modes()
        self._control(when, modes.pack())

    def restore(self) -> None:
        """Put the modes back as they were found; a terminal that has hung up has none."""
        first, self._first = self._first, None
        if first is not None:
            try:
                self._control(req.TCSETSW, first.pack())
            except LinuxError as error:
                if error.errno != Errno.EIO:
                    raise

    def window(self) -> bytes:
        return self._control(req.TIOCGWINSZ, bytes(WINSIZE))

    def set_window(self, size: bytes) -> None:
        self._control(req.TIOCSWINSZ, size)

    def ready(self, n: int) -> bool:
        self._uses += 1
        return bool(host_ready(self.fd, select.POLLIN))

    def edge(self) -> int:
        # The host does not tell when input comes: after each use it may have.
        return self._uses

    def available(self) -> int:
        return int.from_bytes(self._control(req.FIONREAD, bytes(4)), "little")

    def take(self, n: int) -> bytes:
        if not n or not self.ready(n):
            return b""
        try:
            data = os.read(self.fd, n)
        except OSError as error:
            raise host_error(error) from None
        self.arrived = self.terminals.jobs.monotonic()
        return data

    def put(self, data: bytes) -> int:
        self._uses += 1
        if not host_ready(self.fd, select.POLLOUT):
            raise LinuxError(Errno.EAGAIN)
        try:
            return os.write(self.fd, data)
        except OSError as error:
            raise host_error(error) from None

    def flush(self, queue: int) -> None:
        termios.tcflush(self.fd, (termios.TCIFLUSH, termios.TCOFLUSH, termios.TCIOFLUSH)[queue])

    def poll_events(self) -> int:
        ready = host_ready(self.fd, select.POLLIN | select.POLLOUT)
        events = ready & (POLLERR | POLLHUP)
        if ready & select.POLLIN:
            events |= READABLE
        return events | WRITABLE if ready & select.POLLOUT else events

    def host_read(self) -> frozenset[int]:
        return frozenset((self.fd,))

    def host_write(self) -> frozenset[int]:
        return frozenset((self.fd,))
