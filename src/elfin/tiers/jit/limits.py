"""The greatest value that an integer can have, as far as a block's code shows.

Input:  what registers and variables become, in order.
Output: a bound of a value, read as unsigned.  An index made from a byte, say, is at most 255.
"""

from __future__ import annotations

from elfin.ir.types import I64
from elfin.ir.value import Value
from elfin.records import dataclass, field


@dataclass(slots=True)
class Limits:
    """Bounds of registers, by slot, and of variables; others have that of their type."""

    slots: dict[int, int] = field(default_factory=dict)
    variables: dict[Value, int] = field(default_factory=dict)

    def follow(self) -> Limits:
        """For a block that only comes behind this one: variables are of instructions."""
        return Limits(dict(self.slots))

    def named(self, var: Value, value: Value) -> None:
        self.variables[var] = self.of(value)

    def written(self, slot: int, value: Value) -> None:
        """A general register, or a part of it, got a value."""
        first, limit = slot & ~7, self.of(value)
        if value.type is not I64:  # the rest stays
            top = 8 * (slot - first) + value.type.bits
            limit = (1 << max(top, self.slots.get(first, _most(64)).bit_length())) - 1
        if limit < _most(64):
            self.slots[first] = limit
        else:
            self.slots.pop(first, None)

    def of(self, value: Value) -> int:
        """At most this."""
        most = _most(value.type.bits)
        args = value.args
        match value.op:
            case "const":
                return int(value.imm) & most
            case "local":
                return self.variables.get(value, most)
            case "get":
                return min(most, self.slots.get(value.imm, most))
            case "zext" | "trunc":
                return min(most, self.of(args[0]))
            case "and":
                return min(self.of(args[0]), self.of(args[1]))
            case "or" | "xor":
                bits = max(self.of(args[0]).bit_length(), self.of(args[1]).bit_length())
                return (1 << bits) - 1
            case "add":
                return min(self.of(args[0]) + self.of(args[1]), most)  # it may have wrapped around
            case "mul":
                return min(self.of(args[0]) * self.of(args[1]), most)
            case "shl" if args[1].op == "const":
                return min(self.of(args[0]) << int(args[1].imm) % value.type.bits, most)
            case "lshr" if args[1].op == "const":
                return self.of(args[0]) >> int(args[1].imm) % value.type.bits
            case "select":
                return max(self.of(args[1]), self.of(args[2]))
        return most


def _most(bits: int) -> int:
    return (1 << bits) - 1
