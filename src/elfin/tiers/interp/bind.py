"""Operands bound at run time: the fields of the decode entry that executes.

Input:  a handler variant (`decode.variant`): a form, an operand size, the kind of its ModRM.rm.
Output: `Place`s whose offsets and addresses are read from the entry (`layout.ENTRY_*`).
Memory operands by kind: B base + displacement; X with a scaled index; G also with a segment base and
32-bit addressing; string forms N plain, G with a segment base, A the same with 32-bit addressing.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.bits import M32
from elfin.codegen.state import raw_load, read, read_at
from elfin.decode.variant import SCALE_A32, Variant
from elfin.ir.types import I8, I16, I32, I64, V128, Type
from elfin.ir.value import ZERO64, Value, const, make
from elfin.isa.operand import Operand
from elfin.isa.sem import Imm, Mem, Place, Sem, Slot
from elfin.tiers.interp.frame import ENTRY, field
from elfin.tiers.interp.lower import DIRECT

TYPE: Final[dict[int, Type]] = {8: I8, 16: I16, 32: I32, 64: I64, 128: V128}
FIXED: Final[dict[str, int]] = {
    "AL": layout.RAX, "AX": layout.RAX, "EAX": layout.RAX, "RAX": layout.RAX, "rAX": layout.RAX,
    "CL": layout.RCX, "ECX": layout.RCX, "RCX": layout.RCX, "RBX": layout.RBX,
    "DX": layout.RDX, "EDX": layout.RDX, "RDX": layout.RDX, "XMM0": layout.XMM,
    "ES": layout.SEGMENT, "CS": layout.SEGMENT + 2, "SS": layout.SEGMENT + 4,
    "DS": layout.SEGMENT + 6, "FS": layout.SEGMENT + 8, "GS": layout.SEGMENT + 10,
}  # fmt: skip
REG_FIELD: Final = frozenset({"G", "V", "Z", "S"})
RM_FIELD: Final = frozenset({"E", "R", "W", "U"})
GENERAL: Final = frozenset({"E", "R", "G", "Z", "B"})
BASE_SLOT: Final = {"X": layout.RSI, "Y": layout.RDI, "[rDI]": layout.RDI, "[rBX+AL]": layout.RBX}


class EntryBinder:
    """What `Sem` asks beside the operands, and the operands."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    @property
    def next_rip(self) -> Value:
        length = field(I8, layout.ENTRY_LENGTH)
        return field(I32, layout.ENTRY_PC).zext(I64) + length.zext(I64)

    @property
    def segment(self) -> Value:
        """Base that implicit DS-relative operands are relative to."""
        return ZERO64 if self.variant.kind == "N" else read_at(I64, _slot(layout.ENTRY_V))

    @property
    def address_size(self) -> int:
        """Of implicit operands and counters, in bits."""
        return 32 if self.variant.kind == "A" else 64

    def operands(self, m: Sem) -> list[Place]:
        """The places of the form's operands, in the row's order."""
        return [self._bind(m, operand) for operand in self.variant.form.operands]

    def _bind(self, m: Sem, operand: Operand) -> Place:
        letter, bits = operand.letter, operand.bits(self.variant.size)
        type_ = TYPE.get(bits, I8)  # without a width (LEA, FXSAVE) only the address counts
        if letter in REG_FIELD:
            return Slot(m.let(_slot(layout.ENTRY_R)), type_, letter in GENERAL)
        if letter in RM_FIELD and self.variant.kind == "R":
            return Slot(m.let(_slot(layout.ENTRY_B)), type_, letter in GENERAL)
        if letter in RM_FIELD or letter in ("M", "O"):
            return Mem(m.let(self._address()), type_)
        if letter in BASE_SLOT:
            return Mem(m.let(self._implicit_address(letter)), type_)
        if letter in ("H", "B"):
            return Slot(m.let(_slot(layout.ENTRY_V)), type_, letter in GENERAL)
        if letter == "I":
            if operand.size == "z":
                type_ = TYPE[self.variant.size]  # the entry holds it sign-extended
            return Imm(m.let(raw_load(type_, ENTRY, layout.ENTRY_IMM)))
        if letter == "J":
            return Imm(DIRECT)
        if letter in ("1", "3"):
            return Imm(const(I8, int(letter)))
        return Slot(FIXED[letter], type_, FIXED[letter] < layout.RIP)

    def _address(self) -> Value:
        address = read_at(I64, _slot(layout.ENTRY_B))
        if self.variant.kind in ("X", "G"):
            shift = (field(I8, layout.ENTRY_SCALE) & 3).zext(I64)
            address = address + (read_at(I64, _slot(layout.ENTRY_X)) << shift)
        address = address + field(I64, layout.ENTRY_DISP)
        if self.variant.kind == "G":
            narrow = (field(I8, layout.ENTRY_SCALE) & SCALE_A32).ne(0)
            address = make("select", I64, narrow, address & M32, address)
            address = address + self.segment
        return address

    def _implicit_address(self, letter: str) -> Value:
        address = read(I64, BASE_SLOT[letter])
        if letter == "[rBX+AL]":
            address = address + read(I8, layout.RAX).zext(I64)
        if self.address_size == 32:
            address = address.trunc(I32).zext(I64)
        return address if letter == "Y" else address + self.segment


def _slot(offset: int) -> Value:
    """A u16 field of the entry: an offset in the register file."""
    return field(I16, offset).zext(I32)
