"""What a C library sets up for a thread: bases, names, exit addresses (man 2 arch_prctl, prctl)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.process import ArchPrctl, Prctl
from elfin.kernel.abi.signal import SIGNAL_MAX
from elfin.kernel.call import syscall

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_ADDRESS_LIMIT = 1 << 47
_NAME_SIZE = 16
_ROBUST_HEAD_SIZE = 24
_LAST_CAPABILITY = 40
_DEFAULT_SLACK_NS = 50_000
_TSC_ENABLE = 1


@syscall(158, "arch_prctl", "code:ARCH", "address:ptr")
def arch_prctl(t: Task, code: int, address: int) -> int:
    match code:
        case ArchPrctl.ARCH_SET_FS | ArchPrctl.ARCH_SET_GS:
            if address >= _ADDRESS_LIMIT:
                raise LinuxError(Errno.EPERM)
            if code == ArchPrctl.ARCH_SET_FS:
                t.cpu.fs_base = address
            else:
                t.cpu.gs_base = address
        case ArchPrctl.ARCH_GET_FS:
            t.write_struct(address, "<Q", t.cpu.fs_base)
        case ArchPrctl.ARCH_GET_GS:
            t.write_struct(address, "<Q", t.cpu.gs_base)
        case ArchPrctl.ARCH_GET_CPUID:
            return 1
        case ArchPrctl.ARCH_SET_CPUID:
            raise LinuxError(Errno.ENODEV)
        case _:
            raise LinuxError(Errno.EINVAL)
    return 0


@syscall(218, "set_tid_address", "address:ptr")
def set_tid_address(t: Task, address: int) -> int:
    t.clear_child_tid = address
    return t.tid


@syscall(273, "set_robust_list", "head:ptr", "size:size")
def set_robust_list(t: Task, head: int, size: int) -> int:
    if size != _ROBUST_HEAD_SIZE:
        raise LinuxError(Errno.EINVAL)
    t.robust_list = head, size
    return 0


@syscall(274, "get_robust_list", "pid:pid", "head:ptr", "size:ptr")
def get_robust_list(t: Task, pid: int, head: int, size: int) -> int:
    task = t.kernel.tasks.get(pid) if pid else t
    if task is None:
        raise LinuxError(Errno.ESRCH)
    t.write_struct(size, "<Q", _ROBUST_HEAD_SIZE)
    t.write_struct(head, "<Q", task.robust_list[0])
    return 0


@syscall(334, "rseq", "area:ptr", "length:uint", "flags:hex", "signature:uint", note="ENOSYS")
def rseq(t: Task, area: int, length: int, flags: int, signature: int) -> int:
    """C libraries go on without it, as on kernels before 4.18."""
    raise LinuxError(Errno.ENOSYS)


# -- prctl ---------------------------------------------------------------------------------


@syscall(
    157, "prctl", "option:PR", "arg2:hex", "arg3:hex", "arg4:hex", "arg5:hex",
    note="names, death signal, dumpable, subreaper, no_new_privs, timer slack; others EINVAL",
)  # fmt: skip
def prctl(t: Task, option: int, arg2: int, arg3: int, arg4: int, arg5: int) -> int:
    action = _PRCTL.get(option)
    if action is None:
        raise LinuxError(Errno.EINVAL)
    return action(t, (arg2, arg3, arg4, arg5))


Arguments = tuple[int, int, int, int]


def _set_name(t: Task, a: Arguments) -> int:
    # Shorter than the buffer may be cut at its end: only what is there is read.
    name = b""
    while len(name) < _NAME_SIZE - 1:
        byte = t.read_memory(a[0] + len(name), 1)
        if byte == b"\0":
            break
        name += byte
    t.comm = name
    return 0


def _get_name(t: Task, a: Arguments) -> int:
    t.write_memory(a[0], t.comm[: _NAME_SIZE - 1].ljust(_NAME_SIZE, b"\0"))
    return 0


def _set_death_signal(t: Task, a: Arguments) -> int:
    if a[0] > SIGNAL_MAX:
        raise LinuxError(Errno.EINVAL)
    t.process.death_signal = a[0]
    return 0


def _get_death_signal(t: Task, a: Arguments) -> int:
    t.write_struct(a[0], "<i", t.process.death_signal)
    return 0


def _set_dumpable(t: Task, a: Arguments) -> int:
    if a[0] > 1:
        raise LinuxError(Errno.EINVAL)
    t.process.dumpable = a[0]
    return 0


def _set_keep_caps(t: Task, a: Arguments) -> int:
    if a[0] > 1:
        raise LinuxError(Errno.EINVAL)
    t.process.keep_caps = a[0]
    return 0


def _read_capability(t: Task, a: Arguments) -> int:
    if a[0] > _LAST_CAPABILITY:
        raise LinuxError(Errno.EINVAL)
    return 1


def _set_slack(t: Task, a: Arguments) -> int:
    t.timer_slack = a[0] or _DEFAULT_SLACK_NS
    return 0


def _set_subreaper(t: Task, a: Arguments) -> int:
    t.process.subreaper = int(bool(a[0]))
    return 0


def _get_subreaper(t: Task, a: Arguments) -> int:
    t.write_struct(a[0], "<i", t.process.subreaper)
    return 0


def _set_no_new_privs(t: Task, a: Arguments) -> int:
    if a != (1, 0, 0, 0):
        raise LinuxError(Errno.EINVAL)
    t.process.no_new_privs = 1
    return 0


def _get_no_new_privs(t: Task, a: Arguments) -> int:
    if any(a):
        raise LinuxError(Errno.EINVAL)
    return t.process.no_new_privs


def _set_thp(t: Task, a: Arguments) -> int:
    if any(a[1:]):
        raise LinuxError(Errno.EINVAL)
    t.process.thp_disable = int(bool(a[0]))
    return 0


def _get_tsc(t: Task, a: Arguments) -> int:
    t.write_struct(a[0], "<i", _TSC_ENABLE)
    return 0


def _get_tid_address(t: Task, a: Arguments) -> int:
    t.write_struct(a[0], "<Q", t.clear_child_tid)
    return 0


def _set_vma_name(t: Task, a: Arguments) -> int:
    raise LinuxError(Errno.EINVAL)  # as without CONFIG_ANON_VMA_NAME


_PRCTL: dict[int, Callable[[Task, Arguments], int]] = {
    Prctl.PR_SET_NAME: _set_name,
    Prctl.PR_GET_NAME: _get_name,
    Prctl.PR_SET_PDEATHSIG: _set_death_signal,
    Prctl.PR_GET_PDEATHSIG: _get_death_signal,
    Prctl.PR_SET_DUMPABLE: _set_dumpable,
    Prctl.PR_GET_DUMPABLE: lambda t, a: t.process.dumpable,
    Prctl.PR_SET_KEEPCAPS: _set_keep_caps,
    Prctl.PR_GET_KEEPCAPS: lambda t, a: t.process.keep_caps,
    Prctl.PR_GET_SECCOMP: lambda t, a: 0,
    Prctl.PR_CAPBSET_READ: _read_capability,
    Prctl.PR_GET_SECUREBITS: lambda t, a: 0,
    Prctl.PR_GET_TSC: _get_tsc,
    Prctl.PR_SET_TIMERSLACK: _set_slack,
    Prctl.PR_GET_TIMERSLACK: lambda t, a: t.timer_slack,
    Prctl.PR_SET_CHILD_SUBREAPER: _set_subreaper,
    Prctl.PR_GET_CHILD_SUBREAPER: _get_subreaper,
    Prctl.PR_SET_NO_NEW_PRIVS: _set_no_new_privs,
    Prctl.PR_GET_NO_NEW_PRIVS: _get_no_new_privs,
    Prctl.PR_GET_TID_ADDRESS: _get_tid_address,
    Prctl.PR_SET_THP_DISABLE: _set_thp,
    Prctl.PR_GET_THP_DISABLE: lambda t, a: t.process.thp_disable,
    Prctl.PR_SET_VMA: _set_vma_name,
}
