"""Data from descriptor to descriptor (man 2 sendfile, copy_file_range, splice, tee, vmsplice)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import MAX_RW_COUNT, O_APPEND, O_PATH
from elfin.kernel.abi.signal import Signal
from elfin.kernel.abi.stat import S_IFDIR, S_IFREG
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
from elfin.kernel.files.opening import drop_privileges
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
    """One file of a transfer, with a place of its own that is stored when the transfer is over.

    The place is the file's position, or an offset in guest memory; pipes and terminals have none.
    """

    def __init__(self, t: Task, file: File, address: int) -> None:
        self.file = file
        self.task = t
        self.address = address
        offset = _read_offset(t, address)
        if offset is not None and not file.seekable:
            raise LinuxError(Errno.ESPIPE)
        self.at = file.position if offset is None else offset

    def read(self, n: int) -> bytes:
        return self.file.pread(self.at, n) if self.file.seekable else self.file.read(n)

    def write(self, data: bytes) -> int:
        return self.file.pwrite(self.at, data) if self.file.seekable else self.file.write(data)

    def finish(self) -> None:
        if self.address:
            self.task.write_struct(self.address, "<q", self.at)
        elif self.file.seekable:
            self.file.position = self.at


def _broken(t: Task, error: LinuxError) -> LinuxError:
    if error.errno is Errno.EPIPE:
        send_to_task(t, SigInfo.from_kernel(Signal.SIGPIPE))
    return error


# -- files to anything ---------------------------------------------------------------------


@syscall(40, "sendfile", "out:fd", "in:fd", "offset:ptr", "count:size")
def sendfile(t: Task, out: int, in_: int, offset: int, count: int) -> Result:
    source_file = readable(t, in_)
    if offset and not source_file.seekable:
        raise LinuxError(Errno.ESPIPE)
    target_file = writable(t, out)
    if not source_file.seekable or target_file.flags & O_APPEND:
        raise LinuxError(Errno.EINVAL)
    if not count:
        return 0
    if source_file.node.is_directory:
        raise LinuxError(Errno.EINVAL)
    source, target = _Side(t, source_file, offset), _Side(t, target_file, 0)
    count = min(count, MAX_RW_COUNT)
    done = 0

    def action() -> int:
        nonlocal done
        try:
            while done < count:
                data = source.read(min(count - done, CHUNK))
                if not data:
                    break
                drop_privileges(t.process, target_file.node)
                moved = target.write(data)
                source.at += moved
                target.at += moved
                done += moved
        except LinuxError as error:
            if not done or (error.errno is Errno.EAGAIN and not target_file.nonblocking):
                raise _broken(t, error) from None
        finally:
            target.finish()
            source.finish()
        return done

    return attempt(target_file, action, write=True, partial=lambda: done)


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
    files = t.process.files
    source_file, target_file = files.get(in_), files.get(out)
    if (source_file.flags | target_file.flags) & O_PATH:
        raise LinuxError(Errno.EBADF)
    source, target = _Side(t, source_file, in_offset), _Side(t, target_file, out_offset)
    if flags:
        raise LinuxError(Errno.EINVAL)
    kinds = {source_file.node.type, target_file.node.type}
    if S_IFDIR in kinds:
        raise LinuxError(Errno.EISDIR)
    if kinds != {S_IFREG}:
        raise LinuxError(Errno.EINVAL)
    appends = target_file.flags & O_APPEND
    if not source_file.readable or not target_file.writable or appends:
        raise LinuxError(Errno.EBADF)
    length = min(length, MAX_RW_COUNT, max(0, source_file.stat().size - source.at))
    same = source_file.node.key == target_file.node.key
    if same and source.at < target.at + length and target.at < source.at + length:
        raise LinuxError(Errno.EINVAL)
    if length:
        drop_privileges(t.process, target_file.node)
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
        source.at += moved
        target.at += moved
        done += moved
    source.finish()
    target.finish()
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
            source.at += moved
            source.finish()
            return moved
        data = pipe_in.peek(min(room, CHUNK))
        moved = target.write(data) if data else 0
        target.at += moved
        target.finish()
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
