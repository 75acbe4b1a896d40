"""The law of quick calls: an answer from the mirror is what the call's own function answers.

`QuickCalls` stands beside an engine without Wasm: it keeps a mirror in a bytearray as engines do, asks
`core.quick` before each call, and compares when the task runs on.
"""

from __future__ import annotations

from elfin.bits import M64
from elfin.core.quick import quick_syscall
from elfin.dialect import bound
from elfin.kernel.abi.syscalls import name_of
from elfin.kernel.memory import Memory
from elfin.kernel.mirror import Mirror
from elfin.kernel.task import Task
from elfin.layout import PAGES, UNANSWERED

RAX, RDX, RSI, RDI = 0, 2, 6, 7


class QuickCalls:
    """What quick calls would have answered."""

    def __init__(self) -> None:
        self.mirrors: dict[int, tuple[Memory, Mirror, bytearray]] = {}  # by id of the memory
        self.expected: dict[Task, tuple[str, int]] = {}
        self.answers = 0

    def answer(self, task: Task) -> None:
        """The task makes the call that is in its registers."""
        gpr = task.cpu.gpr
        with bound(self._mirror(task)):
            found = int(quick_syscall(*(int(gpr[i]) for i in (RAX, RDI, RSI, RDX))))
        if found != UNANSWERED:
            self.expected[task] = f"{name_of(gpr[RAX])} of {gpr[RDI]:#x}", found
            self.answers += 1

    def check(self, task: Task) -> None:
        """The task runs, perhaps after a call; a handler may run before the call has answered."""
        name, expected = self.expected.pop(task, ("", 0))
        if name:
            assert task.cpu.gpr[RAX] == expected, (name, task.cpu.gpr[RAX], expected & M64)

    def _mirror(self, task: Task) -> bytearray:
        found = self.mirrors.get(id(task.memory))
        if found is None:
            found = task.memory, Mirror(), bytearray(PAGES + (1 << 20))
            self.mirrors[id(task.memory)] = found
        for at, data in found[1].news(task):
            found[2][at : at + len(data)] = data
        return found[2]
