"""Operands as constants: the binder of the tiers that know the instruction they translate.

Input:  register numbers, displacements and immediates of one decoded instruction.
Output: `Slot`, `Mem` and `Imm` places whose values name fixed offsets of the register file.
Addressing: SDM vol. 1, 3.7.5; segment bases: vol. 1, 3.4.2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from elfin import layout
from elfin.ir.types import I32, I64, V128, Type
from elfin.ir.value import Value, const, get
from elfin.isa.sem import Mem, Slot


@dataclass(frozen=True, slots=True)
class Address:
    """A memory operand as encoded.  `rip` marks an address relative to the next instruction."""

    base: int | None = None
    index: int | None = None
    scale: int = 0  # log2
    displacement: int = 0
    bits: int = 64  # address size
    segment: int | None = None  # slot of the base to add: layout.FS_BASE or GS_BASE
    rip: bool = False


def gpr(number: int, type_: Type, *, high_byte: bool = False) -> Slot:
    """A general register, or its low part; `high_byte`: AH CH DH BH as number 0..3."""
    return Slot(layout.GPR + 8 * number + high_byte, type_, gpr=True)


def xmm(number: int, type_: Type = V128) -> Slot:
    """A vector register, or its low lane."""
    return Slot(layout.XMM + 16 * number, type_)


def memory(address: Address, type_: Type, next_rip: int) -> Mem:
    return Mem(effective_address(address, next_rip), type_)


def effective_address(address: Address, next_rip: int) -> Value:
    """Base + index * scale + displacement, cut to the address size, plus the segment's base."""
    constant = address.displacement + (next_rip if address.rip else 0)
    value: Value | None = None
    if address.base is not None:
        value = get(I64, layout.GPR + 8 * address.base)
    if address.index is not None:
        index = get(I64, layout.GPR + 8 * address.index)
        if address.scale:
            index = index << address.scale
        value = index if value is None else value + index
    if value is None:
        value = const(I64, constant & (1 << address.bits) - 1)
    else:
        if constant:
            value = value + constant
        if address.bits == 32:
            value = value.trunc(I32).zext(I64)
    if address.segment is not None:
        value = value + get(I64, address.segment)
    return value


@dataclass(frozen=True, slots=True)
class StaticBinder:
    """What `Sem` asks of a tier beside the operands."""

    next_address: int

    @property
    def next_rip(self) -> Value:
        return const(I64, self.next_address)
