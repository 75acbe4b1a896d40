"""fcntl and flock (man 2 fcntl, flock): descriptor and status flags, locks, pipe sizes, seals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi import fcntl as f
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.call import Result, signed_32, syscall
from elfin.kernel.files.locks import END, Lock
from elfin.kernel.files.memfd import MemFile
from elfin.kernel.files.pipe import PipeEnd
from elfin.kernel.wait import Wait

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

_OF_A_PLACE = {f.F_DUPFD, f.F_DUPFD_CLOEXEC, f.F_GETFD, f.F_SETFD, f.F_GETFL}
_LOCKS = {f.F_GETLK, f.F_SETLK, f.F_SETLKW}
_OFD_LOCKS = {f.F_OFD_GETLK, f.F_OFD_SETLK, f.F_OFD_SETLKW}
_MAX_SIGNAL = 64


@syscall(72, "fcntl", "fd:fd", "command:F", "argument:hex", quick="closed")
def fcntl(t: Task, fd: int, command: int, argument: int) -> Result:
    files = t.process.files
    file = files.get(fd)
    if file.flags & f.O_PATH and command not in _OF_A_PLACE:
        raise LinuxError(Errno.EBADF)
    match command:
        case f.F_DUPFD | f.F_DUPFD_CLOEXEC:
            if signed_32(argument) < 0 or argument >= files.limit:
                raise LinuxError(Errno.EINVAL)
            return files.install(
                file, cloexec=command == f.F_DUPFD_CLOEXEC, lowest=argument & 0xFFFF_FFFF
            )
        case f.F_GETFD:
            return f.FD_CLOEXEC if files.is_cloexec(fd) else 0
        case f.F_SETFD:
            files.set_cloexec(fd, on=bool(argument & f.FD_CLOEXEC))
        case f.F_GETFL:
            return file.flags
        case f.F_SETFL:
            file.flags = file.flags & ~f.SETFL_MASK | argument & f.SETFL_MASK
        case f.F_GETOWN:
            return file.signal_owner
        case f.F_SETOWN:
            file.signal_owner = signed_32(argument)
        case f.F_GETSIG:
            return file.signal_number
        case f.F_SETSIG:
            if argument > _MAX_SIGNAL:
                raise LinuxError(Errno.EINVAL)
            file.signal_number = argument
        case f.F_GETLEASE:
            return f.F_UNLCK
        case f.F_GETPIPE_SZ | f.F_SETPIPE_SZ:
            return _pipe_size(file, command, argument)
        case f.F_GET_SEALS | f.F_ADD_SEALS:
            return _seals(file, command, argument)
        case _ if command in _LOCKS | _OFD_LOCKS:
            return _lock(t, file, command, argument)
        case _:
            raise LinuxError(Errno.EINVAL)
    return 0


def _pipe_size(file: File, command: int, argument: int) -> int:
    if not isinstance(file, PipeEnd):
        raise LinuxError(Errno.EBADF)
    if command == f.F_SETPIPE_SZ:
        return file.pipe.resize(argument & 0xFFFF_FFFF)
    return file.pipe.size


def _seals(file: File, command: int, argument: int) -> int:
    if not isinstance(file, MemFile):
        raise LinuxError(Errno.EINVAL)
    if command == f.F_ADD_SEALS:
        if not file.writable:
            raise LinuxError(Errno.EPERM)
        file.add_seals(argument)
        return 0
    return file.seals


# -- record locks --------------------------------------------------------------------------


def _lock(t: Task, file: File, command: int, address: int) -> Result:
    kind, whence, start, length, pid = t.read_struct(address, f.FLOCK_FORMAT)
    of_description = command in _OFD_LOCKS
    if of_description and pid:
        raise LinuxError(Errno.EINVAL)
    start, end = _range(file, whence, start, length)
    owner: object = file if of_description else t.process
    wanted = Lock(owner, kind, start, end, -1 if of_description else t.process.pid)
    locks, key = t.process.files.locks, file.node.key
    if command in {f.F_GETLK, f.F_OFD_GETLK}:
        if kind not in {f.F_RDLCK, f.F_WRLCK}:
            raise LinuxError(Errno.EINVAL)
        held = locks.conflict(key, wanted)
        if held is None:
            t.write_memory(address, f.F_UNLCK.to_bytes(2, "little"))
        else:
            size = 0 if held.end == END else held.end - held.start
            t.write_struct(
                address, f.FLOCK_FORMAT, held.kind, f.SEEK_SET, held.start, size, held.pid
            )
        return 0
    if kind not in {f.F_RDLCK, f.F_WRLCK, f.F_UNLCK}:
        raise LinuxError(Errno.EINVAL)
    if (kind == f.F_RDLCK and not file.readable) or (kind == f.F_WRLCK and not file.writable):
        raise LinuxError(Errno.EBADF)
    if of_description:
        file.locks = locks
    try:
        locks.set(key, wanted)
    except LinuxError:
        if command in {f.F_SETLK, f.F_OFD_SETLK}:
            raise
        return _wait_for_lock(t, file, wanted)
    return 0


def _range(file: File, whence: int, start: int, length: int) -> tuple[int, int]:
    """[start, end) of a struct flock."""
    if whence == f.SEEK_CUR:
        start += file.position
    elif whence == f.SEEK_END:
        start += file.stat().size
    elif whence != f.SEEK_SET:
        raise LinuxError(Errno.EINVAL)
    end = END if length == 0 else start + length
    if length < 0:
        start, end = end, start
    if start < 0:
        raise LinuxError(Errno.EINVAL)
    if end > END:
        raise LinuxError(Errno.EOVERFLOW)
    return start, end


def _wait_for_lock(t: Task, file: File, wanted: Lock) -> Wait:
    locks, key = t.process.files.locks, file.node.key
    of_process = wanted.owner is t.process

    def poll() -> int | None:
        held = locks.conflict(key, wanted)
        if held is not None:
            if of_process:
                locks.wait_for(wanted.owner, held.owner)
            return None
        locks.stop_waiting(wanted.owner)
        locks.set(key, wanted)
        file.release()
        return 0

    def on_interrupt() -> int | None:
        locks.stop_waiting(wanted.owner)
        file.release()
        return None

    file.retain()
    try:
        poll()  # a circle of waiters is told at once
    except LinuxError:
        file.release()
        raise
    return Wait(poll, on_interrupt=on_interrupt)


# -- flock ---------------------------------------------------------------------------------

_FLOCK_KINDS = {f.LOCK_SH: f.F_RDLCK, f.LOCK_EX: f.F_WRLCK, f.LOCK_UN: f.F_UNLCK}


@syscall(73, "flock", "fd:fd", "operation:LOCK")
def flock(t: Task, fd: int, operation: int) -> Result:
    kind = _FLOCK_KINDS.get(operation & ~f.LOCK_NB)
    if kind is None:
        raise LinuxError(Errno.EINVAL)
    file = t.process.files.get(fd)
    if file.flags & f.O_PATH:
        raise LinuxError(Errno.EBADF)
    locks = t.process.files.locks

    def poll() -> int | None:
        try:
            locks.flock(file, kind)
        except LinuxError:
            return None
        file.release()
        return 0

    def on_interrupt() -> int | None:
        file.release()
        return None

    try:
        locks.flock(file, kind)
    except LinuxError:
        if operation & f.LOCK_NB:
            raise
        file.retain()
        return Wait(poll, on_interrupt=on_interrupt)
    return 0
