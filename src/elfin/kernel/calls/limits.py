"""Resource limits (man 2 getrlimit, prlimit)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.resource import Rlimit
from elfin.kernel.call import syscall

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task

_NR_OPEN = 1 << 20  # fs.nr_open


@syscall(97, "getrlimit", "resource:RLIMIT", "limit:ptr")
def getrlimit(t: Task, resource: int, limit: int) -> int:
    _check(resource)
    t.write_struct(limit, "<QQ", *t.process.limits[resource])
    return 0


@syscall(160, "setrlimit", "resource:RLIMIT", "limit:ptr")
def setrlimit(t: Task, resource: int, limit: int) -> int:
    soft, hard = t.read_struct(limit, "<QQ")
    _check(resource)
    _set(t, t.process, resource, soft, hard)
    return 0


@syscall(302, "prlimit64", "pid:pid", "resource:RLIMIT", "new:ptr", "old:ptr")
def prlimit64(t: Task, pid: int, resource: int, new: int, old: int) -> int:
    _check(resource)
    wanted = t.read_struct(new, "<QQ") if new else None
    process = t.kernel.processes.get(pid) if pid else t.process
    if process is None:
        raise LinuxError(Errno.ESRCH)
    ours, theirs = t.process.credentials, process.credentials
    if not ours.privileged and {theirs.uid, theirs.euid, theirs.suid} != {ours.uid}:
        raise LinuxError(Errno.EPERM)
    before = process.limits[resource]
    if wanted is not None:
        _set(t, process, resource, *wanted)
    if old:
        t.write_struct(old, "<QQ", *before)
    return 0


def _check(resource: int) -> None:
    if resource not in Rlimit._value2member_map_:
        raise LinuxError(Errno.EINVAL)


def _set(t: Task, process: Process, resource: int, soft: int, hard: int) -> None:
    if soft > hard:
        raise LinuxError(Errno.EINVAL)
    if resource == Rlimit.RLIMIT_NOFILE and hard > _NR_OPEN:
        raise LinuxError(Errno.EPERM)
    if hard > process.limits[resource][1] and not t.process.credentials.privileged:
        raise LinuxError(Errno.EPERM)
    process.limits[resource] = soft, hard
    if resource == Rlimit.RLIMIT_NOFILE:
        process.files.limit = soft
