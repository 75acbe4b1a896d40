"""ioctl: what every description answers, then the file itself (man 2 ioctl)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi import ioctl as req
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import O_ASYNC, O_NONBLOCK, O_PATH
from elfin.kernel.abi.stat import S_IFREG
from elfin.kernel.call import Result, syscall
from elfin.kernel.calls.waiting import attempt

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task


def _set_flag(t: Task, file: File, bit: int, argument: int) -> int:
    if any(t.read_memory(argument, 4)):
        file.flags |= bit
    else:
        file.flags &= ~bit
    return 0


@syscall(16, "ioctl", "fd:fd", "request:IOCTL", "argument:ptr", quick="closed")
def ioctl(t: Task, fd: int, request: int, argument: int) -> Result:
    file = t.process.files.get(fd)
    if file.flags & O_PATH:
        raise LinuxError(Errno.EBADF)
    match request:
        case req.FIOCLEX | req.FIONCLEX:
            t.process.files.set_cloexec(fd, on=request == req.FIOCLEX)
            return 0
        case req.FIONBIO:
            return _set_flag(t, file, O_NONBLOCK, argument)
        case req.FIOASYNC:
            return _set_flag(t, file, O_ASYNC, argument)
        case req.FIONREAD if file.node.type == S_IFREG and file.seekable:
            left = max(0, file.stat().size - file.position)
            t.write_memory(argument, min(left, 0x7FFF_FFFF).to_bytes(4, "little"))
            return 0
        case req.FIOQSIZE if file.node.type == S_IFREG or file.node.is_directory:
            t.write_memory(argument, file.stat().size.to_bytes(8, "little"))
            return 0
        case req.FIGETBSZ if file.node.type == S_IFREG or file.node.is_directory:
            t.write_memory(argument, file.stat().blksize.to_bytes(4, "little"))
            return 0
        case req.FICLONE:
            raise LinuxError(Errno.EOPNOTSUPP)
        case _:
            return attempt(file, lambda: file.ioctl(t.process, t, request, argument))
