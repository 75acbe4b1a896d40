"""Timers that send signals: alarm, setitimer, timer_create (man 2 setitimer, timer_create)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.signal import SIGNAL_MAX, Signal
from elfin.kernel.abi.time import TIMER_ABSTIME, ClockId, Itimer, Notify
from elfin.kernel.call import syscall
from elfin.kernel.calls.moment import (
    NS,
    read_timespec,
    read_timeval,
    write_timespec,
    write_timeval,
)
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import send_to_process, send_to_task
from elfin.kernel.timers import Clock, Timer

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_ITIMERS = {
    Itimer.ITIMER_REAL: (Clock.MONOTONIC, Signal.SIGALRM),
    Itimer.ITIMER_VIRTUAL: (Clock.USER, Signal.SIGVTALRM),
    Itimer.ITIMER_PROF: (Clock.CPU, Signal.SIGPROF),
}
_CLOCKS = {
    ClockId.CLOCK_REALTIME: Clock.WALL,
    ClockId.CLOCK_MONOTONIC: Clock.MONOTONIC,
    ClockId.CLOCK_BOOTTIME: Clock.MONOTONIC,
    ClockId.CLOCK_TAI: Clock.WALL,
    ClockId.CLOCK_PROCESS_CPUTIME_ID: Clock.CPU,
    ClockId.CLOCK_THREAD_CPUTIME_ID: Clock.CPU,
}
_KEY = -1  # of ITIMER_REAL in Process.timers; the others follow downwards


def _itimer(t: Task, which: int) -> Timer:
    """The process' own timer of this kind."""
    if which not in _ITIMERS:
        raise LinuxError(Errno.EINVAL)
    clock, signal = _ITIMERS[Itimer(which)]
    key = _KEY - which
    if key not in t.process.timers:
        t.process.timers[key] = Timer(t.process, clock, _kernel_sender(signal))
    return t.process.timers[key]


def _kernel_sender(signal: int) -> Callable[[Timer], None]:
    return lambda timer: send_to_process(timer.process, SigInfo.from_kernel(signal))


@syscall(37, "alarm", "seconds:uint")
def alarm(t: Task, seconds: int) -> int:
    timer = _itimer(t, Itimer.ITIMER_REAL)
    left = timer.left()
    timer.arm(timer.now() + seconds * NS if seconds else 0, 0)
    # Rounded to the nearest second, but never 0 while it was armed.
    return max(1, (left + NS // 2) // NS) if left else 0


@syscall(36, "getitimer", "which:ITIMER", "value:ptr")
def getitimer(t: Task, which: int, value: int) -> int:
    timer = _itimer(t, which)
    write_timeval(t, value, timer.interval)
    write_timeval(t, value + 16, timer.left())
    return 0


@syscall(38, "setitimer", "which:ITIMER", "new:ptr", "old:ptr")
def setitimer(t: Task, which: int, new: int, old: int) -> int:
    interval = read_timeval(t, new) if new else 0
    value = read_timeval(t, new + 16) if new else 0
    timer = _itimer(t, which)
    before, left = timer.interval, timer.left()
    timer.arm(timer.now() + value if value else 0, interval)
    if old:
        write_timeval(t, old, before)
        write_timeval(t, old + 16, left)
    return 0


# -- POSIX timers --------------------------------------------------------------------------


@syscall(222, "timer_create", "clock:CLOCK", "event:ptr", "id:ptr")
def timer_create(t: Task, clock: int, event: int, at: int) -> int:
    if clock not in _CLOCKS:
        raise LinuxError(Errno.EINVAL)
    timers = t.process.timers
    number = max((k for k in timers if k >= 0), default=-1) + 1
    value, signal, notify, tid = number, int(Signal.SIGALRM), int(Notify.SIGEV_SIGNAL), 0
    if event:
        value, signal, notify, tid = t.read_struct(event, "<Qiii")
    fire = _sender(t, number, value, signal, notify, tid)
    t.write_struct(at, "<i", number)
    timers[number] = Timer(t.process, _CLOCKS[ClockId(clock)], fire)
    return 0


def _sender(
    t: Task, number: int, value: int, signal: int, notify: int, tid: int
) -> Callable[[Timer], None]:
    if notify == Notify.SIGEV_NONE:
        return lambda timer: None
    if notify not in {
        Notify.SIGEV_SIGNAL, Notify.SIGEV_THREAD, Notify.SIGEV_SIGNAL | Notify.SIGEV_THREAD_ID
    } or not 1 <= signal <= SIGNAL_MAX:  # fmt: skip
        raise LinuxError(Errno.EINVAL)
    target = t.kernel.tasks.get(tid)
    if notify & Notify.SIGEV_THREAD_ID and (target is None or target.process is not t.process):
        raise LinuxError(Errno.EINVAL)

    def fire(timer: Timer) -> None:
        info = SigInfo.timer(signal, number, timer.expirations, value)
        if notify & Notify.SIGEV_THREAD_ID and target is not None:
            send_to_task(target, info)
        else:
            send_to_process(timer.process, info)

    return fire


def _created(t: Task, number: int) -> Timer:
    timer = t.process.timers.get(number) if number >= 0 else None
    if timer is None:
        raise LinuxError(Errno.EINVAL)
    return timer


@syscall(223, "timer_settime", "id:int", "flags:int", "new:ptr", "old:ptr")
def timer_settime(t: Task, number: int, flags: int, new: int, old: int) -> int:
    if not new:
        raise LinuxError(Errno.EINVAL)
    interval, value = read_timespec(t, new), read_timespec(t, new + 16)
    timer = _created(t, number)
    before, left = timer.interval, timer.left()
    base = 0 if flags & TIMER_ABSTIME else timer.now()
    timer.arm(base + value if value else 0, interval)
    if old:
        write_timespec(t, old, before)
        write_timespec(t, old + 16, left)
    return 0


@syscall(224, "timer_gettime", "id:int", "value:ptr")
def timer_gettime(t: Task, number: int, value: int) -> int:
    timer = _created(t, number)
    write_timespec(t, value, timer.interval)
    write_timespec(t, value + 16, timer.left())
    return 0


@syscall(225, "timer_getoverrun", "id:int")
def timer_getoverrun(t: Task, number: int) -> int:
    return min(_created(t, number).expirations, 0x7FFF_FFFF)


@syscall(226, "timer_delete", "id:int")
def timer_delete(t: Task, number: int) -> int:
    _created(t, number).arm(0, 0)
    del t.process.timers[number]
    return 0
