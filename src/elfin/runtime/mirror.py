"""The kernel's mirror in a guest's memory, brought up to date before a task runs there.

Input:  a `Space` with the core module on it, the task that is about to run.
Output: the mirror as `kernel/mirror.py` says, and the host's clock set to the kernel's.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin import layout
from elfin.bits import M64
from elfin.kernel.mirror import Mirror

if TYPE_CHECKING:
    from elfin.kernel.task import Task
    from elfin.kernel.world import World
    from elfin.runtime.host import Space

READINGS = 5
_CLOCK = struct.Struct("<QI")  # MIRROR_CLOCK, MIRROR_HAS_CLOCK


class MemoryMirror:
    """`note_clock` is the core function of that name."""

    def __init__(self, space: Space, note_clock: Callable[[], int]) -> None:
        self.space = space
        self.note_clock = note_clock
        self._mirror = Mirror()
        self._set = False  # is the clock?
        self.has_clock = False  # can the guest look at the world's clock?

    def update(self, task: Task) -> None:
        """Before the task runs."""
        for at, data in self._mirror.news(task):
            if not self._set:
                self._set_clock(task.kernel.world)
            self.space.write(at, data)

    def _set_clock(self, world: World) -> None:
        """Find how far the world's clock is ahead of the host's: by the reading that took least."""
        self._set = True
        if not world.real:
            return
        best = ahead = 0
        for _ in range(READINGS):
            before = world.monotonic_ns()
            if self.note_clock():
                return  # the host has no clock
            after = world.monotonic_ns()
            noted = int.from_bytes(self.space.read(layout.MIRROR_NOW, 8), "little")
            if not best or after - before < best:
                best, ahead = after - before, (before + after) // 2 - noted
        self.has_clock = True
        self.space.write(layout.MIRROR_CLOCK, _CLOCK.pack(ahead & M64, 1))
