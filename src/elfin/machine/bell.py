"""The host's world with a bell: a signal handler, or another thread, ends the kernel's sleep."""

from __future__ import annotations

import os

from elfin.kernel.world import HostWorld


class BellWorld(HostWorld):
    """A `World` whose `wait` also ends when `bell` becomes readable.

    Python restarts an interrupted poll after a signal handler has run, so a handler alone would not
    wake a kernel that waits for input: `signal.set_wakeup_fd(world.rope)` does.
    """

    def __init__(self) -> None:
        self.bell, self.rope = os.pipe()
        os.set_blocking(self.bell, False)
        os.set_blocking(self.rope, False)

    def ring(self) -> None:
        """End a wait that is going on, or else the next one."""
        try:
            os.write(self.rope, b"!")
        except BlockingIOError:
            return  # it has been rung many times already

    def wait(self, read: frozenset[int], write: frozenset[int], timeout: float | None) -> None:
        super().wait(read | {self.bell}, write, timeout)
        try:
            os.read(self.bell, 4096)
        except BlockingIOError:
            return  # something else ended the wait

    def close(self) -> None:
        os.close(self.bell)
        os.close(self.rope)
