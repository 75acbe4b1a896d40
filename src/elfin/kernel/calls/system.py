"""The machine as a whole: its name, its load, its random numbers (man 2 uname, sysinfo)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.call import syscall
from elfin.kernel.calls.moment import NS
from elfin.kernel.task import MAX_BYTES

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_NAME_SIZE = 65
_GRND_KNOWN = 7  # NONBLOCK RANDOM INSECURE
_GRND_RANDOM_INSECURE = 6
_CHUNK = 1 << 20


@syscall(63, "uname", "buf:ptr")
def uname(t: Task, buf: int) -> int:
    host = t.kernel.host_name
    names = (host.sysname, host.nodename, host.release, host.version, host.machine, host.domainname)
    t.write_memory(buf, b"".join(name[: _NAME_SIZE - 1].ljust(_NAME_SIZE, b"\0") for name in names))
    return 0


@syscall(170, "sethostname", "name:in", "length:int")
def sethostname(t: Task, name: int, length: int) -> int:
    t.kernel.host_name.nodename = _read_name(t, name, length)
    return 0


@syscall(171, "setdomainname", "name:in", "length:int")
def setdomainname(t: Task, name: int, length: int) -> int:
    t.kernel.host_name.domainname = _read_name(t, name, length)
    return 0


def _read_name(t: Task, at: int, length: int) -> bytes:
    if not t.process.credentials.privileged:
        raise LinuxError(Errno.EPERM)
    if not 0 <= length < _NAME_SIZE:
        raise LinuxError(Errno.EINVAL)
    return t.read_memory(at, length)


@syscall(99, "sysinfo", "info:ptr")
def sysinfo(t: Task, info: int) -> int:
    kernel = t.kernel
    total = t.memory.size_limit
    used = sum(
        {p.address_space: p.address_space.mapped for p in kernel.processes.values()}.values()
    )
    uptime = kernel.now_ns() // NS
    fields = struct.pack(
        "<4q6QH6xQQI4x",
        *(uptime, 0, 0, 0),
        *(total, max(0, total - used), 0, 0, 0, 0),
        len(kernel.processes),
        *(0, 0, 1),
    )
    t.write_memory(info, fields)
    return 0


@syscall(318, "getrandom", "buf:ptr", "count:size", "flags:hex")
def getrandom(t: Task, buf: int, count: int, flags: int) -> int:
    both = flags & _GRND_RANDOM_INSECURE == _GRND_RANDOM_INSECURE
    if flags & 0xFFFF_FFFF & ~_GRND_KNOWN or both:
        raise LinuxError(Errno.EINVAL)
    count = min(count, MAX_BYTES)
    t.check_write(buf, count)
    for done in range(0, count, _CHUNK):
        t.write_memory(buf + done, t.random(min(_CHUNK, count - done)))
    return count


@syscall(135, "personality", "persona:hex", note="remembered; READ_IMPLIES_EXEC has no effect")
def personality(t: Task, persona: int) -> int:
    before = t.process.personality
    if persona & 0xFFFF_FFFF != 0xFFFF_FFFF:
        t.process.personality = persona & 0xFFFF_FFFF
    return before


@syscall(103, "syslog", "type:int", "buf:ptr", "length:int", note="the kernel's log is empty")
def syslog(t: Task, kind: int, buf: int, length: int) -> int:
    if not t.process.credentials.privileged:
        raise LinuxError(Errno.EPERM)
    if not 0 <= kind <= 10 or (kind in {2, 3, 4} and (not buf or length < 0)):
        raise LinuxError(Errno.EINVAL)
    return 0


@syscall(169, "reboot", "magic:hex", "magic2:hex", "command:hex", "arg:ptr", note="EPERM")
def reboot(t: Task, magic: int, magic2: int, command: int, arg: int) -> int:
    raise LinuxError(Errno.EPERM)


@syscall(153, "vhangup", note="EPERM")
def vhangup(t: Task) -> int:
    raise LinuxError(Errno.EPERM)
