"""One readable line for each system call and signal, in the manner of strace(1).

Input:  rows, converted arguments, results.  Output: lines to a sink.  A call's line is written
when it is over; how an argument is shown is in `show.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.signal import signal_name
from elfin.kernel.call import Call
from elfin.kernel.show import AFTER, show
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.siginfo import SigInfo
    from elfin.kernel.task import Task

_GIVES_ADDRESS = frozenset({"mmap", "brk", "mremap", "shmat"})


@dataclass
class Started:
    """A call that has begun: the texts of its arguments, None where the result must be known."""

    call: Call
    values: list[int]
    texts: list[str | None]


class Tracer:
    """Writes the lines.  `kernel.tracer` is one of these, or None."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink
        self._started: dict[int, Started] = {}

    def enter(self, task: Task, call: Call, values: list[int]) -> None:
        """What the call reads is shown as it is now: execve replaces the memory it is in."""
        started = Started(call, values, [])
        self._started[task.tid] = started
        for i, argument in enumerate(call.arguments):
            late = argument.kind in AFTER
            started.texts.append(None if late else show(task, call, values, i))

    def leave(self, task: Task, result: int | None) -> None:
        """The call is over; None: it will start again after a signal handler."""
        started = self._started.pop(task.tid, None)
        if started is None:
            return
        texts = [
            text if text is not None else show(task, started.call, started.values, i, result)
            for i, text in enumerate(started.texts)
        ]
        self._line(task, f"{started.call.name}({', '.join(texts)}) = {_result(started, result)}")

    def missing(self, task: Task, name: str) -> None:
        self._line(task, f"{name}(...) = ENOSYS (elfin has no such call)")

    def signal(self, task: Task, info: SigInfo) -> None:
        self._line(task, f"--- {signal_name(info.signal)} {{si_code={info.code}}} ---")

    def exited(self, process: Process, status: int) -> None:
        for task in process.tasks:
            started = self._started.pop(task.tid, None)
            if started is not None:
                texts = [text or "?" for text in started.texts]
                self._line(task, f"{started.call.name}({', '.join(texts)}) = ?")
        if status & 0x7F:
            core = " (core dumped)" if status & 0x80 else ""
            text = f"killed by {signal_name(status & 0x7F)}{core}"
        else:
            text = f"exited with {status >> 8}"
        self._line(process.leader, f"+++ {text} +++")

    def _line(self, task: Task, text: str) -> None:
        self._sink(f"[{task.tid}] {text}")


def _result(started: Started, result: int | None) -> str:
    if result is None:
        return "? (restarts)"
    if -4095 <= result < 0:
        return Errno(-result).name if -result in Errno._value2member_map_ else str(result)
    return hex(result) if started.call.name in _GIVES_ADDRESS else str(result)
