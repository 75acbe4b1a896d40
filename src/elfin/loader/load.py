"""A program into an empty address space, ready to run: images, stack, first registers.

Input:  an `Image` (and that of its interpreter, where it has one), a `Space`, execve's arguments.
Output: an `Entry`.  `LoadError` where Linux would kill the process.  Which file is meant, and
whether it may be executed, the kernel has decided before.
"""

from __future__ import annotations

from elfin.config import PIE_BASE, STACK_SIZE, STACK_TOP
from elfin.errors import LoadError
from elfin.layout import PAGE
from elfin.loader.image import Image, Reader
from elfin.loader.place import PROT_EXEC, PROT_READ, PROT_WRITE, place
from elfin.loader.space import Space
from elfin.loader.stack import Start, build
from elfin.records import dataclass


@dataclass(frozen=True)
class Entry:
    """The state in which a program starts; all other registers are 0. Guest addresses."""

    rip: int
    rsp: int
    brk: int  # where the heap begins, a page boundary
    stack: tuple[int, int]  # first byte and end of the stack's mapping
    auxv: bytes  # as /proc/PID/auxv shows it
    bias: int  # what was added to the addresses in the program's file


def load(
    image: Image,
    read: Reader,
    space: Space,
    start: Start,
    interpreter: tuple[Image, Reader] | None = None,
) -> Entry:
    """Map `image` and what it needs into `space`."""
    placed = place(image, read, space, PIE_BASE)
    entry, base = placed.entry, 0
    if interpreter:
        linker = place(*interpreter, space, None)
        entry, base = linker.entry, linker.bias
    low = STACK_TOP - STACK_SIZE
    if not space.is_free(low, STACK_SIZE):
        low = space.find(STACK_SIZE, PAGE)
    prot = PROT_READ | PROT_WRITE | (PROT_EXEC if image.executable_stack else 0)
    space.map(low, STACK_SIZE, prot, b"[stack]", 0)
    stack = build(image, placed, base, start, low + STACK_SIZE)
    if stack.pointer < low + PAGE:
        raise LoadError(f"its arguments do not fit into the stack of {STACK_SIZE:#x} bytes")
    space.write(stack.pointer, stack.data)
    return Entry(entry, stack.pointer, placed.end, (low, low + STACK_SIZE), stack.auxv, placed.bias)
