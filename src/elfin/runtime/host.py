"""What a Wasm engine must offer: compile a module, make a memory, run instances on it.

Implemented by `hosts/`.  A `Space` is one guest address space: one Wasm memory and the instances
that work on it, freed together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

WASM_PAGE = 65536


class Module(Protocol):
    """A compiled Wasm module of some host."""

    def serialize(self) -> bytes | bytearray:
        """The compiled form, for `Host.load` of the same engine on the same machine."""
        ...


class Space(Protocol):
    """One Wasm memory and its instances."""

    size: int  # bytes of the memory now

    def read(self, offset: int, n: int) -> bytes: ...
    def view(self, offset: int, n: int) -> memoryview | None:
        """These bytes themselves, until the space is closed; None if the host cannot show them."""
        ...

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None: ...
    def fill(self, offset: int, n: int, byte: int) -> None: ...
    def grow(self, size: int) -> None:
        """Make the memory at least `size` bytes long; MemoryError if the engine refuses."""
        ...

    def protect(self, offset: int, n: int, permission: int) -> bool:
        """Let the processor refuse accesses to whole pages of 4 KiB: 1 read, 2 write, 4 execute (as read).

        An access that is refused ends a call with the host's `trap`.  False if the host cannot do it.
        """
        ...

    def instantiate(
        self, module: Module, *, first: int | None = None
    ) -> Mapping[str, Callable[..., int]]:
        """Start a module; its exported functions by name.  If it imports the i32 "first", that is given.

        It may import the memory as "memory", and by name what modules started before exported.
        A module that exports that memory as "memory" may import "clock_time_get" of WASI preview 1
        as well; a host without a quick clock gives a function that answers with an error.
        """
        ...

    def close(self) -> None:
        """Free the memory and the instances; nothing of it may be used afterwards."""
        ...


class Host(Protocol):
    """A Wasm engine.  `name` tells compiled modules of different engines and versions apart.

    `wide`: it has wide arithmetic, which not all have.
    """

    name: str
    wide: bool
    trap: type[Exception]  # what a call raises when translated code makes a refused access

    def refused_address(self, trap: Exception) -> int | None:
        """Offset of the access that `trap` says was refused; None: it trapped for another reason."""
        ...

    def compile(self, wasm: bytes) -> Module:
        """MemoryError if the engine has no room for it."""
        ...

    def load(self, path: str) -> Module | None:
        """A module that `serialize` wrote to a file, or None if this engine cannot take it."""
        ...

    def revive(self, data: bytes) -> Module | None:
        """The same from what `serialize` gave, or from Wasm where that is nothing."""
        ...

    def new_space(self, size: int) -> Space:
        """MemoryError if the engine refuses."""
