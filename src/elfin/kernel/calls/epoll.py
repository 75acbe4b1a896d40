"""epoll (man 2 epoll_create, epoll_ctl, epoll_wait)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.poll import (
    EPOLL_CLOEXEC,
    EPOLL_CTL_ADD,
    EPOLL_CTL_DEL,
    EPOLL_CTL_MOD,
    EPOLL_EVENT,
)
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.descriptors import install_unnamed
from elfin.kernel.calls.moment import NS, read_timespec
from elfin.kernel.calls.poll import take_mask, wait_for
from elfin.kernel.files.epoll import EpollFile
from elfin.kernel.wait import Restart

if TYPE_CHECKING:
    from elfin.kernel.task import Task


def _create(t: Task, flags: int) -> int:
    if flags & ~EPOLL_CLOEXEC:
        raise LinuxError(Errno.EINVAL)
    return install_unnamed(t, b"[eventpoll]", 2 | flags, EpollFile)


@syscall(213, "epoll_create", "size:int")
def epoll_create(t: Task, size: int) -> int:
    if size <= 0:
        raise LinuxError(Errno.EINVAL)
    return _create(t, 0)


@syscall(291, "epoll_create1", "flags:EPOLL_CREATE")
def epoll_create1(t: Task, flags: int) -> int:
    return _create(t, flags)


def _epoll(t: Task, fd: int) -> EpollFile:
    file = t.process.files.get(fd)
    if not isinstance(file, EpollFile):
        raise LinuxError(Errno.EINVAL)
    return file


@syscall(233, "epoll_ctl", "epfd:fd", "op:EPOLL_CTL", "fd:fd", "event:ptr")
def epoll_ctl(t: Task, epfd: int, op: int, fd: int, event: int) -> int:
    events = data = 0
    if op != EPOLL_CTL_DEL:
        events, data = EPOLL_EVENT.unpack(t.read_memory(event, EPOLL_EVENT.size))
    files = t.process.files
    files.get(epfd)
    file = files.get(fd)
    epoll = _epoll(t, epfd)
    if file is epoll:
        raise LinuxError(Errno.EINVAL)
    if op == EPOLL_CTL_ADD:
        epoll.add(fd, file, events, data)
    elif op == EPOLL_CTL_MOD:
        epoll.modify(fd, file, events, data)
    elif op == EPOLL_CTL_DEL:
        epoll.remove(fd, file)
    else:
        raise LinuxError(Errno.EINVAL)
    return 0


def _wait(
    t: Task, epfd: int, events: int, limit: int, seconds: float | None, mask: int | None = None
) -> Result:
    if not 0 < limit <= (1 << 31) // EPOLL_EVENT.size:
        raise LinuxError(Errno.EINVAL)
    epoll = _epoll(t, epfd)

    def poll() -> int | None:
        found = epoll.collect(limit)
        if not found:
            return None
        t.write_memory(events, b"".join(EPOLL_EVENT.pack(*row) for row in found))
        return len(found)

    return wait_for(t, [epoll], poll, seconds, restart=Restart.EINTR, mask=mask)


@syscall(232, "epoll_wait", "epfd:fd", "events:ptr", "limit:int", "timeout:int")
def epoll_wait(t: Task, epfd: int, events: int, limit: int, timeout: int) -> Result:
    return _wait(t, epfd, events, limit, None if timeout < 0 else timeout / 1000)


@syscall(
    281,
    "epoll_pwait",
    "epfd:fd",
    "events:ptr",
    "limit:int",
    "timeout:int",
    "mask:sigset",
    "size:size",
)
def epoll_pwait(
    t: Task, epfd: int, events: int, limit: int, timeout: int, mask: int, size: int
) -> Result:
    new_mask = take_mask(t, mask, size)
    return _wait(t, epfd, events, limit, None if timeout < 0 else timeout / 1000, new_mask)


@syscall(
    441,
    "epoll_pwait2",
    "epfd:fd",
    "events:ptr",
    "limit:int",
    "timeout:timespec",
    "mask:sigset",
    "size:size",
)
def epoll_pwait2(
    t: Task, epfd: int, events: int, limit: int, timeout: int, mask: int, size: int
) -> Result:
    seconds = read_timespec(t, timeout) / NS if timeout else None
    return _wait(t, epfd, events, limit, seconds, take_mask(t, mask, size))
