"""signalfd: signals that are read instead of delivered (man 2 signalfd)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Protocol

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.poll import READABLE
from elfin.kernel.abi.signal import Code, Signal
from elfin.kernel.files.file import File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from elfin.kernel.files.location import Location

# ssi_signo errno code pid uid fd tid band overrun trapno status int ptr utime stime addr
_RECORD = struct.Struct("<IiiIIiIIIIiiQQQQ48x")


class Info(Protocol):
    """What a pending signal says of itself."""

    @property
    def signal(self) -> int: ...
    @property
    def code(self) -> int: ...
    @property
    def errno(self) -> int: ...
    @property
    def fields(self) -> bytes: ...


class Queue(Protocol):
    """The signals that are pending for a task or a process."""

    @property
    def mask(self) -> int: ...
    def first(self, allowed: int) -> int: ...
    def take(self, signal: int) -> Info: ...


def record(info: Info) -> bytes:
    """struct signalfd_siginfo: 128 bytes."""
    fields = info.fields.ljust(48, b"\0")
    pid, uid = struct.unpack_from("<II", fields)
    tid = overrun = status = integer = pointer = utime = stime = address = 0
    if info.code == Code.SI_TIMER:
        tid, overrun = pid, uid
        pid = uid = 0
        (pointer,) = struct.unpack_from("<Q", fields, 8)
    elif info.signal == Signal.SIGCHLD and info.code > 0:
        status, utime, stime = struct.unpack_from("<i4xqq", fields, 8)
    elif info.code == Code.SI_QUEUE:
        (pointer,) = struct.unpack_from("<Q", fields, 8)
    elif info.code > 0 and info.signal in {Signal.SIGSEGV, Signal.SIGBUS, Signal.SIGFPE}:
        (address,) = struct.unpack_from("<Q", fields)
        pid = uid = 0
    integer = struct.unpack("<i", struct.pack("<I", pointer & 0xFFFF_FFFF))[0]
    return _RECORD.pack(
        info.signal,
        info.errno,
        info.code,
        pid,
        uid,
        0,
        tid,
        0,
        overrun,
        0,
        status,
        integer,
        pointer,
        utime,
        stime,
        address,
    )


class SignalFile(File):
    """Gives the signals of its mask that are pending for whoever reads."""

    def __init__(
        self,
        mask: int,
        queues: Callable[[], Iterable[Queue]],
        location: Location,
        flags: int,
    ) -> None:
        super().__init__(location, flags)
        self.mask = mask
        self._queues = queues

    def _next(self) -> Info | None:
        for queue in self._queues():
            signal = queue.first(self.mask)
            if signal:
                return queue.take(signal)
        return None

    def read(self, n: int) -> bytes:
        if n < _RECORD.size:
            raise LinuxError(Errno.EINVAL)
        records: list[bytes] = []
        while len(records) < n // _RECORD.size and (info := self._next()) is not None:
            records.append(record(info))
        if not records:
            raise LinuxError(Errno.EAGAIN)
        return b"".join(records)

    def poll_events(self) -> int:
        return READABLE if any(queue.mask & self.mask for queue in self._queues()) else 0
