"""The texts of /proc that are about the machine (man 5 proc): functions from the kernel to bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.digest import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.kernel import Kernel

TOTAL_KB = 4 << 20  # one guest address space: the most a program can see of memory
_FLAGS = "fpu tsc cx8 cmov fxsr sse sse2 syscall lm constant_tsc nopl cx16"


def uptime(kernel: Kernel) -> bytes:
    up = kernel.monotonic() - kernel.start_ns / 1e9
    return b"%.2f %.2f\n" % (up, up)


def loadavg(kernel: Kernel) -> bytes:
    running = sum(p.state == "R" for p in kernel.processes.values())
    last = max(kernel.processes, default=0)
    return b"0.00 0.00 0.00 %d/%d %d\n" % (max(1, running), len(kernel.processes), last)


def version(kernel: Kernel) -> bytes:
    name = kernel.host_name
    return b"%s version %s (elfin) %s\n" % (name.sysname, name.release, name.version)


def used_kb(kernel: Kernel) -> int:
    spaces = {id(p.address_space): p.address_space for p in kernel.processes.values()}
    return sum(space.mapped for space in spaces.values()) >> 10


def meminfo(kernel: Kernel) -> bytes:
    free = max(0, TOTAL_KB - used_kb(kernel))
    rows = {
        "MemTotal": TOTAL_KB,
        "MemFree": free,
        "MemAvailable": free,
        "Buffers": 0,
        "Cached": 0,
        "SwapCached": 0,
        "Active": TOTAL_KB - free,
        "Inactive": 0,
        "SwapTotal": 0,
        "SwapFree": 0,
        "Dirty": 0,
        "Writeback": 0,
        "Shmem": 0,
        "Slab": 0,
        "CommitLimit": TOTAL_KB,
        "Committed_AS": TOTAL_KB - free,
        "HugePages_Total": None,
    }
    return "".join(
        f"{name}:".ljust(16) + ("0" if kb is None else f"{kb:8} kB") + "\n"
        for name, kb in rows.items()
    ).encode()


def cpuinfo(_: Kernel) -> bytes:
    rows = {
        "processor": "0",
        "vendor_id": "elfin",
        "cpu family": "6",
        "model": "0",
        "model name": "elfin x86-64 interpreter",
        "stepping": "0",
        "cpu MHz": "1000.000",
        "physical id": "0",
        "siblings": "1",
        "core id": "0",
        "cpu cores": "1",
        "fpu": "yes",
        "wp": "yes",
        "flags": _FLAGS,
        "bogomips": "2000.00",
        "clflush size": "64",
        "cache_alignment": "64",
        "address sizes": "32 bits physical, 48 bits virtual",
    }
    return "".join(f"{name:<15} : {value}\n" for name, value in rows.items()).encode() + b"\n"


def stat(kernel: Kernel) -> bytes:
    user = sum(p.total_usage().utime for p in kernel.processes.values()) // 10_000_000
    system = sum(p.total_usage().stime for p in kernel.processes.values()) // 10_000_000
    up = int((kernel.monotonic() - kernel.start_ns / 1e9) * 100)
    times = b"%d 0 %d %d 0 0 0 0 0 0" % (user, system, max(0, up - user - system))
    started = (kernel.boot_wall_ns + kernel.start_ns) // 1_000_000_000
    running = sum(p.state == "R" for p in kernel.processes.values())
    return b"cpu  %s\ncpu0 %s\nintr 0\nctxt 0\nbtime %d\nprocesses %d\n" % (
        times,
        times,
        started,
        max(kernel.processes, default=0),
    ) + b"procs_running %d\nprocs_blocked 0\n" % max(1, running)


def filesystems(_: Kernel) -> bytes:
    return b"".join(b"nodev\t%s\n" % name for name in (b"tmpfs", b"proc", b"devpts", b"overlay"))


def random_uuid(kernel: Kernel) -> bytes:
    return _uuid(kernel.random(16), 4)


def boot_id(kernel: Kernel) -> bytes:
    return _uuid(digest(b"%d" % kernel.boot_wall_ns, 16), 5)


def _uuid(data: bytes, version: int) -> bytes:
    """As text (RFC 4122)."""
    number = int.from_bytes(data, "big") & ~(0xF << 76 | 3 << 62) | version << 76 | 2 << 62
    text = b"%032x" % number
    return b"-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])) + b"\n"


def _is(text: bytes) -> Callable[[Kernel], bytes]:
    return lambda _: text + b"\n"


def _uname(field: str) -> Callable[[Kernel], bytes]:
    """A field of uname's answer."""

    def text(kernel: Kernel) -> bytes:
        value: bytes = getattr(kernel.host_name, field)
        return value + b"\n"

    return text


SYSTEM: dict[bytes, Callable[[Kernel], bytes]] = {
    b"uptime": uptime,
    b"loadavg": loadavg,
    b"version": version,
    b"meminfo": meminfo,
    b"cpuinfo": cpuinfo,
    b"stat": stat,
    b"filesystems": filesystems,
    b"cmdline": _is(b"elfin"),
    b"swaps": _is(b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority"),
    b"devices": _is(
        b"Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/ptmx\n136 pts\n\nBlock devices:"
    ),
    b"partitions": _is(b"major minor  #blocks  name\n"),
}

# Paths below /proc/sys.
SYSCTL: dict[bytes, Callable[[Kernel], bytes]] = {
    b"kernel/ostype": _uname("sysname"),
    b"kernel/osrelease": _uname("release"),
    b"kernel/version": _uname("version"),
    b"kernel/hostname": _uname("nodename"),
    b"kernel/domainname": _uname("domainname"),
    b"kernel/pid_max": _is(b"32768"),
    b"kernel/threads-max": _is(b"4096"),
    b"kernel/ngroups_max": _is(b"65536"),
    b"kernel/cap_last_cap": _is(b"40"),
    b"kernel/randomize_va_space": _is(b"0"),
    b"kernel/shmmax": _is(b"18446744073692774399"),
    b"kernel/random/uuid": random_uuid,
    b"kernel/random/boot_id": boot_id,
    b"kernel/random/entropy_avail": _is(b"256"),
    b"kernel/random/poolsize": _is(b"256"),
    b"vm/overcommit_memory": _is(b"0"),
    b"vm/max_map_count": _is(b"65530"),
    b"vm/mmap_min_addr": _is(b"65536"),
    b"fs/file-max": _is(b"9223372036854775807"),
    b"fs/nr_open": _is(b"1048576"),
    b"fs/pipe-max-size": _is(b"1048576"),
    b"fs/suid_dumpable": _is(b"0"),
}
