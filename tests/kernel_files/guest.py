"""A guest without a processor: a real kernel over a bytearray, calls made one by one.

`Guest.call("openat", AT_FDCWD, b"/tmp/x", O_CREAT)` puts byte strings into guest memory, calls the
row, and gives the result (negative for an error) - or the `Wait`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from elfin.kernel import table
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.call import ARGUMENT_REGISTERS
from elfin.kernel.credentials import Credentials
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.files.proc_fs import ProcFs
from elfin.kernel.files.standard import default_root, mount_standard
from elfin.kernel.files.vfs import Vfs
from elfin.kernel.kernel import Kernel
from elfin.kernel.process import Process
from elfin.kernel.task import Task
from elfin.kernel.wait import Wait
from elfin.kernel.world import HostWorld

SIZE = 4 << 20
STRINGS = 0x1000  # where arguments go
BUFFER = 0x1F2C30  # where answers go; no size or flag looks like it


class FlatMemory:
    """Guest memory that is one bytearray."""

    size_limit = SIZE

    def __init__(self, data: bytearray | None = None) -> None:
        self.data = bytearray(SIZE) if data is None else data

    def read(self, addr, n):
        return bytes(self.data[addr : addr + n])

    def write(self, addr, data):
        self.data[addr : addr + len(data)] = data

    def fill_zero(self, addr, n):
        self.data[addr : addr + n] = bytes(n)

    def protect(self, addr, n, perm):
        pass

    def permission(self, addr):
        return 3

    def clone(self):
        return FlatMemory(bytearray(self.data))

    def close(self):
        pass


@dataclass
class FlatCpu:
    gpr: list[int] = field(default_factory=lambda: [0] * 16)
    rip: int = 0
    rflags: int = 2
    fs_base: int = 0
    gs_base: int = 0

    def copy(self):
        return FlatCpu(list(self.gpr), self.rip, self.rflags, self.fs_base, self.gs_base)

    def reset(self):
        self.gpr = [0] * 16

    def fxsave(self):
        return bytes(512)

    def fxrstor(self, image):
        pass


class FlatHardware:
    hwcap = 0

    def new_memory(self):
        return FlatMemory()

    def new_cpu(self):
        return FlatCpu()


def all_rows():
    return {row.name: row for row in table.CALLS}


class Guest:
    """One process (and its forks) on one kernel."""

    def __init__(self, *, uid=0, gid=0, groups=(), root=None, standard=True, kernel=None):
        if kernel is None:
            world = HostWorld()
            if root is None:
                fs = MemoryFs(world.wall_ns)
                default_root(fs, user=b"user", uid=uid, gid=gid)
                root = fs.root
            vfs = Vfs(world, root)
            kernel = Kernel(FlatHardware(), vfs, world)
            if standard:
                mount_standard(vfs, kernel.terminals, ProcFs(kernel).root)
        self.kernel = kernel
        self.vfs = kernel.vfs
        self.rows = all_rows()
        self.process: Process = kernel.first_process(Credentials.of_user(uid, gid, groups))
        self.task: Task = self.process.tasks[0]
        self.process.address_space.map(STRINGS, SIZE - 0x10000, 3)
        kernel.current = self.process

    @property
    def memory(self):
        return self.task.memory.data

    def raw(self, name, *args):
        """Make a call; byte strings are put into memory, with a NUL after each."""
        at = STRINGS
        values = []
        for arg in args:
            if isinstance(arg, (bytes, bytearray)):
                self.task.memory.write(at, bytes(arg) + b"\0")
                values.append(at)
                at += len(arg) + 1
                at = (at + 7) & ~7
            else:
                values.append(arg & (1 << 64) - 1)
        row = self.rows[name]
        gpr = [0] * 16
        for register, value in zip(ARGUMENT_REGISTERS, values, strict=False):
            gpr[register] = value
        self.kernel.current = self.process
        try:
            return row.function(self.task, *row.values(gpr))
        except LinuxError as error:
            return -error.errno

    def call(self, name, *args):
        """A call that must not wait."""
        result = self.raw(name, *args)
        assert not isinstance(result, Wait), f"{name} waits"
        return result

    def ok(self, name, *args):
        result = self.call(name, *args)
        assert result >= 0, f"{name}{args!r}: {Errno(-result).name}"
        return result

    def fails(self, errno, name, *args):
        result = self.call(name, *args)
        assert result == -errno, f"{name}{args!r} = {result}, not {errno!r}"

    def answer(self, n):
        return bytes(self.memory[BUFFER : BUFFER + n])

    def ints(self, fmt):
        return struct.unpack(fmt, self.answer(struct.calcsize(fmt)))

    # -- shorthands --------------------------------------------------------------------------

    def open(self, path, flags=0, mode=0o644):
        return self.ok("open", path, flags, mode)

    def write_file(self, path, data, mode=0o644):
        fd = self.open(path, 0o1101, mode)
        while data:
            data = data[self.write(fd, data) :]
        self.ok("close", fd)

    def read_file(self, path):
        fd = self.open(path)
        parts = []
        while part := self.read(fd, 1 << 16):
            parts.append(part)
        self.ok("close", fd)
        return b"".join(parts)

    def write(self, fd, data):
        return self.ok("write", fd, data, len(data))

    def read(self, fd, n):
        return self.answer(self.ok("read", fd, BUFFER, n))

    def pipe(self, flags=0):
        self.ok("pipe2", BUFFER, flags)
        return self.ints("<ii")

    def fork(self):
        """Another process with the same files, as fork would make it."""
        other = Guest.__new__(Guest)
        other.__dict__.update(self.__dict__)
        other.process = self.kernel.first_process(self.process.credentials.copy())
        other.task = other.process.tasks[0]
        other.process.address_space.map(STRINGS, SIZE - 0x10000, 3)
        other.process.files = self.process.files.copy()
        other.process.fs = self.process.fs.copy()
        other.process.pgid, other.process.sid = self.process.pgid, self.process.sid
        other.process.parent = self.process
        return other


def pending(result):
    """Whether a call waits and cannot be answered yet."""
    return isinstance(result, Wait) and result.poll() is None
