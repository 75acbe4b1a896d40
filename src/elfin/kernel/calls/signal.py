"""Actions, masks and waiting for signals (man 2 sigaction, sigprocmask, sigtimedwait ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel import frame
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.signal import (
    SIGNAL_MAX,
    UNBLOCKABLE,
    MaskHow,
    bit,
)
from elfin.kernel.call import Result, signed_64, syscall
from elfin.kernel.calls.moment import read_timespec
from elfin.kernel.process import SigAction
from elfin.kernel.signals import force_segv, is_ignored
from elfin.kernel.wait import Restart, Wait

if TYPE_CHECKING:
    from elfin.kernel.siginfo import SigInfo
    from elfin.kernel.task import Task

_SIGSET_SIZE = 8
_ACTION = "<QQQQ"  # handler flags restorer mask
_KNOWN_FLAGS = 0xDC000807  # what Linux keeps of sa_flags, SA_EXPOSE_TAGBITS included
_STACK = "<QI4xQ"


def _check_size(size: int) -> None:
    if size != _SIGSET_SIZE:
        raise LinuxError(Errno.EINVAL)


def read_sigset(t: Task, at: int) -> int:
    mask: int = t.read_struct(at, "<Q")[0]
    return mask & ~UNBLOCKABLE


@syscall(13, "rt_sigaction", "signal:sig", "action:sigaction", "old:ptr", "size:size")
def rt_sigaction(t: Task, signal: int, action: int, old: int, size: int) -> int:
    _check_size(size)
    new = None
    if action:
        handler, flags, restorer, mask = t.read_struct(action, _ACTION)
        new = SigAction(handler, flags & _KNOWN_FLAGS, restorer, mask & ~UNBLOCKABLE)
    if not 1 <= signal <= SIGNAL_MAX or (new and bit(signal) & UNBLOCKABLE):
        raise LinuxError(Errno.EINVAL)
    process = t.process
    before = process.action(signal)
    if new is not None:
        process.signal_actions[signal] = new
        if is_ignored(process, signal):
            # What becomes ignored is also forgotten where it was pending.
            for pending in (process.pending, *(task.pending for task in process.tasks)):
                pending.discard(bit(signal))
    if old:
        values = before.handler, before.flags, before.restorer, before.mask
        t.write_struct(old, _ACTION, *values)
    return 0


@syscall(14, "rt_sigprocmask", "how:SIG_HOW", "set:sigset", "old:ptr", "size:size")
def rt_sigprocmask(t: Task, how: int, new: int, old: int, size: int) -> int:
    _check_size(size)
    before = t.mask
    if new:
        mask = read_sigset(t, new)
        match how:
            case MaskHow.SIG_BLOCK:
                t.set_mask(before | mask)
            case MaskHow.SIG_UNBLOCK:
                t.set_mask(before & ~mask)
            case MaskHow.SIG_SETMASK:
                t.set_mask(mask)
            case _:
                raise LinuxError(Errno.EINVAL)
    if old:
        t.write_struct(old, "<Q", before)
    return 0


@syscall(127, "rt_sigpending", "set:ptr", "size:size")
def rt_sigpending(t: Task, at: int, size: int) -> int:
    if size > _SIGSET_SIZE:
        raise LinuxError(Errno.EINVAL)
    mask = (t.pending.mask | t.process.pending.mask) & t.mask
    t.write_memory(at, mask.to_bytes(8, "little")[:size])
    return 0


@syscall(130, "rt_sigsuspend", "mask:sigset", "size:size")
def rt_sigsuspend(t: Task, mask: int, size: int) -> Result:
    _check_size(size)
    t.replace_mask(read_sigset(t, mask))
    return Wait(lambda: None, restart=Restart.NO_HAND)


@syscall(34, "pause")
def pause(t: Task) -> Result:
    return Wait(lambda: None, restart=Restart.NO_HAND)


@syscall(128, "rt_sigtimedwait", "set:sigset", "info:ptr", "timeout:timespec", "size:size")
def rt_sigtimedwait(t: Task, at: int, info: int, timeout: int, size: int) -> Result:
    _check_size(size)
    wanted = read_sigset(t, at)
    ns = read_timespec(t, timeout) if timeout else None

    def poll() -> int | None:
        taken = _take(t, wanted)
        if taken is None:
            return None
        if info:
            t.write_memory(info, taken.pack())
        return taken.signal

    result = poll()
    if result is not None:
        return result
    if ns == 0:
        raise LinuxError(Errno.EAGAIN)
    deadline = None if ns is None else t.kernel.monotonic() + ns / 1e9
    return Wait(poll, deadline, -Errno.EAGAIN, restart=Restart.EINTR)


def _take(t: Task, wanted: int) -> SigInfo | None:
    for pending in (t.pending, t.process.pending):
        signal = pending.first(wanted)
        if signal:
            return pending.take(signal)
    return None


@syscall(15, "rt_sigreturn")
def rt_sigreturn(t: Task) -> int:
    if not frame.pop(t):
        force_segv(t)
    return signed_64(t.cpu.gpr[frame.RAX])


@syscall(131, "sigaltstack", "new:ptr", "old:ptr")
def sigaltstack(t: Task, new: int, old: int) -> int:
    before, flags = t.altstack, t.altstack.seen_from(t.cpu.gpr[frame.RSP])
    if new:
        frame.set_altstack(t, *t.read_struct(new, _STACK))
    if old:
        t.write_struct(old, _STACK, before.address, flags, before.size)
    return 0


@syscall(219, "restart_syscall", note="calls go on by themselves, so there is nothing to restart")
def restart_syscall(t: Task) -> int:
    raise LinuxError(Errno.EINTR)
