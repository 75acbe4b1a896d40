"""What a block knows about addresses: which need no check any more.

Input:  the addresses of accesses and alignment checks, and what happens to registers, in order.
Output: whether an address must be checked, and against what.

In code without exact faults an access only needs its high half looked at: the host's memory protection sees the
rest.  What is `memory.NEAR` a checked address is, modulo 4 GiB, in the same mapping or in none, because
the lowest and the highest pages are never mapped; so one check serves all that is near.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin import layout
from elfin.bits import M32, signed
from elfin.codegen.locals import GPRS_END
from elfin.codegen.memory import NEAR
from elfin.ir.types import I1, I64
from elfin.ir.value import Value, const, local, make
from elfin.isa.stack import POPS, PUSHES
from elfin.records import dataclass, field
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.limits import Limits

if TYPE_CHECKING:
    from elfin.tiers.jit.pages import Span

Place = tuple[Value, int]  # a root, and the distance from it
ALIGNMENT = 16
STACK_ACCESS = PUSHES | POPS | {"leave"}


def split(address: Value) -> tuple[Value, int]:
    """An address without the displacement that is added last, and that; 0 if it is not small."""
    if address.op in ("add", "sub") and address.args[1].op == "const":
        distance = signed(address.args[1].imm, 64)
        if address.op == "sub":
            distance = -distance
        if abs(distance) < NEAR:
            return address.args[0], distance
    return address, 0


@dataclass(slots=True)
class Addresses:
    """`follow` makes the knowledge for a block that only comes behind this one."""

    versions: dict[int, int] = field(default_factory=dict)  # slot -> how often it was written
    places: dict[Value, Place] = field(default_factory=dict)  # what a variable is near to
    slots: dict[int, Place] = field(default_factory=dict)  # what a register is near to
    limits: Limits = field(default_factory=Limits)
    checked: dict[Value, list[int]] = field(default_factory=dict)  # root -> checked distances
    aligned: dict[Value, int] = field(default_factory=dict)  # root -> distance that is aligned
    spans: dict[Value, list[Span]] = field(default_factory=dict)  # root -> what may be accessed

    def follow(self) -> Addresses:
        return Addresses(
            dict(self.versions),
            {},
            {slot: place for slot, place in self.slots.items() if _lasts(place[0])},
            self.limits.follow(),
            {root: [*known] for root, known in self.checked.items() if _lasts(root)},
            {root: known for root, known in self.aligned.items() if _lasts(root)},
            {root: [*known] for root, known in self.spans.items() if _lasts(root)},
        )

    def place(self, value: Value) -> Place:
        """The value as a distance from a root."""
        distance = 0
        while value.op in ("add", "sub") and value.args[1].op == "const":
            by = signed(value.args[1].imm, 64)
            distance += by if value.op == "add" else -by
            value = value.args[0]
        known = self.places.get(value)
        if known is None and value.op == "get":
            known = self.slots.get(value.imm)
        if known is not None:
            return known[0], known[1] + distance
        return self._root(value), distance

    def _root(self, value: Value) -> Value:
        """The value with registers replaced by the number of their version."""
        if value.op == "get":
            slot = value.imm & ~7
            return local(value.type, f"v{value.imm:x}.{self.versions.get(slot, 0)}")
        if not value.args:
            return value
        return make(value.op, value.type, *map(self._root, value.args), imm=value.imm)

    def named(self, var: Value, value: Value) -> None:
        """A variable got a value."""
        if value.type.is_int:
            self.limits.named(var, value)
        if value.type is I64 and value.op in ("add", "sub", "get", "local"):
            self.places[var] = self.place(value)

    def written(self, slot: int, value: Value) -> None:
        """A register got a value."""
        first = slot & ~7
        if value.type is I1:
            self.versions[first] = self.versions.get(first, 0) + 1
            return
        is_whole = value.type is I64
        place = self.place(value) if is_whole else None
        self.versions[first] = self.versions.get(first, 0) + 1
        self.slots.pop(first, None)
        if place is not None and place[0].op == "local" and abs(place[1]) < NEAR:
            self.slots[first] = place
        if first < GPRS_END:
            self.limits.written(slot, value)

    def lost(self) -> None:
        """Registers were changed by something else."""
        self.slots.clear()
        self.limits.slots.clear()
        for slot in self.versions:
            self.versions[slot] += 1
        self.checked.clear()
        self.aligned.clear()
        self.spans.clear()

    def near_checked(self, slot: int) -> None:
        """What the register points to is known to be near to a checked address."""
        root, distance = self.place(make("get", I64, imm=slot))
        self.checked.setdefault(root, []).append(distance)

    def must_check(self, address: Value) -> Value | None:
        """What must be below 4 GiB so that the access is: it, or something near to it; None if nothing near is not
        known to be.  From now on it is."""
        if address.op == "const":
            return address if address.imm >> 32 else None
        base, more = split(address)
        if self.limits.of(base) <= M32 or self._is_near(*self.place(address), 0):
            return None
        base, reach = self.without_index(base)
        root, start = self.place(base)
        if reach and self._is_near(root, start + more, reach):
            return None
        self.checked.setdefault(root, []).append(start)
        return base

    def _is_near(self, root: Value, distance: int, reach: int) -> bool:
        """Is what is so far from a root, or up to `reach` farther, near to something checked?"""
        known = self.checked.get(root, ())
        return any(abs(distance - d) < NEAR and abs(distance + reach - d) < NEAR for d in known)

    def table(self, base: Value) -> tuple[Value, int]:
        """What the base is, or up to how much more."""
        reach = self.limits.of(base)
        return (const(I64, 0), reach) if reach < NEAR else self.without_index(base)

    def without_index(self, address: Value) -> tuple[Value, int]:
        """The address without what is added to it, if that is small, and that is at most how much."""
        if address.op == "add":
            for base, index in (address.args, reversed(address.args)):
                reach = self.limits.of(index)
                if reach < NEAR:
                    return base, reach
        return address, 0

    def must_align(self, address: Value) -> bool:
        """Is it not known to be a multiple of 16?  From now on it is."""
        if address.op == "const":
            return bool(address.imm % ALIGNMENT)
        root, distance = self.place(address)
        known = self.aligned.get(root)
        if known is not None:
            return (distance - known) % ALIGNMENT != 0
        self.aligned[root] = distance
        return True


def _lasts(root: Value) -> bool:
    """Does it mean the same in other blocks?  Variables of instructions do not."""
    if root.op == "local":
        return str(root.imm).startswith("v")
    return all(map(_lasts, root.args))


def on_stack(op: Op) -> bool:
    """Are the instruction's accesses relative to SS?"""
    assert op.variant is not None
    if op.variant.form.mnemonic in STACK_ACCESS:
        return True
    return op.variant.kind in ("B", "X") and op.b in (layout.RSP, layout.RBP)
