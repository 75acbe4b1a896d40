"""eventfd, timerfd, signalfd, memfd (man 2 eventfd, ...); inotify is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    F_SEAL_EXEC,
    F_SEAL_SEAL,
    MFD_ALLOW_SEALING,
    MFD_CLOEXEC,
    MFD_EXEC,
    MFD_NOEXEC_SEAL,
    O_CLOEXEC,
    O_NONBLOCK,
    O_RDWR,
)
from elfin.kernel.abi.signal import UNBLOCKABLE
from elfin.kernel.abi.stat import S_IFREG
from elfin.kernel.abi.time import ClockId
from elfin.kernel.call import syscall
from elfin.kernel.calls.descriptors import install_unnamed
from elfin.kernel.calls.moment import read_timespec, write_timespec
from elfin.kernel.calls.paths import vfs_of
from elfin.kernel.calls.poll import SIGSET_SIZE
from elfin.kernel.files.event import EventFile, TimerFile
from elfin.kernel.files.location import Location
from elfin.kernel.files.memfd import MemFile, MemNode
from elfin.kernel.files.signal_file import Queue, SignalFile

if TYPE_CHECKING:
    from elfin.kernel.task import Task

EFD_SEMAPHORE = 1
TFD_TIMER_ABSTIME = 1
TFD_KNOWN = 3
_MEMFD_NAME_MAX = 249
_WALL = {ClockId.CLOCK_REALTIME, ClockId.CLOCK_REALTIME_ALARM}
_CLOCKS = _WALL | {
    ClockId.CLOCK_MONOTONIC,
    ClockId.CLOCK_BOOTTIME,
    ClockId.CLOCK_BOOTTIME_ALARM,
}


def _eventfd(t: Task, count: int, flags: int) -> int:
    if flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(Errno.EINVAL)
    semaphore = bool(flags & EFD_SEMAPHORE)
    return install_unnamed(
        t,
        b"[eventfd]",
        O_RDWR | flags & ~EFD_SEMAPHORE,
        lambda where, kept: EventFile(count, semaphore=semaphore, location=where, flags=kept),
    )


@syscall(284, "eventfd", "count:uint")
def eventfd(t: Task, count: int) -> int:
    return _eventfd(t, count, 0)


@syscall(290, "eventfd2", "count:uint", "flags:EFD")
def eventfd2(t: Task, count: int, flags: int) -> int:
    return _eventfd(t, count, flags)


# -- timers --------------------------------------------------------------------------------


@syscall(283, "timerfd_create", "clock:CLOCK", "flags:O")
def timerfd_create(t: Task, clock: int, flags: int) -> int:
    if flags & ~(O_CLOEXEC | O_NONBLOCK) or clock not in _CLOCKS:
        raise LinuxError(Errno.EINVAL)
    kernel = t.kernel
    now = kernel.wall_ns if clock in _WALL else kernel.now_ns
    return install_unnamed(
        t,
        b"[timerfd]",
        O_RDWR | flags,
        lambda where, kept: TimerFile(now, kernel.monotonic, where, kept),
    )


def _timer(t: Task, fd: int) -> TimerFile:
    file = t.process.files.get(fd)
    if not isinstance(file, TimerFile):
        raise LinuxError(Errno.EINVAL)
    return file


def _put_times(t: Task, address: int, timer: TimerFile) -> None:
    interval, left = timer.left()
    write_timespec(t, address, interval)
    write_timespec(t, address + 16, left)


@syscall(286, "timerfd_settime", "fd:fd", "flags:uint", "new:ptr", "old:ptr")
def timerfd_settime(t: Task, fd: int, flags: int, new: int, old: int) -> int:
    if flags & ~TFD_KNOWN:
        raise LinuxError(Errno.EINVAL)
    interval, value = read_timespec(t, new), read_timespec(t, new + 16)
    timer = _timer(t, fd)
    if old:
        _put_times(t, old, timer)
    timer.set(value, interval, absolute=bool(flags & TFD_TIMER_ABSTIME))
    return 0


@syscall(287, "timerfd_gettime", "fd:fd", "now:ptr")
def timerfd_gettime(t: Task, fd: int, now: int) -> int:
    _put_times(t, now, _timer(t, fd))
    return 0


# -- signals -------------------------------------------------------------------------------


def _signalfd(t: Task, fd: int, mask: int, size: int, flags: int) -> int:
    if flags & ~(O_CLOEXEC | O_NONBLOCK) or size != SIGSET_SIZE:
        raise LinuxError(Errno.EINVAL)
    wanted: int = t.read_struct(mask, "<Q")[0] & ~UNBLOCKABLE
    if fd != -1:
        file = t.process.files.get(fd)
        if not isinstance(file, SignalFile):
            raise LinuxError(Errno.EINVAL)
        file.mask = wanted
        return fd
    kernel, creator = t.kernel, t.process

    def queues() -> tuple[Queue, Queue]:
        reader = kernel.current or creator
        return reader.leader.pending, reader.pending

    return install_unnamed(
        t,
        b"[signalfd]",
        O_RDWR | flags,
        lambda where, kept: SignalFile(wanted, queues, where, kept),
    )


@syscall(282, "signalfd", "fd:fd", "mask:sigset", "size:size")
def signalfd(t: Task, fd: int, mask: int, size: int) -> int:
    return _signalfd(t, fd, mask, size, 0)


@syscall(289, "signalfd4", "fd:fd", "mask:sigset", "size:size", "flags:O")
def signalfd4(t: Task, fd: int, mask: int, size: int, flags: int) -> int:
    return _signalfd(t, fd, mask, size, flags)


# -- memory files --------------------------------------------------------------------------


@syscall(319, "memfd_create", "name:str", "flags:MFD", note="huge pages: EINVAL")
def memfd_create(t: Task, name: int, flags: int) -> int:
    if flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC):
        raise LinuxError(Errno.EINVAL)
    if flags & MFD_EXEC and flags & MFD_NOEXEC_SEAL:
        raise LinuxError(Errno.EINVAL)
    try:
        text = t.read_string(name, _MEMFD_NAME_MAX + 1)
    except LinuxError as error:
        if error.errno is Errno.ENAMETOOLONG:
            raise LinuxError(Errno.EINVAL) from None
        raise
    vfs, who = vfs_of(t), t.process.credentials
    if flags & MFD_NOEXEC_SEAL:
        seals, mode = F_SEAL_EXEC, 0o666
    else:
        seals, mode = 0 if flags & MFD_ALLOW_SEALING else F_SEAL_SEAL, 0o777
    node = MemNode(vfs.memory, S_IFREG | mode, who.fsuid, who.fsgid, seals)
    location = Location(vfs.nowhere, node, None, b"/memfd:" + text)
    file = MemFile(node, location, O_RDWR)
    return t.process.files.install(file, cloexec=bool(flags & MFD_CLOEXEC))


# -- missing -------------------------------------------------------------------------------


@syscall(253, "inotify_init", note="not there: ENOSYS, so that programs look for themselves")
def inotify_init(_: Task) -> int:
    raise LinuxError(Errno.ENOSYS)


@syscall(294, "inotify_init1", "flags:O", note="not there: ENOSYS")
def inotify_init1(_: Task, _flags: int) -> int:
    raise LinuxError(Errno.ENOSYS)
