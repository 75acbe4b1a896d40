"""A system call is a row over a short function.

Input:  the registers of a task at SYSCALL (rax = number, rdi rsi rdx r10 r8 r9 = arguments).
Output: the call's result, -errno, or a `Wait`.  The row also feeds strace and the reference page.
A row that says `quick` may be answered inside Wasm (`core/quick.py`); the function stays what it means.

An argument is written "name" or "name:kind".  The kind says how the 64-bit register becomes
the value that the function gets, and how strace shows it:

    int fd pid sig     signed 32 bits           long off   signed 64 bits
    uint mode          unsigned 32 bits         UPPERCASE  unsigned 32 bits, names from `names.py`
    ptr size str ...   the register, unchanged  (everything else)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from elfin.kernel.wait import Wait
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.task import Task

Result = int | Wait
Function = Callable[..., Result]

ARGUMENT_REGISTERS = (7, 6, 2, 10, 8, 9)  # rdi rsi rdx r10 r8 r9, by encoding number
Conversion = Callable[[int], int]

_SIGNED_32 = frozenset({"int", "fd", "pid", "sig"})
_SIGNED_64 = frozenset({"long", "off"})
_UNSIGNED_32 = frozenset({"uint", "mode"})


def signed_32(value: int) -> int:
    value &= 0xFFFF_FFFF
    return value - 0x1_0000_0000 if value & 0x8000_0000 else value


def signed_64(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _unsigned_32(value: int) -> int:
    return value & 0xFFFF_FFFF


def _conversion(kind: str) -> Conversion | None:
    if kind in _SIGNED_32:
        return signed_32
    if kind in _SIGNED_64:
        return signed_64
    if kind in _UNSIGNED_32 or kind.isupper():
        return _unsigned_32
    return None


@dataclass(frozen=True)
class Argument:
    """One argument of a row: its name, its kind, and how its register becomes a value."""

    name: str
    kind: str
    convert: Conversion | None  # None: it is the value

    @classmethod
    def parse(cls, text: str) -> Argument:
        name, _, kind = text.partition(":")
        return cls(name, kind or "hex", _conversion(kind))


@dataclass(frozen=True)
class Call:
    """A row: what strace, the reference page and the dispatcher know about one system call."""

    number: int
    name: str
    arguments: tuple[Argument, ...]
    function: Function
    quick: str  # how it may be answered without the kernel: a name of `layout.QUICK`, or ""
    sources: tuple[tuple[int, Conversion | None], ...]  # register and conversion of each argument
    note: str  # what of the call is missing or special; on the reference page

    def __call__(self, task: Task, *values: int) -> Result:
        return self.function(task, *values)

    def values(self, gpr: Sequence[int]) -> list[int]:
        """The arguments as the function wants them, from the general registers."""
        return [
            gpr[register] if convert is None else convert(gpr[register])
            for register, convert in self.sources
        ]


def syscall(
    number: int, name: str, *arguments: str, quick: str = "", note: str = ""
) -> Callable[[Function], Call]:
    """Make a function `(task, *ints) -> int | Wait` a row of the table.

    The family file must be named in `kernel/table.py`.  Failure is `raise LinuxError(Errno.X)`.
    """

    def row(function: Function) -> Call:
        parsed = tuple(map(Argument.parse, arguments))
        sources = tuple(zip(ARGUMENT_REGISTERS, (a.convert for a in parsed), strict=False))
        return Call(number, name, parsed, function, quick, sources, note)

    return row
