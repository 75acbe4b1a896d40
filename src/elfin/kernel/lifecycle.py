"""The ends of tasks and processes, and what their relatives hear of it (man 2 exit, wait).

Source for the order of things: kernel/exit.c, do_exit and exit_notify.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import LinuxError
from elfin.kernel.abi.signal import SIG_IGN, ChildCode, SaFlag, Signal
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import send_to_process

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task


def exit_task(task: Task, code: int) -> None:
    """exit(2): one thread ends; the last one ends the process."""
    process = task.process
    if all(t.dead or t is task for t in process.tasks):
        exit_process(process, (code & 0xFF) << 8)
        return
    _end_task(task)
    process.usage.utime += task.utime
    process.usage.stime += task.stime
    process.tasks.remove(task)


def exit_process(process: Process, status: int) -> None:
    """All tasks end; `status` is what wait4 reports (exit code << 8, or signal)."""
    if process.zombie:
        return
    kernel = process.kernel
    if kernel.tracer:
        kernel.tracer.exited(process, status)
    for task in process.tasks:
        _end_task(task)
    process.exit_status = status
    process.stopped_by = 0
    process.total_usage()
    leave_memory(process)
    process.files.users -= 1
    if not process.files.users:
        process.files.close_all(process)
    kernel.timers.cancel_all(process)
    _orphan_children(process)
    if process.sid == process.pid:
        kernel.terminals.leader_exits(process.sid)
    _hang_up_orphans(process, process.parent)
    if _is_reaped_unseen(process):
        kernel.forget(process)
    if process.parent is not None and process.exit_signal:
        _tell_exit(process)


def leave_memory(process: Process) -> None:
    """The process stops using its address space (exec, exit); a vfork parent may go on."""
    kernel, space = process.kernel, process.address_space
    if kernel.resident is space:
        space.publish()
        if space.users == 1:
            kernel.resident = None
    space.release()
    process.vfork_done = True


def _end_task(task: Task) -> None:
    if task.dead:
        return
    task.dead = True
    wait, task.wait = task.wait, None
    if wait is not None and wait.on_interrupt is not None:
        wait.on_interrupt()
    if task.clear_child_tid and task.process.address_space.users > 1:
        # Only someone who shares the memory can be waiting there (pthread_join, vfork).
        try:
            task.write_memory(task.clear_child_tid, bytes(4))
        except LinuxError:
            pass
        else:
            task.kernel.futexes.wake(task.process.address_space, task.clear_child_tid, 1)
    task.kernel.tasks.pop(task.tid, None)


def _orphan_children(process: Process) -> None:
    """Children go to the nearest subreaper, else to init, who reaps at once."""
    heir = process.parent
    while heir is not None and not heir.subreaper:
        heir = heir.parent
    children, process.children = process.children, []
    for child in children:
        child.parent = heir
        if heir is not None:
            heir.children.append(child)
        elif child.zombie:
            process.kernel.forget(child)
        if child.zombie:
            continue
        if child.death_signal:
            send_to_process(child, SigInfo.from_user(child.death_signal, process.pid, 0))
        _hang_up_orphans(child, process)


def _hang_up_orphans(member: Process, parent: Process | None) -> None:
    """A stopped group that loses its last link to the session gets SIGHUP and SIGCONT.

    The link is `parent`, in another group of the same session, over `member` (POSIX, orphaned
    process group).
    """
    if parent is None or parent.pgid == member.pgid or parent.sid != member.sid:
        return
    kernel = member.kernel
    group = kernel.group(member.pgid)
    if kernel.is_orphaned(member.pgid) and any(p.stopped_by for p in group):
        for signal in (Signal.SIGHUP, Signal.SIGCONT):
            for p in group:
                send_to_process(p, SigInfo.from_kernel(signal))


def _is_reaped_unseen(process: Process) -> bool:
    """Nobody will wait for it: init's child, or the parent said so about SIGCHLD."""
    parent = process.parent
    if parent is None:
        return True
    if process.exit_signal != Signal.SIGCHLD:
        return False
    action = parent.action(Signal.SIGCHLD)
    return action.handler == SIG_IGN or bool(action.flags & SaFlag.SA_NOCLDWAIT)


def _tell_exit(process: Process) -> None:
    status = process.exit_status or 0
    if status & 0x7F == 0:
        process.kernel.tell_parent(process, ChildCode.CLD_EXITED, status >> 8)
    else:
        code = ChildCode.CLD_DUMPED if status & 0x80 else ChildCode.CLD_KILLED
        process.kernel.tell_parent(process, code, status & 0x7F)
