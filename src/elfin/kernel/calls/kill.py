"""Sending signals: kill, tkill, tgkill, sigqueue (man 2 kill, tgkill, rt_sigqueueinfo)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.resource import Rlimit
from elfin.kernel.abi.signal import FIRST_REAL_TIME, SIGNAL_MAX, Code, Signal
from elfin.kernel.call import syscall
from elfin.kernel.process import INIT_PID
from elfin.kernel.siginfo import SIZE, SigInfo
from elfin.kernel.signals import send_to_process, send_to_task

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task


def may_signal(sender: Process, target: Process, signal: int) -> bool:
    """man 2 kill: the same user, or privileged, or SIGCONT within the session."""
    ours, theirs = sender.credentials, target.credentials
    if ours.privileged or {ours.euid, ours.uid} & {theirs.suid, theirs.uid}:
        return True
    return signal == Signal.SIGCONT and sender.sid == target.sid


def _check_number(signal: int) -> None:
    if not 0 <= signal <= SIGNAL_MAX:
        raise LinuxError(Errno.EINVAL)


def _send(t: Task, target: Process, info: SigInfo) -> None:
    if not may_signal(t.process, target, info.signal):
        raise LinuxError(Errno.EPERM)
    if info.signal:
        send_to_process(target, info)


@syscall(62, "kill", "pid:pid", "signal:sig")
def kill(t: Task, pid: int, signal: int) -> int:
    _check_number(signal)
    kernel, process = t.kernel, t.process
    info = SigInfo.from_user(signal, process.pid, process.credentials.uid)
    if pid > 0:
        target = kernel.processes.get(pid)
        if target is None and pid in kernel.tasks:
            target = kernel.tasks[pid].process
        if target is None:
            raise LinuxError(Errno.ESRCH)
        _send(t, target, info)
        return 0
    if pid == -(1 << 31):
        raise LinuxError(Errno.ESRCH)
    if pid == -1:
        targets = [p for p in kernel.processes.values() if p is not process and p.pid != INIT_PID]
    else:
        targets = kernel.group(-pid or process.pgid)
    return _send_to_all(t, targets, info, ignore_errors=pid == -1)


def _send_to_all(t: Task, targets: list[Process], info: SigInfo, *, ignore_errors: bool) -> int:
    """One success is enough."""
    if not targets:
        raise LinuxError(Errno.ESRCH)
    refused = 0
    for target in targets:
        try:
            _send(t, target, info)
        except LinuxError:
            refused += 1
    if refused == len(targets) and not ignore_errors:
        raise LinuxError(Errno.EPERM)
    return 0


@syscall(200, "tkill", "tid:pid", "signal:sig")
def tkill(t: Task, tid: int, signal: int) -> int:
    return _send_to_thread(t, None, tid, signal)


@syscall(234, "tgkill", "tgid:pid", "tid:pid", "signal:sig")
def tgkill(t: Task, tgid: int, tid: int, signal: int) -> int:
    return _send_to_thread(t, tgid, tid, signal)


def _send_to_thread(t: Task, tgid: int | None, tid: int, signal: int) -> int:
    process = t.process
    info = SigInfo.from_user(signal, process.pid, process.credentials.uid, Code.SI_TKILL)
    return _send_info_to_thread(t, tgid, tid, info)


def _send_info_to_thread(t: Task, tgid: int | None, tid: int, info: SigInfo) -> int:
    if tid <= 0 or (tgid is not None and tgid <= 0):
        raise LinuxError(Errno.EINVAL)
    _check_number(info.signal)
    target = t.kernel.tasks.get(tid)
    zombie = t.kernel.processes.get(tid)
    if target is None and zombie is not None and tgid in {None, tid}:
        return 0  # nothing reaches a zombie, and that is no error
    if target is None or (tgid is not None and target.process.pid != tgid):
        raise LinuxError(Errno.ESRCH)
    if not may_signal(t.process, target.process, info.signal):
        raise LinuxError(Errno.EPERM)
    if info.signal:
        send_to_task(target, info)
    return 0


# -- with a value --------------------------------------------------------------------------


def _read_info(t: Task, at: int, signal: int, target: int) -> SigInfo:
    """Only the kernel may send as if it were the kernel, except to oneself."""
    given = SigInfo.unpack(t.read_memory(at, SIZE))
    if (given.code >= 0 or given.code == Code.SI_TKILL) and target != t.process.pid:
        raise LinuxError(Errno.EPERM)
    return SigInfo(signal, given.code, given.fields, given.errno)


def _check_queue(t: Task, signal: int) -> None:
    limit = t.process.limits.soft(Rlimit.RLIMIT_SIGPENDING)
    if signal >= FIRST_REAL_TIME and len(t.process.pending) + len(t.pending) >= limit:
        raise LinuxError(Errno.EAGAIN)


@syscall(129, "rt_sigqueueinfo", "pid:pid", "signal:sig", "info:ptr")
def rt_sigqueueinfo(t: Task, pid: int, signal: int, info: int) -> int:
    sent = _read_info(t, info, signal, pid)
    _check_number(signal)
    target = t.kernel.processes.get(pid)
    if target is None:
        raise LinuxError(Errno.ESRCH)
    _check_queue(target.leader, signal)
    _send(t, target, sent)
    return 0


@syscall(297, "rt_tgsigqueueinfo", "tgid:pid", "tid:pid", "signal:sig", "info:ptr")
def rt_tgsigqueueinfo(t: Task, tgid: int, tid: int, signal: int, info: int) -> int:
    return _send_info_to_thread(t, tgid, tid, _read_info(t, info, signal, tid))
