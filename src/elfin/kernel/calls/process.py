"""Processes begin and end: fork, vfork, clone, clone3, exit (man 2 clone, exit_group)."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.process import CLONE_CLEAR_SIGHAND, EXIT_SIGNAL_MASK, NAMESPACES, Clone
from elfin.kernel.abi.resource import Rlimit
from elfin.kernel.abi.signal import SIGNAL_MAX, Signal
from elfin.kernel.birth import Birth, give_birth
from elfin.kernel.call import Result, syscall
from elfin.kernel.lifecycle import exit_process, exit_task
from elfin.kernel.wait import Restart, Wait

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_NO_THREADS = "threads (CLONE_VM without CLONE_VFORK) and namespaces are not there yet"


@syscall(57, "fork")
def fork(t: Task) -> Result:
    return _clone(t, Birth(0, Signal.SIGCHLD))


@syscall(58, "vfork", note="the child runs in its parent's memory, as on Linux")
def vfork(t: Task) -> Result:
    return _clone(t, Birth(Clone.CLONE_VM | Clone.CLONE_VFORK, Signal.SIGCHLD))


@syscall(
    56, "clone", "flags:CLONE", "stack:ptr", "parent_tid:ptr", "child_tid:ptr", "tls:ptr",
    note=_NO_THREADS,
)  # fmt: skip
def clone(t: Task, flags: int, stack: int, parent_tid: int, child_tid: int, tls: int) -> Result:
    if flags & Clone.CLONE_PIDFD:
        raise LinuxError(Errno.EINVAL)
    exit_signal = flags & EXIT_SIGNAL_MASK
    return _clone(
        t, Birth(flags & ~EXIT_SIGNAL_MASK, exit_signal, stack, parent_tid, child_tid, tls)
    )


@syscall(435, "clone3", "args:ptr", "size:size", note=_NO_THREADS + "; no set_tid, no cgroup")
def clone3(t: Task, args: int, size: int) -> Result:
    if size > 4096:
        raise LinuxError(Errno.E2BIG)
    if size < 64:
        raise LinuxError(Errno.EINVAL)
    data = t.read_memory(args, size)
    if any(data[88:]):
        raise LinuxError(Errno.E2BIG)
    flags, _pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, *more = (
        struct.unpack("<11Q", data[:88].ljust(88, b"\0"))
    )
    known = (1 << 32) - 1 & ~(EXIT_SIGNAL_MASK | Clone.CLONE_DETACHED) | CLONE_CLEAR_SIGHAND
    wrong_stack = bool(stack) != bool(stack_size)
    if flags & ~known or exit_signal > SIGNAL_MAX or wrong_stack or any(more):
        raise LinuxError(Errno.EINVAL)
    if flags & CLONE_CLEAR_SIGHAND and flags & Clone.CLONE_SIGHAND:
        raise LinuxError(Errno.EINVAL)
    if flags & (Clone.CLONE_THREAD | Clone.CLONE_PARENT) and exit_signal:
        raise LinuxError(Errno.EINVAL)
    if flags & Clone.CLONE_PIDFD:
        raise LinuxError(Errno.ENOSYS)
    return _clone(t, Birth(flags, exit_signal, stack + stack_size, parent_tid, child_tid, tls))


def _clone(t: Task, birth: Birth) -> Result:
    flags = birth.flags
    _check(flags)
    kernel, process = t.kernel, t.process
    limit = process.limits.soft(Rlimit.RLIMIT_NPROC)
    if len(kernel.processes) >= limit and not process.credentials.privileged:
        raise LinuxError(Errno.EAGAIN)
    child = give_birth(t, birth)
    # The child is there by now: that one of these cannot be stored is nobody's error.
    if flags & Clone.CLONE_PARENT_SETTID:
        with suppress(LinuxError):
            t.write_struct(birth.parent_tid, "<i", child.tid)
    if flags & Clone.CLONE_CHILD_SETTID:
        with suppress(LinuxError):
            child.write_struct(birth.child_tid, "<i", child.tid)
    if flags & Clone.CLONE_VFORK:
        return _wait_for_exec(child)
    return child.tid


def _check(flags: int) -> None:
    if flags & Clone.CLONE_SIGHAND and not flags & Clone.CLONE_VM:
        raise LinuxError(Errno.EINVAL)
    if flags & Clone.CLONE_THREAD and not flags & Clone.CLONE_SIGHAND:
        raise LinuxError(Errno.EINVAL)
    if flags & Clone.CLONE_FS and flags & Clone.CLONE_NEWNS:
        raise LinuxError(Errno.EINVAL)
    if flags & NAMESPACES:
        raise LinuxError(Errno.EPERM)
    if flags & (Clone.CLONE_THREAD | Clone.CLONE_SIGHAND):
        raise LinuxError(Errno.ENOSYS)
    if flags & Clone.CLONE_VM and not flags & Clone.CLONE_VFORK:
        raise LinuxError(Errno.ENOSYS)


def _wait_for_exec(child: Task) -> Wait:
    """The parent stands still while the child borrows its memory."""
    process = child.process
    return Wait(lambda: process.pid if process.vfork_done else None, restart=Restart.KILL)


@syscall(60, "exit", "status:int")
def exit(t: Task, status: int) -> int:  # noqa: A001 - the call's own name
    exit_task(t, status)
    return 0


@syscall(231, "exit_group", "status:int")
def exit_group(t: Task, status: int) -> int:
    exit_process(t.process, (status & 0xFF) << 8)
    return 0
