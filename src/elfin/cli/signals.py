"""Signals of the host, handed to the guest; a guest that stops, stopping elfin.

Input:  signals that this process gets.  Output: the same in the guest, at its next turn.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final

from elfin.kernel.abi.ioctl import TCSETSW
from elfin.kernel.abi.signal import SIG_IGN
from elfin.kernel.process import Process, SigAction
from elfin.machine.machine import Machine

FORWARDED: Final = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGWINCH,
)


class HostSignals:
    """While it is entered, the guest gets our signals, and we stop when its first process does."""

    def __init__(self, machine: Machine, process: Process) -> None:
        self.machine = machine
        self.process = process
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> HostSignals:
        for number in FORWARDED:
            if signal.getsignal(number) == signal.SIG_IGN:
                # nohup and its like: what is ignored stays ignored across exec.
                self.process.signal_actions[number] = SigAction(handler=SIG_IGN)
            else:
                self._before[number] = signal.signal(number, self._arrived)
        signal.set_wakeup_fd(self.machine.world.rope, warn_on_full_buffer=False)
        self.machine.kernel.stop_watcher = self._stopped
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.kernel.stop_watcher = None
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _arrived(self, number: int, _: FrameType | None) -> None:
        self.machine.kernel.host_signals.append(number)

    def _stopped(self, number: int) -> None:
        """Stop as the guest has stopped; the shell that waits for us sees the same signal.

        It gets the terminal as it was, and the guest finds its own modes again afterwards.
        """
        streams = self.machine.streams
        modes = [(terminal, terminal.modes()) for terminal, _ in streams.host_terminals.values()]
        streams.restore()
        handled = number in self._before
        if handled:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here somebody has sent SIGCONT, which `_arrived` has noted for the guest.
        if handled:
            signal.signal(number, self._arrived)
        for terminal, mode in modes:
            terminal.set_modes(mode, TCSETSW)
