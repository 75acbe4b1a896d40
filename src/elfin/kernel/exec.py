"""The point of no return of execve: a loaded program takes the process over.

What a process keeps and what it loses is man 2 execve, "Effect on process attributes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.signal import SIG_IGN
from elfin.kernel.lifecycle import leave_memory
from elfin.kernel.program import Loaded, Request, prepare
from elfin.kernel.task import AltStack, Trap

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task

_RSP = 4


def replace_program(task: Task, loaded: Loaded) -> None:
    """Give the task's process the new program; the task starts at its entry."""
    process, entry = task.process, loaded.entry
    process.usage.max_rss = max(process.usage.max_rss, process.address_space.peak)
    leave_memory(process)
    process.address_space = loaded.space
    if process.files.users > 1:
        process.files.users -= 1
        process.files = process.files.copy()
    process.files.close_on_exec(process)
    process.exe = loaded.location
    process.argv, process.environ, process.auxv = loaded.argv, loaded.envp, entry.auxv
    process.execs += 1
    process.dumpable = 1
    process.keep_caps = 0
    process.signal_actions = {
        s: a for s, a in process.signal_actions.items() if a.handler == SIG_IGN
    }
    process.kernel.timers.drop_created(process)
    task.comm = loaded.name
    task.altstack = AltStack()
    task.trap = Trap()
    task.clear_child_tid = 0
    task.robust_list = (0, 0)
    task.cpu.reset()
    task.cpu.rip, task.cpu.gpr[_RSP] = entry.rip, entry.rsp
    if process.kernel.resident is None:
        process.kernel.resident = loaded.space


def start(process: Process, path: bytes, argv: list[bytes], envp: list[bytes]) -> None:
    """Give a first process its program: execve from outside the guest (LinuxError, LoadError)."""
    file = process.kernel.vfs.open_program(process, path)
    replace_program(process.leader, prepare(process, Request(file, path, argv, envp)))
