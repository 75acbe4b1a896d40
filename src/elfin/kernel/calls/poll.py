"""Waiting for descriptors: poll, select and their kin with a signal mask (man 2 poll, select)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.poll import (
    ALWAYS,
    FD_SETSIZE,
    POLLFD,
    POLLNVAL,
    POLLWRBAND,
    SELECT_EX,
    SELECT_IN,
    SELECT_OUT,
    WRITABLE,
)
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.moment import (
    NS,
    read_timespec,
    read_timeval,
    write_timespec,
    write_timeval,
)
from elfin.kernel.files.epoll import EpollFile
from elfin.kernel.wait import Restart, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

SIGSET_SIZE = 8


def take_mask(t: Task, mask: int, size: int) -> int | None:
    """The signal mask of a p-call, read and checked; None if the caller gave none."""
    if not mask:
        return None
    if size != SIGSET_SIZE:
        raise LinuxError(Errno.EINVAL)
    value: int = t.read_struct(mask, "<Q")[0]
    return value


def wait_for(
    t: Task,
    files: Iterable[File],
    poll: Callable[[], int | None],
    timeout: float | None,
    *,
    restart: Restart,
    writers: Iterable[File] | None = None,
    mask: int | None = None,
    finish: Callable[[], object] = lambda: None,
    quiet: Callable[[], object] = lambda: None,
) -> Result:
    """Poll now, or wait until one of the files may be ready or the time (seconds) is over.

    `writers` are those that are asked whether they can be written to; None: all.  (A terminal
    nearly always can: to wait for that, too, would be no wait at all.)  An epoll knows itself
    what it waits for.

    `finish` runs once, however it ends (it reports the time that is left), `quiet` when the time
    is over and nothing was ready.
    """
    result = poll()
    if result is None and timeout is not None and timeout <= 0:
        quiet()
        result = 0
    if result is not None:
        finish()
        return result
    if mask is not None:
        t.replace_mask(mask)
    now = t.kernel.monotonic()
    end = None if timeout is None else now + timeout
    watched = list(files)
    epolls = [file for file in watched if isinstance(file, EpollFile)]
    writing = watched if writers is None else [*writers, *epolls]

    def again() -> int | None:
        answer = poll()
        if answer is None and end is not None and t.kernel.monotonic() >= end:
            quiet()
            answer = 0
        if answer is not None:
            finish()
        else:
            wait.deadline = _earliest(t, watched, end)
        return answer

    def on_interrupt() -> int | None:
        finish()
        return None

    wait = Wait(
        again,
        deadline=_earliest(t, watched, end),
        host_read=frozenset().union(*(f.host_read() for f in watched)),
        host_write=frozenset().union(*(f.host_write() for f in writing)),
        restart=restart,
        on_interrupt=on_interrupt,
    )
    return wait


def _earliest(t: Task, files: list[File], end: float | None) -> float | None:
    """When to look again at the latest: the end of the time, or of a timer among the files."""
    times = [left for f in files if (left := f.ready_in()) is not None]
    if not times:
        return end
    soonest = t.kernel.monotonic() + min(times)
    return soonest if end is None else min(end, soonest)


# -- poll ----------------------------------------------------------------------------------


def _poll(
    t: Task,
    address: int,
    count: int,
    timeout: float | None,
    *,
    restart: Restart,
    mask: int | None = None,
    finish: Callable[[], object] = lambda: None,
) -> Result:
    table = t.process.files
    if count > table.limit:
        raise LinuxError(Errno.EINVAL)
    rows = list(POLLFD.iter_unpack(t.read_memory(address, count * POLLFD.size)))

    def events_of(fd: int, wanted: int) -> int:
        if fd < 0:
            return 0
        file = table.find(fd)
        return POLLNVAL if file is None else file.poll_events() & (wanted | ALWAYS)

    def poll() -> int | None:
        found = [(fd, wanted, events_of(fd, wanted & 0xFFFF)) for fd, wanted, _ in rows]
        ready = sum(1 for _, _, events in found if events)
        if ready:
            t.write_memory(address, b"".join(POLLFD.pack(*row) for row in found))
            return ready
        return None

    def quiet() -> None:
        """Nothing happened: every revents is 0."""
        t.write_memory(address, b"".join(POLLFD.pack(fd, wanted, 0) for fd, wanted, _ in rows))

    t.check_write(address, count * POLLFD.size)
    opened = [(file, wanted) for fd, wanted, _ in rows if (file := table.find(fd)) is not None]
    return wait_for(
        t,
        [file for file, _ in opened],
        poll,
        timeout,
        restart=restart,
        writers=[file for file, wanted in opened if wanted & (WRITABLE | POLLWRBAND)],
        mask=mask,
        finish=finish,
        quiet=quiet,
    )


@syscall(7, "poll", "fds:ptr", "count:size", "timeout:int")
def poll_(t: Task, fds: int, count: int, timeout: int) -> Result:
    seconds = None if timeout < 0 else timeout / 1000
    return _poll(t, fds, count, seconds, restart=Restart.BLOCK)


@syscall(271, "ppoll", "fds:ptr", "count:size", "timeout:timespec", "mask:sigset", "size:size")
def ppoll(t: Task, fds: int, count: int, timeout: int, mask: int, size: int) -> Result:
    span = read_timespec(t, timeout) if timeout else None
    new_mask = take_mask(t, mask, size)
    seconds = None if span is None else span / NS
    finish = _left(t, timeout, span, write_timespec)
    return _poll(t, fds, count, seconds, restart=Restart.NO_HAND, mask=new_mask, finish=finish)


def _left(
    t: Task, address: int, span: int | None, write: Callable[[Task, int, int], None]
) -> Callable[[], None]:
    """Stores what is left of a time span, as Linux does."""
    start = t.kernel.now_ns()

    def finish() -> None:
        if span is not None:
            try:
                write(t, address, max(0, span - (t.kernel.now_ns() - start)))
            except LinuxError:
                return  # a constant in read-only memory stays as it is

    return finish


# -- select --------------------------------------------------------------------------------


def _select(
    t: Task,
    count: int,
    sets: tuple[int, int, int],
    timeout: float | None,
    mask: int | None,
    finish: Callable[[], object],
) -> Result:
    if count < 0:
        raise LinuxError(Errno.EINVAL)
    table = t.process.files
    count = min(count, max(FD_SETSIZE, table.limit))
    size = (count + 63) // 64 * 8
    wanted = [int.from_bytes(t.read_memory(a, size), "little") if a else 0 for a in sets]
    wanted = [bits & (1 << count) - 1 for bits in wanted]
    everything = wanted[0] | wanted[1] | wanted[2]
    fds = [fd for fd in range(everything.bit_length()) if everything >> fd & 1]
    files = [table.get(fd) for fd in fds]  # EBADF

    def store(found: list[int]) -> None:
        for address, bits in zip(sets, found, strict=True):
            if address:
                t.write_memory(address, bits.to_bytes(size, "little"))

    def poll() -> int | None:
        found = [0, 0, 0]
        for fd, file in zip(fds, files, strict=True):
            events = file.poll_events()
            for i, kinds in enumerate((SELECT_IN, SELECT_OUT, SELECT_EX)):
                if wanted[i] >> fd & 1 and events & kinds:
                    found[i] |= 1 << fd
        ready = sum(bits.bit_count() for bits in found)
        if ready:
            store(found)
        return ready or None

    return wait_for(
        t,
        files,
        poll,
        timeout,
        restart=Restart.NO_HAND,
        writers=[file for fd, file in zip(fds, files, strict=True) if wanted[1] >> fd & 1],
        mask=mask,
        finish=finish,
        quiet=lambda: store([0, 0, 0]),
    )


@syscall(23, "select", "count:int", "read:ptr", "write:ptr", "except:ptr", "timeout:timeval")
def select(t: Task, count: int, read: int, write: int, except_: int, timeout: int) -> Result:
    span = read_timeval(t, timeout) if timeout else None
    seconds = None if span is None else span / NS
    finish = _left(t, timeout, span, write_timeval)
    return _select(t, count, (read, write, except_), seconds, None, finish)


@syscall(
    270,
    "pselect6",
    "count:int",
    "read:ptr",
    "write:ptr",
    "except:ptr",
    "timeout:timespec",
    "mask:ptr",
)
def pselect6(
    t: Task, count: int, read: int, write: int, except_: int, timeout: int, mask: int
) -> Result:
    span = read_timespec(t, timeout) if timeout else None
    new_mask = take_mask(t, *t.read_struct(mask, "<QQ")) if mask else None
    seconds = None if span is None else span / NS
    finish = _left(t, timeout, span, write_timespec)
    return _select(t, count, (read, write, except_), seconds, new_mask, finish)
