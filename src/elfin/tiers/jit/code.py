"""Decoded code of a guest, read in bulk from the decode cache of its memory.

Input:  a guest address.
Output: `Op`s: the decode entries from there on in line, their fields as constants; and the `Edges` by which
        control went from branch to branch as far as the interpreter saw.
The decoder that fills the entries is the interpreter's, in Wasm: decoding costs Python nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final

from elfin import layout
from elfin.bits import M32
from elfin.decode.variant import FIRST, GOTO, SCALE_A32, VARIANTS, Variant
from elfin.ir.types import I1, I64, Type
from elfin.ir.value import Value, const
from elfin.records import dataclass
from elfin.runtime.memory import GuestMemory
from elfin.tiers.interp.translated import TRANSLATED

_ENTRY = struct.Struct("<HBBIHHHHqQ")
assert _ENTRY.size == layout.ENTRY_SIZE
_EDGES = f"<{1 << layout.EDGES_BITS}Q"  # rows of source and target
Edges = Mapping[int, tuple[int, ...]]  # where branches went, the commonest target first
NO_EDGES: Final[Edges] = {}
RUN_BYTES = 33 * layout.ENTRY_SIZE  # the longest run (core/cache.py) and its GOTO


@dataclass(slots=True, eq=False)
class Op:
    """One decoded instruction: its variant (None: undefined) and `lift.entry.Fields` as constants.  Nothing of it
    changes but what was counted; it is not frozen, which would triple the time to make one."""

    variant: Variant | None
    pc: int
    length: int
    scale: int
    r: int
    b: int
    x: int
    v: int
    disp: int
    imm: int

    @property
    def next(self) -> int:
        """Address of the next instruction in line."""
        return self.pc + self.length

    @property
    def taken(self) -> int:
        """How often a direct branch was taken so far."""
        return self.imm & M32

    def slot(self, field: int) -> int:
        return (self.r, self.b, self.x, self.v)[(field - layout.ENTRY_R) // 2]

    def immediate(self, type_: Type) -> Value:
        return const(type_, self.imm)

    @property
    def displacement(self) -> Value:
        return const(I64, self.disp)

    @property
    def shift(self) -> Value:
        return const(I64, self.scale & 3)

    @property
    def narrow(self) -> Value:
        return const(I1, int(self.scale & SCALE_A32 != 0))

    @property
    def target(self) -> Value:
        return const(I64, self.disp)

    @property
    def rip(self) -> Value:
        return const(I64, self.pc)

    @property
    def next_rip(self) -> Value:
        return const(I64, self.next)


def read_run(memory: GuestMemory, pc: int) -> list[Op]:
    """The instructions in line from `pc` on, decoded if need be; none where they cannot be fetched."""
    entry = memory.exports["find_entry"](pc)
    if entry == 0:
        return []
    size = min(RUN_BYTES, layout.CACHE_LIMIT - entry)
    ops = []
    for fields in _ENTRY.iter_unpack(memory.space.read(entry, size)):
        if fields[0] == TRANSLATED:  # the instruction's own entry is where LINK says
            fields = _ENTRY.unpack(memory.space.read(fields[-1] >> 32, layout.ENTRY_SIZE))
        handler, length, scale, at, r, b, x, v, disp, imm = fields
        if handler == GOTO:
            break
        variant = VARIANTS[handler - FIRST] if handler >= FIRST else None
        ops.append(Op(variant, at, length, scale, r, b, x, v, disp, imm))
    return ops


def read_edges(memory: GuestMemory) -> Edges:
    """The ways that were noted: of indirect branches, and those that translated code lacked."""
    rows = struct.unpack(_EDGES, memory.space.read(layout.EDGES, 8 << layout.EDGES_BITS))
    edges: dict[int, list[int]] = {}
    for row in filter(None, rows):
        edges.setdefault(row & M32, []).append(row >> 32)
    return {source: _by_count(memory, found) for source, found in edges.items()}


def joined(edges: Edges, ways: Iterable[tuple[int, int]]) -> Edges:
    """And further ways, from source to target, behind those that are there."""
    found: dict[int, dict[int, None]] = {}
    for source, target in ways:
        found.setdefault(source, dict.fromkeys(edges.get(source, ())))[target] = None
    return {**edges, **{source: tuple(targets) for source, targets in found.items()}}


def _by_count(memory: GuestMemory, targets: list[int]) -> tuple[int, ...]:
    """The commonest first."""
    if len(targets) > 1:
        targets.sort(key=lambda to: -memory.branch_count(to))
    return tuple(targets)
