"""Data from descriptor to descriptor (man 2 sendfile, copy_file_range, splice, tee, vmsplice)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import MAX_RW_COUNT, O_APPEND
from elfin.kernel.abi.signal import Signal
from elfin.kernel.abi.stat import S_IFREG
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.read_write import (
    gather,
    read_into,
    read_vector,
    readable,
    writable,
    write_from,
)
from elfin.kernel.calls.waiting import attempt
from elfin.kernel.files.pipe import PipeEnd
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import send_to_task

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

CHUNK = 1 << 16
SPLICE_F_NONBLOCK = 2
SPLICE_KNOWN = 15


def _read_offset(t: Task, address: int) -> int | None:
    if not address:
        return None
    offset: int = t.read_struct(address, "<q")[0]
    if offset < 0:
        raise LinuxError(Errno.EINVAL)
    return offset


class _Side:
    """One file of a transfer: at its own position, or at an offset that is counted on."""

    def __init__(self, t: Task, file: File, address: int) -> None:
        self.file = file
        self.task = t
        self.address = address
        self.offset = _read_offset(t, address)
        if self.offset is not None and not file.seekable:
            raise LinuxError(Errno.ESPIPE)

    def read(self, n: int) -> bytes:
        """Read without moving on: `advance` does when the data has arrived."""
        if self.offset is not None:
            return self.file.pread(self.offset, n)
        return self.file.pread(self.file.position, n) if self.file.seekable else self.file.read(n)

    def write(self, data: bytes) -> int:
        if self.offset is not None:
            return self.file.pwrite(self.offset, data)
        return self.file.write(data)

    def advance(self, n: int) -> None:
        if self.offset is not None:
            self.offset += n
            self.task.write_struct(self.address, "<q", self.offset)


def _broken(t: Task, error: LinuxError) -> LinuxError:
    if error.errno is Errno.EPIPE:
        send_to_task(t, SigInfo.from_kernel(Signal.SIGPIPE))
    return error


# -- files to anything ---------------------------------------------------------------------


@syscall(40, "sendfile", "out:fd", "in:fd", "offset:ptr", "count:size")
def sendfile(t: Task, out: int, in_: int, offset: int, count: int) -> Result:
    source = _Side(t, readable(t, in_), offset)
    target = writable(t, out)
    if not source.file.seekable or source.file.node.is_directory:
        raise LinuxError(Errno.EINVAL)
    if target.flags & O_APPEND:
        raise LinuxError(Errno.EINVAL)
    count = min(count, MAX_RW_COUNT)
    done = 0

    def action() -> int:
        nonlocal done
        while done < count:
            data = source.read(min(count - done, CHUNK))
            if not data:
                break
            try:
                moved = target.write(data)
            except LinuxError as error:
                if done and (error.errno is not Errno.EAGAIN or target.nonblocking):
                    break
                raise _broken(t, error) from None
            done += moved
            if source.offset is None:
                source.file.position += moved
            else:
                source.advance(moved)
        return done

    return attempt(target, action, write=True, partial=lambda: done)


@syscall(
    326,
    "copy_file_range",
    "in:fd",
    "in_offset:ptr",
    "out:fd",
    "out_offset:ptr",
    "length:size",
    "flags:uint",
)
def copy_file_range(
    t: Task, in_: int, in_offset: int, out: int, out_offset: int, length: int, flags: int
) -> int:
    if flags:
        raise LinuxError(Errno.EINVAL)
    source_file, target_file = readable(t, in_), writable(t, out)
    for file in (source_file, target_file):
        if file.node.is_directory:
            raise LinuxError(Errno.EISDIR)
        if file.node.type != S_IFREG or not file.seekable:
            raise LinuxError(Errno.EINVAL)
    if target_file.flags & O_APPEND:
        raise LinuxError(Errno.EBADF)
    source, target = _Side(t, source_file, in_offset), _Side(t, target_file, out_offset)
    length = min(length, MAX_RW_COUNT)
    if source_file.node.key == target_file.node.key:
        start = source_file.position if source.offset is None else source.offset
        to = target_file.position if target.offset is None else target.offset
        if start < to + length and to < start + length:
            raise LinuxError(Errno.EINVAL)
    done = 0
    while done < length:
        data = source.read(min(length - done, CHUNK))
        if not data:
            break
        try:
            moved = target.write(data)
        except LinuxError:
            if done:
                break
            raise
        target.advance(moved)
        if source.offset is None:
            source_file.position += moved
        else:
            source.advance(moved)
        done += moved
    return done


# -- pipes ---------------------------------------------------------------------------------


@syscall(
    275, "splice", "in:fd", "in_offset:ptr", "out:fd", "out_offset:ptr", "length:size", "flags:uint"
)
def splice(
    t: Task, in_: int, in_offset: int, out: int, out_offset: int, length: int, flags: int
) -> Result:
    if flags & ~SPLICE_KNOWN:
        raise LinuxError(Errno.EINVAL)
    if not length:
        return 0
    source_file, target_file = readable(t, in_), writable(t, out)
    pipe_in = source_file if isinstance(source_file, PipeEnd) else None
    pipe_out = target_file if isinstance(target_file, PipeEnd) else None
    if (pipe_in and in_offset) or (pipe_out and out_offset):
        raise LinuxError(Errno.ESPIPE)
    if not pipe_in and not pipe_out:
        raise LinuxError(Errno.EINVAL)
    if pipe_in and pipe_out and pipe_in.pipe is pipe_out.pipe:
        raise LinuxError(Errno.EINVAL)
    if target_file.flags & O_APPEND and not pipe_out:
        raise LinuxError(Errno.EINVAL)
    source, target = _Side(t, source_file, in_offset), _Side(t, target_file, out_offset)
    length = min(length, MAX_RW_COUNT)

    def action() -> int:
        room = length
        if pipe_out:
            if not pipe_out.pipe.readers:
                raise _broken(t, LinuxError(Errno.EPIPE))
            room = min(room, pipe_out.pipe.room)
            if not room:
                raise LinuxError(Errno.EAGAIN)
        if pipe_in is None:
            data = source.read(min(room, CHUNK))
            moved = target.write(data) if data else 0
            if source.offset is None and source_file.seekable:
                source_file.position += moved
            source.advance(moved)
            return moved
        data = pipe_in.peek(min(room, CHUNK))
        moved = target.write(data) if data else 0
        target.advance(moved)
        pipe_in.pipe.take(moved)
        return moved

    waits_to_write = bool(pipe_out) and not (pipe_out and pipe_out.pipe.room)
    impatient = True if flags & SPLICE_F_NONBLOCK else None
    watched = target_file if waits_to_write else source_file
    return attempt(watched, action, write=waits_to_write, nonblocking=impatient)


@syscall(276, "tee", "in:fd", "out:fd", "length:size", "flags:uint")
def tee(t: Task, in_: int, out: int, length: int, flags: int) -> Result:
    if flags & ~SPLICE_KNOWN:
        raise LinuxError(Errno.EINVAL)
    source, target = readable(t, in_), writable(t, out)
    if not isinstance(source, PipeEnd) or not isinstance(target, PipeEnd):
        raise LinuxError(Errno.EINVAL)
    if source.pipe is target.pipe:
        raise LinuxError(Errno.EINVAL)
    if not length:
        return 0

    def action() -> int:
        room = min(length, target.pipe.room)
        if not target.pipe.readers:
            raise _broken(t, LinuxError(Errno.EPIPE))
        if not room:
            raise LinuxError(Errno.EAGAIN)
        data = source.peek(room)
        return target.write(data) if data else 0

    return attempt(source, action, nonblocking=True if flags & SPLICE_F_NONBLOCK else None)


@syscall(278, "vmsplice", "fd:fd", "iov:iov", "count:size", "flags:uint")
def vmsplice(t: Task, fd: int, iov: int, count: int, flags: int) -> Result:
    file = t.process.files.get(fd)
    if not isinstance(file, PipeEnd):
        raise LinuxError(Errno.EBADF)
    if flags & ~SPLICE_KNOWN:
        raise LinuxError(Errno.EINVAL)
    now = bool(flags & SPLICE_F_NONBLOCK)
    vector = read_vector(t, iov, count)
    if file.writable:
        return write_from(t, file, gather(t, vector), now=now)
    return read_into(t, file, vector, now=now)
