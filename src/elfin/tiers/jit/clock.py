"""What each step of a translation costs, in CPU seconds of its thread."""

from __future__ import annotations

import time
from typing import Final

# In browsers a thread has no clock of its own.
now: Final = getattr(time, "thread_time", time.perf_counter)
# Decoded entries to regions; effects and their statements; registers that are dead, or need not be stored;
# nested blocks; Wasm.
STEPS: Final = ("decode", "lift", "opt", "structure", "codegen")


class Clock:
    """Started when it is made; `decode` is the time of that step, which comes before."""

    def __init__(self, decode: float = 0.0) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0) | {"decode": decode}
        self._last = now()

    def done(self, step: str) -> None:
        """The time since the last call was spent on this step."""
        time_now = now()
        self.seconds[step] += time_now - self._last
        self._last = time_now
