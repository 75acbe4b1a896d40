"""What each step of a translation costs, in CPU seconds of its thread."""

from __future__ import annotations

from time import thread_time
from typing import Final

# Decoded entries to regions; effects and their statements; registers that are dead, or need not be stored;
# nested blocks; Wasm.
STEPS: Final = ("decode", "lift", "opt", "structure", "codegen")


class Clock:
    """Started when it is made."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)
        self._last = thread_time()

    def done(self, step: str) -> None:
        """The time since the last call was spent on this step."""
        now = thread_time()
        self.seconds[step] += now - self._last
        self._last = now
