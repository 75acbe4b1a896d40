"""Permissions of pages in code without exact faults, where the host has no memory protection: looked at before
memory is accessed.  Who is refused dies: no state is kept up for that, unlike in exact code.

Input:  the accesses of a block, each as a distance from a root (`access.py`).
Output: statements that leave to DENIED.

Accesses near to each other are one span: where its first and its last byte are allowed all is, because it is not
longer than a page.  What is checked is known at the end of a span, what it is checked by stands at its beginning:
all of a span is accessed, or something else ends the run.
"""

from __future__ import annotations

from collections.abc import Iterator

from elfin import layout
from elfin.codegen.memory import PAGE_SHIFT
from elfin.codegen.raw_memory import SUMS, narrowed
from elfin.codegen.state import raw_load
from elfin.ir.stmt import Br, Group, If, Let, Stmt
from elfin.ir.types import I8, I32, I64
from elfin.ir.value import Value, const, local
from elfin.records import dataclass, field
from elfin.tiers.jit.access import ALIGNMENT, Addresses

DENIED = "denied"  # label around the whole function
STACK_ALIGNMENT = 8
STACK = f"v{layout.RSP:x}."
ABSOLUTE = const(I64, 0)  # the root of constant addresses

Table = tuple[Value, int]  # a value over locals, and how much more there may be


@dataclass(slots=True, eq=False)
class Span:
    """`low` to `high` may be read, `first` to `last` may be written: distances from a root, of which the local
    `base` is at distance `at`.  `table`: the base is that, or up to `reach` more."""

    base: Value
    at: int
    table: Value
    reach: int
    low: int
    high: int
    first: int = 0
    last: int = 0
    is_open: bool = True
    known: tuple[int, int] = (0, 1)  # it is a multiple of the second at the first
    body: list[Stmt] = field(default_factory=list)  # looks at the permissions

    def covers(self, start: int, end: int, write: bool) -> bool:
        if write:
            return self.first <= start and end <= self.last
        return self.low <= start and end <= self.high

    def extend(self, start: int, end: int, write: bool) -> bool:
        """False if it would be too long then."""
        low, high = min(self.low, start), max(self.high, end)
        if not self.is_open or high - low > layout.PAGE:
            return False
        self.low, self.high = low, high
        if write:
            is_first = self.first == self.last
            self.first = start if is_first else min(self.first, start)
            self.last = end if is_first else max(self.last, end)
        return True

    def close(self, known: tuple[int, int]) -> None:
        """Nothing is added any more; `known`: it is a multiple of the second at the first."""
        self.is_open = False
        self.known = known
        self.body += [If(when, [Br(DENIED)], rare=True) for when in self.refused(self.base)]

    def refused(self, base: Value) -> list[Value]:
        """What says that something is not allowed, with the base there."""
        distance, unit = self.known
        found: dict[int, Value] = {}  # by the bit that is needed: all permissions ANDed
        seen = set()
        for at, write in self._ends():
            piece = (at - distance) // unit
            if (piece, write) in seen:
                continue
            seen.add((piece, write))
            near = base if at == self.at else base + (at - self.at)
            permission = raw_load(I8, near >> PAGE_SHIFT, layout.PAGES).zext(I32)
            need = layout.PAGE_W if write else layout.PAGE_R
            found[need] = found[need] & permission if need in found else permission
        return [(allowed & need).eq(0) for need, allowed in found.items()]

    def _ends(self) -> Iterator[tuple[int, bool]]:
        if self.first < self.last:
            yield self.first, True
            yield self.last - 1, True
        for at in (self.low, self.high - 1):
            if not self.first <= at < self.last:
                yield at, False


def low_half(value: Value) -> Value:
    return narrowed(value) if value.op in SUMS else value.trunc(I32)


@dataclass(slots=True)
class Pages:
    """The accesses of one block."""

    addresses: Addresses
    out: list[Stmt]
    spans: dict[int, Span]  # by the identity of what looks at their permissions
    _open: dict[Span, Value] = field(default_factory=dict)
    _count: int = 0

    def access(
        self, address: Value, base: Value, formed: Value, table: Table, size: int, write: bool
    ) -> Value:
        """`size` bytes at `address` are accessed; `base`, of which `formed` is the value over locals, is near; it is in
        the `table`.  The result is `formed` as an i32."""
        near = low_half(formed)
        if address.op == "const":
            root, start, at, near_root = ABSOLUTE, address.imm, 0, const(I32, 0)
            table = ABSOLUTE, 0
        else:
            root, start = self.addresses.place(address)
            at, near_root = self.addresses.place(base)[1], near
        spans = self.addresses.spans.setdefault(root, [])
        end = start + size
        if any(span.covers(start, end, write) for span in spans):
            return near
        if any(span.extend(start, end, write) for span in spans):
            return near
        if near_root is near and formed.op != "local":
            near = near_root = local(I32, f"near{self._count}")
            self._count += 1
            self.out.append(Let(near, low_half(formed)))
        span = Span(near_root, at, *table, start, end, *((start, end) if write else ()))
        spans.append(span)
        self._open[span] = root
        self.spans[id(span.body)] = span
        self.out.append(Group("pages", span.body))
        return near

    def close(self) -> None:
        """What comes next may not happen."""
        for span, root in self._open.items():
            span.close(self._alignment(root))
        self._open.clear()

    def _alignment(self, root: Value) -> tuple[int, int]:
        known = self.addresses.aligned.get(root)
        if known is not None:
            return known, ALIGNMENT
        if root.op == "local" and str(root.imm).startswith(STACK):
            return 0, STACK_ALIGNMENT  # if RSP is not, a page's end is overlooked
        return 0, STACK_ALIGNMENT if root is ABSOLUTE else 1
