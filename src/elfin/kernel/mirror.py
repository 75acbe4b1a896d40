"""The mirror: what of the kernel's state lies in a guest's Wasm memory, so that quick system calls see it.

Input:  the task that is about to run in that memory.
Output: what has to be written there, if anything has changed since a task ran in it last: nobody who
        changes the state has to think of the mirror.
While each call must be seen (a tracer, a world whose clock counts), no call is quick.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from elfin.kernel.process import INIT_PID
from elfin.kernel.table import CALLS
from elfin.layout import (
    DESCRIPTORS,
    MIRROR,
    MIRROR_END,
    QUICK,
    QUICK_CALLS,
    QUICK_ROWS,
    QUICK_WORDS,
    UNANSWERED,
)

if TYPE_CHECKING:
    from elfin.kernel.files.table import FileTable
    from elfin.kernel.task import Task

_WORDS: Final = struct.Struct(f"<{len(QUICK_WORDS)}Q")
_END: Final = struct.Struct("<I")
NONE: Final = bytes(QUICK_CALLS)


def _rows() -> bytes:
    rows = bytearray(QUICK_CALLS)
    for call in CALLS:
        rows[call.number] = QUICK.index(call.quick)
    return bytes(rows)


ROWS: Final = _rows()
News = list[tuple[int, bytes | bytearray]]


class Mirror:
    """What is in the mirror of one memory."""

    def __init__(self) -> None:
        self._on = False
        self._words: tuple[int, ...] = ()
        self._files: FileTable | None = None
        self._changes = 0

    def news(self, task: Task) -> News:
        """Addresses in the Wasm memory and what to write there before the task runs."""
        process = task.process
        kernel, who, files, parent = (
            process.kernel,
            process.credentials,
            process.files,
            process.parent,
        )
        on = kernel.world.real and kernel.tracer is None
        words = (  # as QUICK_WORDS
            process.pid,
            task.tid,
            INIT_PID if parent is None else parent.pid,
            process.pgid,
            who.uid,
            who.euid,
            who.gid,
            who.egid,
            0 if len(kernel.tasks) == 1 else UNANSWERED,
        )
        news: News = []
        if on != self._on:
            self._on = on
            news.append((QUICK_ROWS, ROWS if on else NONE))
        if words != self._words:
            self._words = words
            news.append((MIRROR, _WORDS.pack(*words)))
        if files.changes != self._changes or files is not self._files:
            self._files, self._changes = files, files.changes
            news += [(DESCRIPTORS, files.marks), (MIRROR_END, _END.pack(files.end))]
        return news
