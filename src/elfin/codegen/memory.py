"""The memory policies: what stands before a guest access so that it faults as on Linux.

Input:  a guest address (an i64 that is evaluated once), a width, load or store.
Output: statements that leave to a label when the access must fault; the raw access that follows.

`page` reads the page's permission byte.  Its fast path covers accesses inside one page of guest
memory that allow the access and hold no decoded code; everything else asks the core function
`guest_check`, which allows it or writes the fault.
Where the host's memory protection sees the rest (`runtime.memory`, guarded), all that is left to do is
`tiers.jit.wild`.
"""

from __future__ import annotations

from collections.abc import Sequence

from elfin import layout
from elfin.codegen.state import raw_load
from elfin.ir.stmt import Block, Br, If, Let, RawStore, Stmt
from elfin.ir.types import I8, I32, Type
from elfin.ir.value import Value, const, local, make

PAGE_SHIFT = 12
# What is this near to a checked address is, modulo 4 GiB, in the same mapping or in none: the pages below
# MMAP_MIN and above GUEST_LIMIT are never mapped.
NEAR = 1 << 14
ALLOWED = local(I32, "allowed")


def check_page(
    address: Value,
    size: int,
    *,
    write: bool,
    refused: list[Stmt],
    asked: Sequence[Stmt] = (),
) -> list[Stmt]:
    """Leave by `refused` unless `size` bytes at `address` (a local) may be read or written.

    The list itself is kept: the translator adds the jump to the way out when it knows it.
    `asked` runs where the slow path had to ask and the access was allowed.
    """
    need = layout.PAGE_W if write else layout.PAGE_R
    page = (address >> PAGE_SHIFT).trunc(I32)
    permission = raw_load(I8, page, layout.PAGES).zext(I32)
    slow = (permission & need).eq(0)
    if size > 1:
        in_page = address.trunc(I32) & (layout.PAGE - 1)
        slow = slow | const(I32, layout.PAGE - size).ltu(in_page)
    allowed = make(
        "call", I32, address, const(I32, size), const(I32, int(write)), imm="guest_check"
    )
    return [
        Block(
            "allowed",
            [
                Block(
                    "slow",
                    [
                        If(
                            const(address.type, layout.GUEST_LIMIT - size).ltu(address),
                            [Br("slow")],
                            rare=True,
                        ),
                        If(slow, [Br("slow")], rare=True),
                        Br("allowed"),
                    ],
                ),
                Let(ALLOWED, allowed),
                If(ALLOWED.eq(0), refused, rare=True),
                *asked,
            ],
        )
    ]


def load(type_: Type, address: Value) -> Value:
    """The raw access after a check."""
    return raw_load(type_, address.trunc(I32), layout.GUEST_BASE)


def store(address: Value, value: Value) -> Stmt:
    """The raw access after a check."""
    return RawStore(address.trunc(I32), layout.GUEST_BASE, value, value.type.bits)
