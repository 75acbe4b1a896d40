"""Operands of a decode entry: `Place`s over its fields.

Input:  a handler variant (`decode.variant`) and the fields of an entry (`layout.ENTRY_*`), which a tier
        supplies: constants of one entry, or values that read the entry that executes.
Output: places in the row's order, and what `Sem` asks beside them.
Memory operands by kind: B base + displacement; X with a scaled index; G also with a segment base and
32-bit addressing; string forms N plain, G with a segment base, A the same with 32-bit addressing.
"""

from __future__ import annotations

from typing import Final, Protocol

from elfin import layout
from elfin.bits import M32
from elfin.decode.variant import Variant
from elfin.ir.types import I8, I32, I64, Type
from elfin.ir.value import ZERO64, Value, const, make
from elfin.isa.operand import RM_REGISTER, Operand
from elfin.isa.sem import Imm, Mem, Place, Sem, Slot
from elfin.lift.bind import FIXED, TYPE

REG_FIELD: Final = frozenset({"G", "V", "Z", "S"})
RM_FIELD: Final = frozenset({"E", "R", "W", "U"})
VVVV_FIELD: Final = frozenset({"H", "B"})
GENERAL: Final = frozenset({"E", "R", "G", "Z", "B"})
BASE_SLOT: Final = {"X": layout.RSI, "Y": layout.RDI, "[rDI]": layout.RDI, "[rBX+AL]": layout.RBX}


class Fields(Protocol):
    """The fields of a decode entry."""

    def slot(self, field: int) -> int | Value:
        """A slot offset: an int, or an i32 value."""
        ...

    def immediate(self, type_: Type) -> Value:
        """The low bits of the immediate."""
        ...

    @property
    def displacement(self) -> Value: ...  # i64
    @property
    def shift(self) -> Value: ...  # i64, log2 of the scale
    @property
    def narrow(self) -> Value: ...  # i1: 32-bit addressing; G only
    @property
    def target(self) -> Value: ...  # i64, of a direct branch
    @property
    def rip(self) -> Value: ...  # i64
    @property
    def next_rip(self) -> Value: ...  # i64


class EntryBinder:
    """The binder of the tiers that work on decode entries."""

    def __init__(self, variant: Variant, fields: Fields) -> None:
        self.variant = variant
        self.fields = fields
        self._immediates = 0  # bits taken so far

    @property
    def rip(self) -> Value:
        return self.fields.rip

    @property
    def next_rip(self) -> Value:
        return self.fields.next_rip

    @property
    def segment(self) -> Value:
        """Base that implicit DS-relative operands are relative to."""
        return ZERO64 if self.variant.kind not in ("G", "A") else self._get(I64, layout.ENTRY_V)

    @property
    def address_size(self) -> int:
        """Of implicit operands and counters, in bits."""
        return 32 if self.variant.kind == "A" else 64

    def displaced(self, address: Value, by: Value) -> Value:
        """The address of a ModRM operand, moved by some bytes before the segment base is added."""
        if self.variant.kind != "G":
            return address + by
        moved = address - self.segment + by
        return self.fields.narrow.select(moved & M32, moved) + self.segment

    def operands(self, m: Sem) -> list[Place]:
        """The places of the form's operands, in the row's order."""
        return [self._bind(m, operand) for operand in self.variant.form.operands]

    def _bind(self, m: Sem, operand: Operand) -> Place:
        letter, bits = operand.letter, operand.bits(self.variant.size)
        type_ = TYPE.get(bits, I8)  # without a width (LEA, FXSAVE) only the address counts
        if letter in REG_FIELD:
            return self._register(m, layout.ENTRY_R, operand, type_)
        if letter in RM_REGISTER or (letter in RM_FIELD and self.variant.kind == "R"):
            return self._register(m, layout.ENTRY_B, operand, type_)
        if letter in RM_FIELD or letter in ("M", "O"):
            return Mem(m.let(self._address()), type_)
        if letter in BASE_SLOT:
            return Mem(m.let(self._implicit_address(letter)), type_)
        if letter in VVVV_FIELD:
            return self._register(m, layout.ENTRY_V, operand, type_)
        if letter == "I":
            if operand.size == "z":
                type_ = TYPE[self.variant.size]  # the entry holds it sign-extended
            return Imm(self._immediate(m, type_))
        if letter == "J":
            return Imm(self.fields.target)
        if letter == "ST0":
            return Imm(const(I32, 0))
        if letter == "STi":
            number = self.fields.slot(layout.ENTRY_B)
            return Imm(const(I32, number) if isinstance(number, int) else m.let(number))
        if letter in ("1", "3"):
            return Imm(const(I8, int(letter)))
        return Slot(FIXED[letter], type_, FIXED[letter] < layout.RIP)

    def _immediate(self, m: Sem, type_: Type) -> Value:
        """Two of them (ENTER, EXTRQ) come packed, the first lowest.

        Where it is read at run time, it is read once: no store to the register file can change it.
        """
        at = self._immediates
        self._immediates += type_.bits
        if at == 0:
            value = self.fields.immediate(type_)
        else:
            value = (self.fields.immediate(I64) >> at).trunc(type_)
        return value if value.op == "const" else m.let(value)

    def _register(self, m: Sem, field: int, operand: Operand, type_: Type) -> Slot:
        slot = self.fields.slot(field)
        return Slot(
            slot if isinstance(slot, int) else m.let(slot), type_, operand.letter in GENERAL
        )

    def _get(self, type_: Type, field: int) -> Value:
        slot = self.fields.slot(field)
        if slot == layout.ZERO:
            return ZERO64
        return (
            make("get", type_, imm=slot) if isinstance(slot, int) else make("get_at", type_, slot)
        )

    def _address(self) -> Value:
        address = self._get(I64, layout.ENTRY_B)
        if self.variant.kind in ("X", "G"):
            index, shift = self._get(I64, layout.ENTRY_X), self.fields.shift
            address = _plus(address, index if _is_zero(shift) else index << shift)
        address = _plus(address, self.fields.displacement)
        if self.variant.form.has("popm"):
            address = _plus(address, self._popped())
        if self.variant.kind == "G":
            narrow = self.fields.narrow.select(address & M32, address)
            address = narrow + self._get(I64, layout.ENTRY_V)
        return address

    def _popped(self) -> Value:
        """What POP has added to rSP when its operand's address is formed; 0 for other bases."""
        base, size = self.fields.slot(layout.ENTRY_B), const(I64, self.variant.size // 8)
        if isinstance(base, int):
            return size if base == layout.RSP else ZERO64
        return base.eq(layout.RSP).select(size, ZERO64)

    def _implicit_address(self, letter: str) -> Value:
        address = make("get", I64, imm=BASE_SLOT[letter])
        if letter == "[rBX+AL]":
            address = address + make("get", I8, imm=layout.RAX).zext(I64)
        if self.address_size == 32:
            address = address & M32
        return address if letter == "Y" else address + self.segment


def _is_zero(value: Value) -> bool:
    return value.op == "const" and value.imm == 0


def _plus(a: Value, b: Value) -> Value:
    if _is_zero(a):
        return b
    return a if _is_zero(b) else a + b
