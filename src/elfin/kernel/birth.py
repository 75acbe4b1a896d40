"""How a task makes another: the common part of fork, vfork and clone (man 2 clone).

Input:  the parent's task and what clone's flags ask for.  Output: a new process with one task that
returns 0 from the same call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.process import CLONE_CLEAR_SIGHAND, Clone
from elfin.kernel.abi.signal import SIG_IGN
from elfin.kernel.process import Process, SigAction
from elfin.kernel.task import Task
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.mm import AddressSpace

_RAX, _RSP = 0, 4


@dataclass(frozen=True)
class Birth:
    """What the new process gets: clone's arguments after checking."""

    flags: int
    exit_signal: int
    stack: int = 0  # stack pointer; 0: the parent's
    parent_tid: int = 0
    child_tid: int = 0
    tls: int = 0


def give_birth(parent: Task, birth: Birth) -> Task:
    process, kernel, flags = parent.process, parent.kernel, birth.flags
    pid = kernel.new_pid()
    child = Process(
        pid=pid,
        kernel=kernel,
        parent=process.parent if flags & Clone.CLONE_PARENT else process,
        pgid=process.pgid,
        sid=process.sid,
        address_space=_memory_for_child(process, flags),
        files=process.files if flags & Clone.CLONE_FILES else process.files.copy(),
        fs=process.fs if flags & Clone.CLONE_FS else process.fs.copy(),
        credentials=process.credentials.copy(),
        limits=process.limits.copy(),
        start_time=kernel.monotonic(),
        exe=process.exe,
        argv=process.argv,
        environ=process.environ,
        auxv=process.auxv,
        exit_signal=birth.exit_signal,
        vfork_done=not flags & Clone.CLONE_VFORK,
        nice=process.nice,
        personality=process.personality,
        dumpable=process.dumpable,
        no_new_privs=process.no_new_privs,
        thp_disable=process.thp_disable,
    )
    if flags & Clone.CLONE_FILES:
        process.files.users += 1
    child.signal_actions = dict(process.signal_actions)
    if flags & CLONE_CLEAR_SIGHAND:
        child.signal_actions = _only_ignored(process)
    task = Task(pid, child, parent.cpu.copy())
    child.tasks.append(task)
    task.comm = parent.comm
    task.mask = parent.mask
    task.trap = parent.trap
    task.timer_slack = parent.timer_slack
    # A child that runs on its own stack in its parent's memory has no alternate stack there.
    if not flags & Clone.CLONE_VM or flags & Clone.CLONE_VFORK:
        task.altstack = parent.altstack
    _set_registers(task, birth)
    kernel.enlist(child)
    kernel.tasks[pid] = task
    return task


def _memory_for_child(process: Process, flags: int) -> AddressSpace:
    if flags & Clone.CLONE_VM:
        process.address_space.users += 1
        return process.address_space
    return process.address_space.fork()


def _only_ignored(process: Process) -> dict[int, SigAction]:
    return {s: a for s, a in process.signal_actions.items() if a.handler == SIG_IGN}


def _set_registers(task: Task, birth: Birth) -> None:
    cpu, flags = task.cpu, birth.flags
    cpu.gpr[_RAX] = 0
    if birth.stack:
        cpu.gpr[_RSP] = birth.stack
    if flags & Clone.CLONE_SETTLS:
        cpu.fs_base = birth.tls
    if flags & Clone.CLONE_CHILD_CLEARTID:
        task.clear_child_tid = birth.child_tid
