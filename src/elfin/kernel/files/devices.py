"""The character devices, by number (admin-guide/devices.txt): memory devices and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.fcntl import MAX_RW_COUNT
from elfin.kernel.abi.stat import make_device
from elfin.kernel.files.file import File
from elfin.layout import FD_EMPTY, FD_SINK, FD_ZEROS

if TYPE_CHECKING:
    from elfin.kernel.files.caller import Caller, World
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.terminals import Terminals

NULL = make_device(1, 3)
ZERO = make_device(1, 5)
FULL = make_device(1, 7)
RANDOM = make_device(1, 8)
URANDOM = make_device(1, 9)
TTY = make_device(5, 0)
PTMX = make_device(5, 2)
FIRST_PTS = make_device(136, 0)

MEMORY_DEVICES = {
    b"null": NULL,
    b"zero": ZERO,
    b"full": FULL,
    b"random": RANDOM,
    b"urandom": URANDOM,
}


QUICK_READ = {NULL: FD_EMPTY, ZERO: FD_ZEROS, FULL: FD_ZEROS}
QUICK_WRITE = {NULL: FD_SINK, ZERO: FD_SINK}


class MemoryDevice(File):
    """null, zero, full, random: no position, always ready."""

    seekable = True

    def __init__(self, world: World, rdev: int, location: Location, flags: int) -> None:
        super().__init__(location, flags)
        self.world = world
        self.rdev = rdev
        if self.readable:
            self.quick = QUICK_READ.get(rdev, 0)
        if self.writable:
            self.quick |= QUICK_WRITE.get(rdev, 0)

    def read(self, n: int) -> bytes:
        n = min(n, MAX_RW_COUNT)
        if self.rdev == NULL:
            return b""
        return self.world.random(n) if self.rdev in {RANDOM, URANDOM} else bytes(n)

    def write(self, data: bytes) -> int:
        if self.rdev == FULL:
            raise LinuxError(Errno.ENOSPC)
        return len(data)

    def pread(self, offset: int, n: int) -> bytes:
        return self.read(n)

    def pwrite(self, offset: int, data: bytes) -> int:
        return self.write(data)

    def seek(self, offset: int, whence: int) -> int:
        return 0

    def map_read(self, offset: int, n: int) -> bytes:
        if self.rdev != ZERO:
            raise LinuxError(Errno.ENODEV)
        return b""

    def map_write(self, offset: int, data: bytes) -> None:
        if self.rdev != ZERO:
            raise LinuxError(Errno.ENODEV)


class Devices:
    """Opens a device by its number."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.terminals: Terminals | None = None  # given by `standard.mount_standard`

    def open(self, caller: Caller, rdev: int, location: Location, flags: int) -> File:
        if rdev in MEMORY_DEVICES.values():
            return MemoryDevice(self.world, rdev, location, flags)
        if self.terminals is None:
            raise LinuxError(Errno.ENXIO)
        if rdev == TTY:
            return self.terminals.open_controlling(caller, location, flags)
        if rdev == PTMX:
            return self.terminals.open_master(caller, location, flags)
        if FIRST_PTS <= rdev < FIRST_PTS + 0x100:
            return self.terminals.open_slave(caller, rdev - FIRST_PTS, location, flags)
        raise LinuxError(Errno.ENXIO)
