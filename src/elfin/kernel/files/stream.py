"""Standard streams that are Python's: bytes to read, a function that takes what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.fcntl import O_RDONLY, O_WRONLY
from elfin.kernel.abi.ioctl import FIONREAD
from elfin.kernel.abi.poll import POLLHUP, READABLE, WRITABLE
from elfin.kernel.abi.stat import S_IFIFO
from elfin.kernel.files.file import File
from elfin.kernel.files.location import Location
from elfin.kernel.files.unnamed import UnnamedNode

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.files.caller import Caller, GuestMemory
    from elfin.kernel.files.vfs import Vfs


class InputStream(File):
    """A pipe that holds bytes and then ends: `input=` of the Python API."""

    def __init__(self, data: bytes, location: Location) -> None:
        super().__init__(location, O_RDONLY)
        self._data = memoryview(data)

    def read(self, n: int) -> bytes:
        data, self._data = bytes(self._data[:n]), self._data[n:]
        return data

    def poll_events(self) -> int:
        return READABLE if self._data else READABLE | POLLHUP

    def ioctl(self, caller: Caller, memory: GuestMemory, request: int, argument: int) -> int:
        if request == FIONREAD:
            memory.write_memory(argument, min(len(self._data), 1 << 30).to_bytes(4, "little"))
            return 0
        return super().ioctl(caller, memory, request, argument)


class OutputStream(File):
    """A pipe whose reader is a Python function: `capture_output=`, or a web page."""

    def __init__(self, sink: Callable[[bytes], object], location: Location) -> None:
        super().__init__(location, O_WRONLY)
        self._sink = sink

    def write(self, data: bytes) -> int:
        self._sink(data)
        return len(data)

    def poll_events(self) -> int:
        return WRITABLE


def pipe_location(vfs: Vfs) -> Location:
    """A place for a stream that looks like a pipe."""
    node = UnnamedNode(vfs.unnamed, S_IFIFO | 0o600, now=vfs.world.wall_ns())
    return Location(vfs.nowhere, node, None, b"pipe:[%d]" % node.ino)
