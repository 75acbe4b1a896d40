"""Sending signals: to whom, what is dropped at once, what a fault forces.

Input:  a `SigInfo` and its target.  Output: a pending signal, or nothing; `delivery.py` acts on it
when the task is about to run.  Source: man 7 signal; Linux drops a signal that is ignored and
not blocked when it is *sent*, and that can be observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.resource import Rlimit
from elfin.kernel.abi.signal import (
    IGNORED_BY_DEFAULT,
    SIG_DFL,
    SIG_IGN,
    STOPS,
    ChildCode,
    Signal,
    bit,
)
from elfin.kernel.process import DEFAULT_ACTION
from elfin.kernel.siginfo import SigInfo
from elfin.records import replace

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task

_CONTINUE = bit(Signal.SIGCONT)


def send_to_process(process: Process, info: SigInfo) -> None:
    """Any task of the process may take it."""
    if not process.zombie and _passes(process, process.leader, info.signal):
        process.pending.add(info)


def send_to_task(task: Task, info: SigInfo) -> None:
    """Only this task may take it."""
    if not task.dead and _passes(task.process, task, info.signal):
        task.pending.add(info)


def force(task: Task, info: SigInfo) -> None:
    """A signal that the task's own instruction caused: it cannot be blocked or ignored.

    If the program tried to, the default action takes its place (kernel/signal.c,
    force_sig_info_to_task).
    """
    process, signal = task.process, info.signal
    blocked = task.mask & bit(signal)
    action = process.action(signal)
    if blocked or action.handler == SIG_IGN:
        process.signal_actions[signal] = replace(action, handler=SIG_DFL)
        task.mask &= ~bit(signal)
    task.pending.add(info)


def force_segv(task: Task, signal: int = 0) -> None:
    """The frame of a handler could not be stored or restored; for SIGSEGV's own that is fatal."""
    if signal == Signal.SIGSEGV:
        task.process.signal_actions[signal] = DEFAULT_ACTION
    force(task, SigInfo.from_kernel(Signal.SIGSEGV))


def is_ignored(process: Process, signal: int) -> bool:
    handler = process.action(signal).handler
    return handler == SIG_IGN or (handler == SIG_DFL and bool(bit(signal) & IGNORED_BY_DEFAULT))


def _passes(process: Process, task: Task, signal: int) -> bool:
    """The effects of sending as such; is the signal then to be queued?"""
    if bit(signal) & STOPS:
        _discard(process, _CONTINUE)
    elif signal == Signal.SIGCONT:
        _discard(process, STOPS)
        if process.stopped_by:
            resume(process)
    elif signal == Signal.SIGKILL:
        process.stopped_by = 0
    return bool(task.mask & bit(signal)) or not is_ignored(process, signal)


def _discard(process: Process, mask: int) -> None:
    process.pending.discard(mask)
    for task in process.tasks:
        task.pending.discard(mask)


# -- stopping and continuing ---------------------------------------------------------------


def stop(process: Process, signal: int) -> None:
    """All tasks of the process stand still until SIGCONT or SIGKILL."""
    process.stopped_by = signal
    process.stop_news, process.continue_news = True, False
    process.kernel.tell_parent(process, ChildCode.CLD_STOPPED, signal)
    process.kernel.on_stop(process)


def resume(process: Process) -> None:
    process.stopped_by = 0
    process.stop_news, process.continue_news = False, True
    process.kernel.tell_parent(process, ChildCode.CLD_CONTINUED, Signal.SIGCONT)


# -- the processor time that a process may use -------------------------------------------------


def enforce_cpu_limit(process: Process) -> None:
    """RLIMIT_CPU: SIGXCPU every second from the soft limit on, SIGKILL at the hard one."""
    soft, hard = process.limits[Rlimit.RLIMIT_CPU]
    usage = process.total_usage()
    seconds = (usage.utime + usage.stime) // 1_000_000_000
    if seconds >= hard:
        send_to_process(process, SigInfo.from_kernel(Signal.SIGKILL))
    elif seconds >= soft:
        send_to_process(process, SigInfo.from_kernel(Signal.SIGXCPU))
        process.limits[Rlimit.RLIMIT_CPU] = soft + 1, hard
