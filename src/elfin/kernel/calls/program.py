"""A process takes another program: execve and execveat (man 2 execve)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.errors import LoadError
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW
from elfin.kernel.abi.signal import Signal
from elfin.kernel.call import syscall
from elfin.kernel.exec import replace_program
from elfin.kernel.lifecycle import exit_process
from elfin.kernel.program import Request, prepare

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

_MAX_STRINGS = 0x7FFFFFFF
_MAX_STRING = 131072


@syscall(59, "execve", "path:str", "argv:strv", "envp:ptr")
def execve(t: Task, path: int, argv: int, envp: int) -> int:
    name = t.read_string(path)
    file = t.kernel.vfs.open_program(t.process, name)
    return _exec(t, file, name, argv, envp)


@syscall(322, "execveat", "dirfd:fd", "path:str", "argv:strv", "envp:ptr", "flags:AT")
def execveat(t: Task, dirfd: int, path: int, argv: int, envp: int, flags: int) -> int:
    if flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW):
        raise LinuxError(Errno.EINVAL)
    name, vfs, files = t.read_string(path), t.kernel.vfs, t.process.files
    if not name:
        if not flags & AT_EMPTY_PATH:
            raise LinuxError(Errno.ENOENT)
        location = t.process.fs.cwd if dirfd == AT_FDCWD else files.get(dirfd).location
        file = vfs.open_program_at(t.process, location)
        return _exec(t, file, b"/dev/fd/%d" % dirfd, argv, envp)
    follow = not flags & AT_SYMLINK_NOFOLLOW
    if name.startswith(b"/") or dirfd == AT_FDCWD:
        file = vfs.open_program(t.process, name, follow=follow)
        return _exec(t, file, name, argv, envp)
    directory = files.get(dirfd).location
    file = vfs.open_program(t.process, name, directory, follow=follow)
    return _exec(t, file, b"/dev/fd/%d/%s" % (dirfd, name), argv, envp)


def _exec(t: Task, file: File, path: bytes, argv: int, envp: int) -> int:
    """Takes over the file's reference."""
    try:
        arguments = _read_strings(t, argv)
        environment = _read_strings(t, envp)
    except LinuxError:
        file.release()
        raise
    # As Linux since 5.18: a program without arguments gets one that is empty.
    request = Request(file, path, arguments or [b""], environment)
    try:
        loaded = prepare(t.process, request)
    except LoadError as error:
        t.kernel.last_program_error = f"{path.decode(errors='replace')}: {error}"
        exit_process(t.process, Signal.SIGSEGV)
        return 0
    replace_program(t, loaded)
    return 0


def _read_strings(t: Task, at: int) -> list[bytes]:
    """A NULL-terminated array of strings; NULL itself stands for an empty one."""
    strings: list[bytes] = []
    while at:
        (pointer,) = t.read_struct(at, "<Q")
        if not pointer:
            break
        try:
            strings.append(t.read_string(pointer, _MAX_STRING))
        except LinuxError as error:
            if error.errno == Errno.ENAMETOOLONG:
                raise LinuxError(Errno.E2BIG) from error
            raise
        at += 8
    return strings
