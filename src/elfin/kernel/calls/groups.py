"""Process identity, groups and sessions (man 2 getpid, setpgid, setsid)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.call import syscall

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task


@syscall(39, "getpid", quick="pid")
def getpid(t: Task) -> int:
    return t.process.pid


@syscall(110, "getppid", quick="ppid")
def getppid(t: Task) -> int:
    return t.process.ppid


@syscall(186, "gettid", quick="tid")
def gettid(t: Task) -> int:
    return t.tid


@syscall(111, "getpgrp", quick="pgid")
def getpgrp(t: Task) -> int:
    return t.process.pgid


def _process(t: Task, pid: int) -> Process:
    process = t.kernel.processes.get(pid) if pid else t.process
    if process is None:
        raise LinuxError(Errno.ESRCH)
    return process


@syscall(121, "getpgid", "pid:pid")
def getpgid(t: Task, pid: int) -> int:
    return _process(t, pid).pgid


@syscall(124, "getsid", "pid:pid")
def getsid(t: Task, pid: int) -> int:
    return _process(t, pid).sid


@syscall(109, "setpgid", "pid:pid", "pgid:pid")
def setpgid(t: Task, pid: int, pgid: int) -> int:
    caller = t.process
    if pgid < 0:
        raise LinuxError(Errno.EINVAL)
    process = _process(t, pid)
    pgid = pgid or process.pid
    if process.parent is caller and process is not caller:
        if process.sid != caller.sid:
            raise LinuxError(Errno.EPERM)
        if process.execs:
            raise LinuxError(Errno.EACCES)
    elif process is not caller:
        raise LinuxError(Errno.ESRCH)
    if process.sid == process.pid:
        raise LinuxError(Errno.EPERM)
    if pgid != process.pid and not any(p.sid == caller.sid for p in t.kernel.group(pgid)):
        raise LinuxError(Errno.EPERM)
    process.pgid = pgid
    return 0


@syscall(112, "setsid")
def setsid(t: Task) -> int:
    process = t.process
    if process.sid == process.pid or t.kernel.group(process.pid):
        raise LinuxError(Errno.EPERM)
    process.sid = process.pgid = process.pid
    return process.pid
