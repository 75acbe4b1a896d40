"""read, write and their positioned and vectored forms (man 2 read, write, pread, readv, lseek)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import (
    IOV_MAX,
    MAX_RW_COUNT,
    O_APPEND,
    RWF_APPEND,
    RWF_KNOWN,
    RWF_NOWAIT,
)
from elfin.kernel.abi.resource import INFINITY, Rlimit
from elfin.kernel.abi.signal import Signal
from elfin.kernel.abi.stat import S_IFREG
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.waiting import attempt
from elfin.kernel.files.opening import drop_privileges
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import send_to_task

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

_IOVEC = struct.Struct("<QQ")
Vector = list[tuple[int, int]]  # address and length of each buffer


def readable(t: Task, fd: int) -> File:
    file = t.process.files.get(fd)
    if not file.readable:
        raise LinuxError(Errno.EBADF)
    return file


def writable(t: Task, fd: int) -> File:
    file = t.process.files.get(fd)
    if not file.writable:
        raise LinuxError(Errno.EBADF)
    return file


def read_vector(t: Task, iov: int, count: int) -> Vector:
    """The buffers of an iovec array, cut where the total would pass MAX_RW_COUNT."""
    if count > IOV_MAX:
        raise LinuxError(Errno.EINVAL)
    vector: Vector = []
    room = MAX_RW_COUNT
    for base, length in _IOVEC.iter_unpack(t.read_memory(iov, count * _IOVEC.size)):
        if length >> 63:
            raise LinuxError(Errno.EINVAL)
        if (length := min(length, room)) > 0:
            vector.append((base, length))
            room -= length
    return vector


def scatter(t: Task, vector: Vector, data: bytes) -> None:
    start = 0
    for base, length in vector:
        if start >= len(data):
            break
        t.write_memory(base, data[start : start + length])
        start += length


def gather(t: Task, vector: Vector) -> bytes:
    return b"".join(t.read_memory(base, length) for base, length in vector)


# -- reading -------------------------------------------------------------------------------


def read_into(
    t: Task, file: File, vector: Vector, offset: int | None = None, *, now: bool = False
) -> Result:
    """Read at the position (or an offset) into guest buffers."""
    n = sum(length for _, length in vector)

    def action() -> int:
        file.check_access(t.process, write=False)
        before = file.position
        data = file.read(n) if offset is None else file.pread(offset, n)
        try:
            scatter(t, vector, data)
        except LinuxError:
            file.position = before  # nothing was read as far as the program can tell
            raise
        return len(data)

    return attempt(file, action, nonblocking=True if now else None)


@syscall(0, "read", "fd:fd", "buf:out", "count:size", quick="read")
def read(t: Task, fd: int, buf: int, count: int) -> Result:
    file = readable(t, fd)
    return read_into(t, file, [(buf, min(count, MAX_RW_COUNT))])


@syscall(19, "readv", "fd:fd", "iov:ptr", "count:size", quick="closed")
def readv(t: Task, fd: int, iov: int, count: int) -> Result:
    file = readable(t, fd)
    return read_into(t, file, read_vector(t, iov, count))


@syscall(17, "pread64", "fd:fd", "buf:out", "count:size", "offset:off")
def pread64(t: Task, fd: int, buf: int, count: int, offset: int) -> Result:
    if offset < 0:
        raise LinuxError(Errno.EINVAL)
    file = readable(t, fd)
    return read_into(t, file, [(buf, min(count, MAX_RW_COUNT))], offset)


@syscall(295, "preadv", "fd:fd", "iov:ptr", "count:size", "low:off", "high:off")
def preadv(t: Task, fd: int, iov: int, count: int, low: int, _high: int) -> Result:
    if low < 0:
        raise LinuxError(Errno.EINVAL)
    file = readable(t, fd)
    return read_into(t, file, read_vector(t, iov, count), low)


@syscall(327, "preadv2", "fd:fd", "iov:ptr", "count:size", "low:off", "high:off", "flags:RWF")
def preadv2(t: Task, fd: int, iov: int, count: int, low: int, _high: int, flags: int) -> Result:
    if low < -1:
        raise LinuxError(Errno.EINVAL)
    if flags & ~RWF_KNOWN or flags & RWF_APPEND:
        raise LinuxError(Errno.EOPNOTSUPP)
    file = readable(t, fd)
    vector = read_vector(t, iov, count)
    offset = None if low == -1 else low
    return read_into(t, file, vector, offset, now=bool(flags & RWF_NOWAIT))


# -- writing -------------------------------------------------------------------------------


def _limited(t: Task, file: File, data: bytes, offset: int | None) -> bytes:
    """What RLIMIT_FSIZE lets through; SIGXFSZ and EFBIG when nothing."""
    limit = t.process.limits.soft(Rlimit.RLIMIT_FSIZE)
    if limit == INFINITY or file.node.type != S_IFREG or not data:
        return data
    if file.flags & O_APPEND:
        offset = file.stat().size
    room = limit - (file.position if offset is None else offset)
    if room <= 0:
        send_to_task(t, SigInfo.from_kernel(Signal.SIGXFSZ))
        raise LinuxError(Errno.EFBIG)
    return data[:room]


def write_from(
    t: Task, file: File, data: bytes, offset: int | None = None, *, now: bool = False
) -> Result:
    """Write all of the data at the position (or an offset); waits for room in between."""
    data = _limited(t, file, data, offset)
    if data:
        drop_privileges(t.process, file.node)
    done = 0
    impatient = now or file.nonblocking

    def action() -> int:
        nonlocal done
        file.check_access(t.process, write=True)
        try:
            while True:
                rest = data[done:] if done else data
                if offset is None:
                    done += file.write(rest)
                else:
                    done += file.pwrite(offset + done, rest)
                if done >= len(data) or impatient:
                    return done
        except LinuxError as error:
            if error.errno is Errno.EPIPE:
                send_to_task(t, SigInfo.from_kernel(Signal.SIGPIPE))
            if done and (error.errno is not Errno.EAGAIN or impatient):
                return done
            raise

    return attempt(file, action, write=True, nonblocking=impatient, partial=lambda: done)


@syscall(1, "write", "fd:fd", "buf:in", "count:size", quick="write")
def write(t: Task, fd: int, buf: int, count: int) -> Result:
    file = writable(t, fd)
    return write_from(t, file, t.read_memory(buf, min(count, MAX_RW_COUNT)))


@syscall(20, "writev", "fd:fd", "iov:iov", "count:size", quick="closed")
def writev(t: Task, fd: int, iov: int, count: int) -> Result:
    file = writable(t, fd)
    return write_from(t, file, gather(t, read_vector(t, iov, count)))


@syscall(18, "pwrite64", "fd:fd", "buf:in", "count:size", "offset:off")
def pwrite64(t: Task, fd: int, buf: int, count: int, offset: int) -> Result:
    if offset < 0:
        raise LinuxError(Errno.EINVAL)
    file = writable(t, fd)
    return write_from(t, file, t.read_memory(buf, min(count, MAX_RW_COUNT)), offset)


@syscall(296, "pwritev", "fd:fd", "iov:iov", "count:size", "low:off", "high:off")
def pwritev(t: Task, fd: int, iov: int, count: int, low: int, _high: int) -> Result:
    if low < 0:
        raise LinuxError(Errno.EINVAL)
    file = writable(t, fd)
    return write_from(t, file, gather(t, read_vector(t, iov, count)), low)


@syscall(328, "pwritev2", "fd:fd", "iov:iov", "count:size", "low:off", "high:off", "flags:RWF")
def pwritev2(t: Task, fd: int, iov: int, count: int, low: int, _high: int, flags: int) -> Result:
    if low < -1:
        raise LinuxError(Errno.EINVAL)
    if flags & ~RWF_KNOWN:
        raise LinuxError(Errno.EOPNOTSUPP)
    file = writable(t, fd)
    data = gather(t, read_vector(t, iov, count))
    offset = None if low == -1 else low
    if flags & RWF_APPEND and file.seekable:
        offset = file.stat().size
        if low == -1:
            file.position = offset
            offset = None
    return write_from(t, file, data, offset, now=bool(flags & RWF_NOWAIT))


@syscall(8, "lseek", "fd:fd", "offset:off", "whence:SEEK", quick="closed")
def lseek(t: Task, fd: int, offset: int, whence: int) -> int:
    file = t.process.files.get(fd)
    return _not_path(file).seek(offset, whence)


def _not_path(file: File) -> File:
    if not file.readable and not file.writable:
        raise LinuxError(Errno.EBADF)
    return file
