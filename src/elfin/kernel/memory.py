"""What the kernel is given to stand on: guest memory, registers, and a maker of both.

The runtime implements these over a Wasm memory, tests over a bytearray.  Guest addresses are
plain ints here; all accesses are raw, the memory map (`mm.py`) has checked them.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import Protocol

PAGE_SIZE = 4096
PAGE_MASK = PAGE_SIZE - 1


def page_down(address: int) -> int:
    return address & ~PAGE_MASK


def page_up(address: int) -> int:
    return (address + PAGE_MASK) & ~PAGE_MASK


class Memory(Protocol):
    """One guest address space.  Permissions are Linux's PROT bits: 1 read, 2 write, 4 execute."""

    size_limit: int  # addresses from here on can never be mapped

    def read(self, addr: int, n: int) -> bytes: ...
    def write(self, addr: int, data: bytes) -> None:
        """Store, whatever the permission; drops decoded code that it overwrites."""
        ...

    def fill_zero(self, addr: int, n: int) -> None: ...
    def protect(self, addr: int, n: int, perm: int) -> None:
        """Give whole pages a permission (0 unmaps); drops decoded code on them."""
        ...

    def permission(self, addr: int) -> int: ...
    def clone(self) -> Memory:
        """An independent copy, for fork."""
        ...

    def close(self) -> None: ...


class Cpu(Protocol):
    """The architectural registers of one task, exact between runs of the engine."""

    gpr: MutableSequence[int]  # rax rcx rdx rbx rsp rbp rsi rdi r8..r15, unsigned
    rip: int
    rflags: int
    fs_base: int
    gs_base: int

    def fxsave(self) -> bytes:
        """The 512-byte image of FXSAVE64."""
        ...

    def fxrstor(self, image: bytes) -> None: ...
    def copy(self) -> Cpu: ...
    def reset(self) -> None:
        """All registers as execve leaves them."""
        ...


class Hardware(Protocol):
    """Makes what a new process stands on."""

    hwcap: int  # AT_HWCAP: EDX of CPUID leaf 1

    def new_memory(self) -> Memory: ...
    def new_cpu(self) -> Cpu: ...
