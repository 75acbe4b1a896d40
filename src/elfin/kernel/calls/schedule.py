"""Scheduling as programs ask for it: one processor, one policy (man 2 sched_setscheduler ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.resource import PriorityWho, Rlimit
from elfin.kernel.call import syscall
from elfin.kernel.calls.moment import write_timespec

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task

_ONE_CPU = b"\1" + bytes(7)
_OTHER, _FIFO, _RR, _BATCH, _IDLE, _DEADLINE = 0, 1, 2, 3, 5, 6
_RESET_ON_FORK = 0x4000_0000
_POLICIES = {_OTHER: (0, 0), _FIFO: (1, 99), _RR: (1, 99), _BATCH: (0, 0), _IDLE: (0, 0)}
_SLICE_NS = 4_000_000
_MEMBARRIER_QUERY = 0
_ATTR_SIZE = 48


def _task(t: Task, tid: int) -> Task:
    if tid < 0:
        raise LinuxError(Errno.EINVAL)
    task = t.kernel.tasks.get(tid) if tid else t
    if task is None:
        raise LinuxError(Errno.ESRCH)
    return task


@syscall(24, "sched_yield", quick="yield")
def sched_yield(t: Task) -> int:
    t.yielded = True
    return 0


@syscall(204, "sched_getaffinity", "pid:pid", "size:uint", "mask:ptr", note="one processor")
def sched_getaffinity(t: Task, pid: int, size: int, mask: int) -> int:
    if size < len(_ONE_CPU) or size % 8:
        raise LinuxError(Errno.EINVAL)
    if pid and pid not in t.kernel.tasks:
        raise LinuxError(Errno.ESRCH)
    t.write_memory(mask, _ONE_CPU)
    return len(_ONE_CPU)


@syscall(203, "sched_setaffinity", "pid:pid", "size:uint", "mask:ptr")
def sched_setaffinity(t: Task, pid: int, size: int, mask: int) -> int:
    wanted = t.read_memory(mask, min(size, 128))
    if pid and pid not in t.kernel.tasks:
        raise LinuxError(Errno.ESRCH)
    if not wanted or not wanted[0] & 1:
        raise LinuxError(Errno.EINVAL)
    return 0


@syscall(309, "getcpu", "cpu:ptr", "node:ptr", "cache:ptr")
def getcpu(t: Task, cpu: int, node: int, cache: int) -> int:
    for at in (cpu, node):
        if at:
            t.write_struct(at, "<I", 0)
    return 0


@syscall(145, "sched_getscheduler", "pid:pid")
def sched_getscheduler(t: Task, pid: int) -> int:
    _task(t, pid)
    return _OTHER


@syscall(143, "sched_getparam", "pid:pid", "param:ptr")
def sched_getparam(t: Task, pid: int, param: int) -> int:
    if not param:
        raise LinuxError(Errno.EINVAL)
    _task(t, pid)
    t.write_struct(param, "<i", 0)
    return 0


@syscall(
    144, "sched_setscheduler", "pid:pid", "policy:int", "param:ptr", note="accepted, no effect"
)
def sched_setscheduler(t: Task, pid: int, policy: int, param: int) -> int:
    if policy < 0 or not param:
        raise LinuxError(Errno.EINVAL)
    return _set_policy(t, pid, policy & ~_RESET_ON_FORK, t.read_struct(param, "<i")[0])


@syscall(142, "sched_setparam", "pid:pid", "param:ptr", note="accepted, no effect")
def sched_setparam(t: Task, pid: int, param: int) -> int:
    if not param:
        raise LinuxError(Errno.EINVAL)
    return _set_policy(t, pid, _OTHER, t.read_struct(param, "<i")[0])


def _set_policy(t: Task, pid: int, policy: int, priority: int) -> int:
    _task(t, pid)
    if policy not in _POLICIES:
        raise LinuxError(Errno.EINVAL)
    low, high = _POLICIES[policy]
    if not low <= priority <= high:
        raise LinuxError(Errno.EINVAL)
    real_time = policy in {_FIFO, _RR}
    allowed = priority <= t.process.limits.soft(Rlimit.RLIMIT_RTPRIO)
    if real_time and not allowed and not t.process.credentials.privileged:
        raise LinuxError(Errno.EPERM)
    return 0


@syscall(315, "sched_getattr", "pid:pid", "attr:ptr", "size:uint", "flags:hex")
def sched_getattr(t: Task, pid: int, attr: int, size: int, flags: int) -> int:
    if not attr or size < _ATTR_SIZE or size > 4096 or flags:
        raise LinuxError(Errno.EINVAL)
    task = _task(t, pid)
    t.write_struct(attr, "<IIQiIQQQ", _ATTR_SIZE, _OTHER, 0, task.process.nice, 0, 0, 0, 0)
    return 0


@syscall(146, "sched_get_priority_max", "policy:int")
def sched_get_priority_max(t: Task, policy: int) -> int:
    return _bounds(policy)[1]


@syscall(147, "sched_get_priority_min", "policy:int")
def sched_get_priority_min(t: Task, policy: int) -> int:
    return _bounds(policy)[0]


def _bounds(policy: int) -> tuple[int, int]:
    if policy == _DEADLINE:
        return 0, 0
    if policy not in _POLICIES:
        raise LinuxError(Errno.EINVAL)
    return _POLICIES[policy]


@syscall(148, "sched_rr_get_interval", "pid:pid", "interval:ptr")
def sched_rr_get_interval(t: Task, pid: int, interval: int) -> int:
    _task(t, pid)
    write_timespec(t, interval, _SLICE_NS)
    return 0


# -- niceness ------------------------------------------------------------------------------


def _chosen(t: Task, which: int, who: int) -> list[Process]:
    kernel, process = t.kernel, t.process
    match which:
        case PriorityWho.PRIO_PROCESS:
            found = [kernel.processes.get(who) if who else process]
            chosen = [p for p in found if p is not None]
        case PriorityWho.PRIO_PGRP:
            chosen = kernel.group(who or process.pgid)
        case PriorityWho.PRIO_USER:
            uid = who or process.credentials.uid
            chosen = [p for p in kernel.processes.values() if p.credentials.uid == uid]
        case _:
            raise LinuxError(Errno.EINVAL)
    if not chosen:
        raise LinuxError(Errno.ESRCH)
    return chosen


@syscall(140, "getpriority", "which:PRIO", "who:pid")
def getpriority(t: Task, which: int, who: int) -> int:
    """20 - nice, so that no answer looks like an error."""
    return max(20 - p.nice for p in _chosen(t, which, who))


@syscall(141, "setpriority", "which:PRIO", "who:pid", "nice:int", note="remembered, no effect")
def setpriority(t: Task, which: int, who: int, nice: int) -> int:
    nice = max(-20, min(19, nice))
    credentials = t.process.credentials
    for process in _chosen(t, which, who):
        limit = 20 - process.limits.soft(Rlimit.RLIMIT_NICE)
        if not credentials.privileged:
            if credentials.euid not in {process.credentials.uid, process.credentials.euid}:
                raise LinuxError(Errno.EPERM)
            if nice < process.nice and nice < limit:
                raise LinuxError(Errno.EACCES)
        process.nice = nice
    return 0


@syscall(324, "membarrier", "command:int", "flags:hex", "cpu:int", note="tasks take turns: no-op")
def membarrier(t: Task, command: int, flags: int, cpu: int) -> int:
    known = 0x1FF
    if flags or command & ~known or command.bit_count() > 1:
        raise LinuxError(Errno.EINVAL)
    return known if command == _MEMBARRIER_QUERY else 0
