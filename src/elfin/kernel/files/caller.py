"""What files may ask of whoever makes a call: two protocols, and the world's clock and dice.

The kernel's process and task satisfy them; nothing here imports upwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from elfin.kernel.files.context import FsContext
    from elfin.kernel.files.table import FileTable


class Credentials(Protocol):
    """Who asks: the file-system identity decides what a path may reach (man 7 credentials)."""

    @property
    def uid(self) -> int: ...
    @property
    def gid(self) -> int: ...
    @property
    def fsuid(self) -> int: ...
    @property
    def fsgid(self) -> int: ...
    @property
    def groups(self) -> tuple[int, ...]: ...


class Caller(Protocol):
    """The process on whose behalf a path is walked or a file is opened."""

    @property
    def pid(self) -> int: ...
    @property
    def pgid(self) -> int: ...
    @property
    def sid(self) -> int: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def files(self) -> FileTable: ...
    @property
    def fs(self) -> FsContext: ...


class GuestMemory(Protocol):
    """The guest memory an ioctl reads its argument from and writes its answer to."""

    def read_memory(self, addr: int, n: int) -> bytes: ...
    def write_memory(self, addr: int, data: bytes) -> None: ...


class World(Protocol):
    """The one door through which time and chance come in."""

    def wall_ns(self) -> int: ...
    def monotonic(self) -> float: ...
    def random(self, n: int) -> bytes: ...
