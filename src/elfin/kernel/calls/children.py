"""Waiting for children: wait4 and waitid (man 2 wait)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.process import IdType, WaitFlag
from elfin.kernel.abi.signal import ChildCode, Signal
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.usage import pack_rusage
from elfin.kernel.wait import Wait
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.process import Process, Usage
    from elfin.kernel.task import Task

    Matches = Callable[[Process], bool]

_CONTINUED_STATUS = 0xFFFF
_INFO = "<iii4xiIi"  # si_signo si_errno si_code si_pid si_uid si_status
_WHAT = WaitFlag.WEXITED | WaitFlag.WSTOPPED | WaitFlag.WCONTINUED
_WHO = WaitFlag.WNOTHREAD | WaitFlag.WCLONE | WaitFlag.WALL


@dataclass(frozen=True)
class News:
    """What a child has to report."""

    child: Process
    code: ChildCode
    status: int  # exit code or signal
    wait_status: int  # the same as wait4 encodes it


@syscall(61, "wait4", "pid:pid", "status:outint", "options:WAIT", "rusage:ptr")
def wait4(t: Task, pid: int, status: int, options: int, rusage: int) -> Result:
    if options & ~(WaitFlag.WNOHANG | WaitFlag.WSTOPPED | WaitFlag.WCONTINUED | _WHO):
        raise LinuxError(Errno.EINVAL)
    if pid == -(1 << 31):
        raise LinuxError(Errno.ESRCH)

    def report(news: News) -> int:
        if rusage:
            t.write_memory(rusage, pack_rusage(_usage_of(news)))
        if status:
            t.write_struct(status, "<i", news.wait_status)
        return news.child.pid

    return _wait(t, _by_pid(t, pid), options | WaitFlag.WEXITED, report, lambda: 0)


@syscall(247, "waitid", "which:P", "id:pid", "info:ptr", "options:WAIT", "rusage:ptr")
def waitid(t: Task, which: int, id_: int, info: int, options: int, rusage: int) -> Result:
    if options & ~(WaitFlag.WNOHANG | WaitFlag.WNOWAIT | _WHAT | _WHO) or not options & _WHAT:
        raise LinuxError(Errno.EINVAL)

    def report(news: News) -> int:
        if rusage:
            t.write_memory(rusage, pack_rusage(_usage_of(news)))
        if info:
            child = news.child
            who = child.pid, child.credentials.uid
            t.write_struct(info, _INFO, Signal.SIGCHLD, 0, news.code, *who, news.status)
        return 0

    def nothing() -> int:
        if info:
            t.write_struct(info, _INFO, *(0,) * 6)
        return 0

    return _wait(t, _by_id(t, which, id_), options, report, nothing)


# -- which children ------------------------------------------------------------------------


def _by_pid(t: Task, pid: int) -> Matches:
    if pid == -1:
        return lambda child: True
    if pid > 0:
        return lambda child: child.pid == pid
    pgid = -pid or t.process.pgid
    return lambda child: child.pgid == pgid


def _by_id(t: Task, which: int, id_: int) -> Matches:
    match which:
        case IdType.P_ALL:
            return lambda child: True
        case IdType.P_PID if id_ > 0:
            return lambda child: child.pid == id_
        case IdType.P_PGID if id_ >= 0:
            pgid = id_ or t.process.pgid
            return lambda child: child.pgid == pgid
        case IdType.P_PIDFD if id_ >= 0:
            t.process.files.get(id_)
            raise LinuxError(Errno.EBADF)  # there are no process descriptors
        case _:
            raise LinuxError(Errno.EINVAL)


# -- the wait itself -----------------------------------------------------------------------


def _wait(
    t: Task,
    matches: Matches,
    options: int,
    report: Callable[[News], int],
    nothing: Callable[[], int],
) -> Result:
    def poll() -> int | None:
        children = [c for c in t.process.children if matches(c) and _is_waitable(c, options)]
        if not children:
            raise LinuxError(Errno.ECHILD)
        for child in children:
            news = _news(child, options)
            if news is not None:
                # Taken first: where the answer cannot be stored (EFAULT) the child is gone too.
                if not options & WaitFlag.WNOWAIT:
                    _take(t, news)
                return report(news)
        return None

    result = poll()
    if result is not None:
        return result
    return nothing() if options & WaitFlag.WNOHANG else Wait(poll)


def _is_waitable(child: Process, options: int) -> bool:
    """__WCLONE asks for the children that do not report with SIGCHLD."""
    if options & WaitFlag.WALL:
        return True
    return bool(options & WaitFlag.WCLONE) == (child.exit_signal != Signal.SIGCHLD)


def _news(child: Process, options: int) -> News | None:
    if child.zombie:
        return _end_of(child) if options & WaitFlag.WEXITED else None
    if child.stop_news and options & WaitFlag.WSTOPPED:
        signal = child.stopped_by
        return News(child, ChildCode.CLD_STOPPED, signal, signal << 8 | 0x7F)
    if child.continue_news and options & WaitFlag.WCONTINUED:
        return News(child, ChildCode.CLD_CONTINUED, Signal.SIGCONT, _CONTINUED_STATUS)
    return None


def _end_of(child: Process) -> News:
    status = child.exit_status or 0
    if not status & 0x7F:
        return News(child, ChildCode.CLD_EXITED, status >> 8, status)
    code = ChildCode.CLD_DUMPED if status & 0x80 else ChildCode.CLD_KILLED
    return News(child, code, status & 0x7F, status)


def _usage_of(news: News) -> Usage:
    usage = news.child.total_usage()
    usage.add(news.child.children_usage)
    return usage


def _take(t: Task, news: News) -> None:
    """A piece of news is reported once."""
    child = news.child
    if child.zombie:
        t.process.children_usage.add(_usage_of(news))
        t.kernel.forget(child)
    elif news.code == ChildCode.CLD_STOPPED:
        child.stop_news = False
    else:
        child.continue_news = False
