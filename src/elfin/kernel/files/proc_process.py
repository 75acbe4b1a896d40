"""The texts of /proc/PID (man 5 proc): each a function from a process to bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.resource import INFINITY, Rlimit
from elfin.kernel.abi.stat import major, minor

if TYPE_CHECKING:
    from elfin.kernel.files.location import Location
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task
    from elfin.kernel.vma import Vma

PAGE = 4096
TICKS = 100  # USER_HZ
_PATH_COLUMN = 73  # where the path stands in a line of maps
_STATES = {"R": "running", "S": "sleeping", "T": "stopped", "Z": "zombie", "D": "disk sleep"}


def path_for(process: Process, location: Location) -> bytes:
    return process.kernel.vfs.path_of(location)


def ticks(nanoseconds: int) -> int:
    return nanoseconds * TICKS // 1_000_000_000


def cmdline(process: Process) -> bytes:
    return b"" if process.zombie else b"".join(arg + b"\0" for arg in process.argv)


def environ(process: Process) -> bytes:
    return b"".join(text + b"\0" for text in process.environ)


def comm(task: Task) -> bytes:
    return task.comm + b"\n"


def auxv(process: Process) -> bytes:
    return process.auxv


def exe(process: Process) -> bytes:
    return path_for(process, process.exe) if process.exe else b""


# -- memory --------------------------------------------------------------------------------


def maps(process: Process) -> bytes:
    return b"".join(_area(process, area) for area in process.address_space.areas)


def _area(process: Process, area: Vma) -> bytes:
    prot = area.prot
    letters = "".join(c if prot & bit else "-" for c, bit in (("r", 1), ("w", 2), ("x", 4)))
    device = inode = 0
    name = area.name
    if area.file is not None:
        stat = area.file.stat()
        device, inode = stat.dev, stat.ino
        name = path_for(process, area.file.location).replace(b"\n", b"\\012")
    kind = "s" if area.shared else "p"
    line = (
        f"{area.start:08x}-{area.end:08x} {letters}{kind} {area.offset:08x} "
        f"{major(device):02x}:{minor(device):02x} {inode} "
    )
    if not name:
        return line.encode() + b"\n"
    return line.ljust(_PATH_COLUMN).encode() + name + b"\n"


def statm(process: Process) -> bytes:
    space = process.address_space
    text = sum(a.end - a.start for a in space.areas if a.prot & 4) // PAGE
    data = sum(a.end - a.start for a in space.areas if a.prot & 2 and not a.shared) // PAGE
    size = space.mapped // PAGE
    return b"%d %d %d %d 0 %d 0\n" % (size, size, 0, text, data)


# -- stat and status -----------------------------------------------------------------------


def stat(process: Process, task: Task) -> bytes:
    """One line of 52 numbers; what elfin does not count is 0."""
    space, usage, kernel = process.address_space, process.total_usage(), process.kernel
    children = process.children_usage
    terminal = kernel.terminals.of_session(process.sid)
    codes = [a for a in space.areas if a.prot & 4]
    fields = [
        process.ppid,
        process.pgid,
        process.sid,
        kernel.terminals.device_of(terminal) if terminal else 0,
        terminal.foreground if terminal else -1,
        0,  # flags
        *(0, 0, 0, 0),  # page faults
        ticks(usage.utime),
        ticks(usage.stime),
        ticks(children.utime),
        ticks(children.stime),
        20 + process.nice,
        process.nice,
        len(process.tasks),
        0,
        int(process.start_time * TICKS),
        space.mapped,
        space.mapped // PAGE,
        INFINITY,
        codes[0].start if codes else 0,
        codes[0].end if codes else 0,
        space.start_stack,
        *(0, 0),  # esp, eip: 0 unless the process is ending
        *(0, 0, 0, 0),  # signals: see status
        0,
        *(0, 0),
        process.exit_signal,
        *(0, 0, 0, 0, 0, 0),
        *(0, 0, space.brk_start),
        *space.arguments,
        *space.environment,
        process.exit_status or 0,
    ]
    numbers = " ".join(map(str, fields))
    return b"%d (%s) %s %s\n" % (task.tid, task.comm, process.state.encode(), numbers.encode())


def status(process: Process, task: Task) -> bytes:
    who, space = process.credentials, process.address_space
    state = process.state
    pages = space.mapped // 1024
    ignored = sum(1 << n - 1 for n, a in process.signal_actions.items() if a.handler == 1)
    caught = sum(1 << n - 1 for n, a in process.signal_actions.items() if a.handler > 1)
    capabilities = (1 << 41) - 1 if who.euid == 0 else 0
    rows: list[tuple[str, str]] = [
        ("Umask", f"{process.fs.umask:04o}"),
        ("State", f"{state} ({_STATES.get(state, 'running')})"),
        ("Tgid", f"{process.pid}"),
        ("Ngid", "0"),
        ("Pid", f"{task.tid}"),
        ("PPid", f"{process.ppid}"),
        ("TracerPid", "0"),
        ("Uid", f"{who.uid}\t{who.euid}\t{who.suid}\t{who.fsuid}"),
        ("Gid", f"{who.gid}\t{who.egid}\t{who.sgid}\t{who.fsgid}"),
        ("FDSize", f"{max(64, len(process.files))}"),
        ("Groups", "".join(f"{g} " for g in who.groups)),
        ("VmPeak", f"{space.peak // 1024:8} kB"),
        ("VmSize", f"{pages:8} kB"),
        ("VmHWM", f"{space.peak // 1024:8} kB"),
        ("VmRSS", f"{pages:8} kB"),
        ("Threads", f"{len(process.tasks)}"),
        ("SigPnd", f"{task.pending.mask:016x}"),
        ("ShdPnd", f"{process.pending.mask:016x}"),
        ("SigBlk", f"{task.mask:016x}"),
        ("SigIgn", f"{ignored:016x}"),
        ("SigCgt", f"{caught:016x}"),
        ("CapInh", f"{0:016x}"),
        ("CapPrm", f"{capabilities:016x}"),
        ("CapEff", f"{capabilities:016x}"),
        ("CapBnd", f"{(1 << 41) - 1:016x}"),
        ("CapAmb", f"{0:016x}"),
        ("NoNewPrivs", f"{process.no_new_privs}"),
        ("Seccomp", "0"),
        ("Cpus_allowed", "1"),
        ("Cpus_allowed_list", "0"),
        ("voluntary_ctxt_switches", f"{process.usage.waits}"),
        ("nonvoluntary_ctxt_switches", f"{process.usage.preemptions}"),
    ]
    text = "".join(f"{name}:\t{value}\n" for name, value in rows)
    return b"Name:\t%s\n" % task.comm + text.encode()


_LIMITS = (
    ("Max cpu time", Rlimit.RLIMIT_CPU, "seconds"),
    ("Max file size", Rlimit.RLIMIT_FSIZE, "bytes"),
    ("Max data size", Rlimit.RLIMIT_DATA, "bytes"),
    ("Max stack size", Rlimit.RLIMIT_STACK, "bytes"),
    ("Max core file size", Rlimit.RLIMIT_CORE, "bytes"),
    ("Max resident set", Rlimit.RLIMIT_RSS, "bytes"),
    ("Max processes", Rlimit.RLIMIT_NPROC, "processes"),
    ("Max open files", Rlimit.RLIMIT_NOFILE, "files"),
    ("Max locked memory", Rlimit.RLIMIT_MEMLOCK, "bytes"),
    ("Max address space", Rlimit.RLIMIT_AS, "bytes"),
    ("Max file locks", Rlimit.RLIMIT_LOCKS, "locks"),
    ("Max pending signals", Rlimit.RLIMIT_SIGPENDING, "signals"),
    ("Max msgqueue size", Rlimit.RLIMIT_MSGQUEUE, "bytes"),
    ("Max nice priority", Rlimit.RLIMIT_NICE, ""),
    ("Max realtime priority", Rlimit.RLIMIT_RTPRIO, ""),
    ("Max realtime timeout", Rlimit.RLIMIT_RTTIME, "us"),
)


def limits(process: Process) -> bytes:
    def shown(value: int) -> str:
        return "unlimited" if value == INFINITY else str(value)

    lines = [f"{'Limit':25} {'Soft Limit':20} {'Hard Limit':20} {'Units':10}\n"]
    for name, which, unit in _LIMITS:
        soft, hard = process.limits[which]
        lines.append(f"{name:25} {shown(soft):20} {shown(hard):20} {unit:10}\n")
    return "".join(lines).encode()


# -- mounts --------------------------------------------------------------------------------


def _escape(path: bytes) -> bytes:
    for char in b"\\ \t\n":
        path = path.replace(bytes((char,)), b"\\%03o" % char)
    return path


def _mounts(process: Process) -> list[tuple[bytes, bytes, bytes, bytes, int, int, int]]:
    """Where, what, kind, options, id, parent's id, device of every mount below the root."""
    vfs = process.kernel.vfs
    found = []
    for mount in vfs.mounts():
        where = vfs.path_of(mount.point) if mount.point else b"/"
        read_only = mount.read_only or mount.root.fs.read_only
        options = (b"ro" if read_only else b"rw") + b",relatime"
        parent = mount.parent.id if mount.parent else 0
        device = mount.root.fs.device
        source = _escape(mount.source)
        found.append((_escape(where), source, mount.kind, options, mount.id, parent, device))
    return found


def mounts(process: Process) -> bytes:
    return b"".join(
        b"%s %s %s %s 0 0\n" % (source, where, kind, options)
        for where, source, kind, options, *_ in _mounts(process)
    )


def mountinfo(process: Process) -> bytes:
    return b"".join(
        b"%d %d %d:%d / %s %s - %s %s %s\n"
        % (ident, parent, major(dev), minor(dev), where, options, kind, source, options[:2])
        for where, source, kind, options, ident, parent, dev in _mounts(process)
    )


def file_info(process: Process, fd: int) -> bytes:
    """/proc/PID/fdinfo/N."""
    file = process.files.find(fd)
    if file is None:
        return b""
    flags = file.flags | (0o2000000 if process.files.is_cloexec(fd) else 0)
    where = file.location
    return b"pos:\t%d\nflags:\t0%o\nmnt_id:\t%d\nino:\t%d\n" % (
        file.position,
        flags,
        where.mount.id,
        where.node.ino,
    )
