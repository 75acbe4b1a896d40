"""Clocks and sleeping (man 2 clock_gettime, nanosleep, gettimeofday)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.time import TIMER_ABSTIME, ClockId
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.moment import (
    NS,
    read_timespec,
    read_timeval,
    write_timespec,
    write_timeval,
)
from elfin.kernel.kernel import TICK_NS
from elfin.kernel.wait import Restart, Wait

if TYPE_CHECKING:
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task

_COARSE_NS = 4_000_000  # CONFIG_HZ=250
_WALL = {ClockId.CLOCK_REALTIME, ClockId.CLOCK_REALTIME_ALARM, ClockId.CLOCK_TAI}
_MONOTONIC = {
    ClockId.CLOCK_MONOTONIC,
    ClockId.CLOCK_MONOTONIC_RAW,
    ClockId.CLOCK_BOOTTIME,
    ClockId.CLOCK_BOOTTIME_ALARM,
}
_CAN_SLEEP = {
    ClockId.CLOCK_REALTIME,
    ClockId.CLOCK_MONOTONIC,
    ClockId.CLOCK_BOOTTIME,
    ClockId.CLOCK_TAI,
    ClockId.CLOCK_PROCESS_CPUTIME_ID,
}
# A negative clock number is a process: ~pid << 3 | what (linux/posix-timers_types.h).
_CPU_CLOCK_MAX = 2
_CPU_CLOCK_THREAD = 4


def clock_ns(t: Task, clock: int) -> int:
    """What a clock shows."""
    if clock < 0:
        return _cpu_clock(t, clock)
    if clock in _MONOTONIC:
        return t.kernel.now_ns()
    if clock in _WALL:
        return t.kernel.wall_ns()
    match clock:
        case ClockId.CLOCK_PROCESS_CPUTIME_ID:
            return _consumed(t.process)
        case ClockId.CLOCK_THREAD_CPUTIME_ID:
            return t.utime + t.stime
        case ClockId.CLOCK_REALTIME_COARSE:
            return t.kernel.wall_ns() // _COARSE_NS * _COARSE_NS
        case ClockId.CLOCK_MONOTONIC_COARSE:
            return t.kernel.now_ns() // _COARSE_NS * _COARSE_NS
        case _:
            raise LinuxError(Errno.EINVAL)


def _consumed(process: Process) -> int:
    usage = process.total_usage()
    return usage.utime + usage.stime


def _cpu_clock(t: Task, clock: int) -> int:
    pid, what = ~(clock >> 3), clock & 3
    process = t.kernel.processes.get(pid) if pid else t.process
    if what > _CPU_CLOCK_MAX or process is None:
        raise LinuxError(Errno.EINVAL)
    if clock & _CPU_CLOCK_THREAD:
        return t.utime + t.stime
    return process.total_usage().utime if what == 1 else _consumed(process)


@syscall(228, "clock_gettime", "clock:CLOCK", "time:ptr", quick="clock_gettime")
def clock_gettime(t: Task, clock: int, at: int) -> int:
    write_timespec(t, at, clock_ns(t, _signed(clock)))
    return 0


@syscall(229, "clock_getres", "clock:CLOCK", "resolution:ptr")
def clock_getres(t: Task, clock: int, at: int) -> int:
    clock_ns(t, _signed(clock))
    coarse = clock in {ClockId.CLOCK_REALTIME_COARSE, ClockId.CLOCK_MONOTONIC_COARSE}
    if at:
        write_timespec(t, at, _COARSE_NS if coarse else 1)
    return 0


def _signed(clock: int) -> int:
    return clock - (1 << 32) if clock >> 31 else clock


@syscall(
    227, "clock_settime", "clock:CLOCK", "time:timespec", note="EPERM: the clock is the host's"
)
def clock_settime(t: Task, clock: int, at: int) -> int:
    clock_ns(t, _signed(clock))
    read_timespec(t, at)
    raise LinuxError(Errno.EINVAL if clock != ClockId.CLOCK_REALTIME else Errno.EPERM)


@syscall(96, "gettimeofday", "time:ptr", "zone:ptr", quick="gettimeofday")
def gettimeofday(t: Task, at: int, zone: int) -> int:
    if at:
        write_timeval(t, at, t.kernel.wall_ns())
    if zone:
        t.write_struct(zone, "<ii", 0, 0)
    return 0


@syscall(164, "settimeofday", "time:timeval", "zone:ptr", note="EPERM: the clock is the host's")
def settimeofday(t: Task, at: int, zone: int) -> int:
    if at:
        read_timeval(t, at)
    raise LinuxError(Errno.EPERM)


@syscall(201, "time", "time:ptr", quick="time")
def time(t: Task, at: int) -> int:
    seconds = t.kernel.wall_ns() // NS
    if at:
        t.write_struct(at, "<q", seconds)
    return seconds


@syscall(159, "adjtimex", "buf:ptr", note="reads only: the clock is unsynchronised")
def adjtimex(t: Task, buf: int) -> int:
    return _adjust(t, buf)


@syscall(305, "clock_adjtime", "clock:CLOCK", "buf:ptr", note="reads only")
def clock_adjtime(t: Task, clock: int, buf: int) -> int:
    if clock != ClockId.CLOCK_REALTIME:
        raise LinuxError(Errno.EINVAL if clock > ClockId.CLOCK_TAI else Errno.EOPNOTSUPP)
    return _adjust(t, buf)


_TIMEX_SIZE = 208
_STA_UNSYNC = 0x40
_TIME_ERROR = 5


def _adjust(t: Task, buf: int) -> int:
    """struct timex: modes, offset, freq, maxerror, esterror, status ... time at 72, tick at 88."""
    (modes,) = t.read_struct(buf, "<I")
    if modes:
        raise LinuxError(Errno.EPERM)
    seconds, ns = divmod(t.kernel.wall_ns(), NS)
    t.write_memory(buf, bytes(_TIMEX_SIZE))
    t.write_struct(buf + 24, "<qqi", 16_000_000, 16_000_000, _STA_UNSYNC)
    t.write_struct(buf + 56, "<q", 1)
    t.write_struct(buf + 72, "<qqq", seconds, ns // 1000, TICK_NS // 1000)
    return _TIME_ERROR


# -- sleeping ------------------------------------------------------------------------------


@syscall(35, "nanosleep", "time:timespec", "left:ptr")
def nanosleep(t: Task, at: int, left: int) -> Result:
    return _sleep(t, read_timespec(t, at), left)


@syscall(230, "clock_nanosleep", "clock:CLOCK", "flags:int", "time:timespec", "left:ptr")
def clock_nanosleep(t: Task, clock: int, flags: int, at: int, left: int) -> Result:
    if _signed(clock) < 0 or clock not in ClockId._value2member_map_:
        raise LinuxError(Errno.EINVAL)
    if clock == ClockId.CLOCK_THREAD_CPUTIME_ID:
        raise LinuxError(Errno.EINVAL)
    if clock not in _CAN_SLEEP:
        raise LinuxError(Errno.EOPNOTSUPP)
    ns = read_timespec(t, at)
    if clock == ClockId.CLOCK_PROCESS_CPUTIME_ID:
        return _sleep_cpu(t, ns if flags & TIMER_ABSTIME else ns + _consumed(t.process))
    if not flags & TIMER_ABSTIME:
        return _sleep(t, ns, left)
    now = clock_ns(t, clock)
    if ns <= now:
        return 0
    # Absolute: the end stays the same however often the call starts again.
    deadline = t.kernel.monotonic() + (ns - now) / NS
    return Wait(lambda: None, deadline, restart=Restart.NO_HAND)


def _sleep(t: Task, ns: int, left: int) -> Result:
    if not ns:
        return 0
    end = t.kernel.now_ns() + ns

    def report_rest() -> int | None:
        rest = end - t.kernel.now_ns()
        if rest <= 0:
            return 0
        if left:
            write_timespec(t, left, rest)
        return None

    return Wait(lambda: None, end / NS, restart=Restart.BLOCK, on_interrupt=report_rest)


def _sleep_cpu(t: Task, until: int) -> Result:
    """Only other threads of the process could consume the time meanwhile."""
    process = t.process
    return Wait(lambda: 0 if _consumed(process) >= until else None, restart=Restart.NO_HAND)
