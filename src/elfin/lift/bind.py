"""Operands as constants: the binder of the tiers that know the instruction they translate.

Input:  a decoded instruction.
Output: `Slot`, `Mem` and `Imm` places whose values name fixed offsets of the register file.
Addressing: SDM vol. 1, 3.7.5; segment bases: vol. 1, 3.4.2.1; byte registers: vol. 2, 2.2.1.2.
"""

from __future__ import annotations

from typing import Final, Protocol

from elfin import layout
from elfin.bits import M32, M64, mask
from elfin.decode.record import NO_BASE, NO_INDEX, RIP_BASE
from elfin.ir.types import I8, I16, I32, I64, V128, Type
from elfin.ir.value import ZERO64, Value, const, get
from elfin.isa.operand import Operand
from elfin.isa.row import Form
from elfin.isa.sem import Imm, Mem, Place, Slot

# Operand width -> the type of its place.  Of operands without a width (LEA, FXSAVE) only the address counts.
TYPE: Final[dict[int, Type]] = {8: I8, 16: I16, 32: I32, 64: I64, 128: V128}
FIXED: Final[dict[str, int]] = {
    "AL": layout.RAX, "AX": layout.RAX, "EAX": layout.RAX, "RAX": layout.RAX, "rAX": layout.RAX,
    "CL": layout.RCX, "ECX": layout.RCX, "RCX": layout.RCX, "RBX": layout.RBX,
    "DX": layout.RDX, "EDX": layout.RDX, "RDX": layout.RDX, "XMM0": layout.XMM,
    "ES": layout.SEGMENT, "CS": layout.SEGMENT + 2, "SS": layout.SEGMENT + 4,
    "C": layout.ZERO, "D": layout.ZERO,  # control and debug registers: only their #GP is seen
    "DS": layout.SEGMENT + 6, "FS": layout.SEGMENT + 8, "GS": layout.SEGMENT + 10,
}  # fmt: skip
SEGMENT_BASE: Final = {4: layout.FS_BASE, 5: layout.GS_BASE}


class Decoded(Protocol):
    """What lifting reads of a decoded instruction."""

    @property
    def form(self) -> Form: ...
    @property
    def size(self) -> int: ...  # operand size in bits
    @property
    def address(self) -> int: ...  # where it lies
    @property
    def length(self) -> int: ...
    @property
    def rep(self) -> str: ...  # "", "rep", "repne"
    @property
    def rex(self) -> bool: ...  # a REX prefix is there
    @property
    def address_size(self) -> int: ...
    @property
    def segment(self) -> int: ...  # 4 FS, 5 GS, else without meaning
    @property
    def mod(self) -> int: ...
    @property
    def reg(self) -> int: ...  # ModRM.reg or the register in the opcode
    @property
    def rm(self) -> int: ...
    @property
    def vvvv(self) -> int: ...
    @property
    def base(self) -> int: ...  # NO_BASE, RIP_BASE
    @property
    def index(self) -> int: ...  # NO_INDEX
    @property
    def scale(self) -> int: ...  # log2
    @property
    def displacement(self) -> int: ...
    @property
    def immediate(self) -> int: ...


class StaticBinder:
    """What `Sem` asks beside the operands, and the operands."""

    def __init__(self, insn: Decoded) -> None:
        self.insn = insn
        self._immediates = 0  # taken so far

    @property
    def rip(self) -> Value:
        return const(I64, self.insn.address)

    @property
    def next_rip(self) -> Value:
        return const(I64, self.insn.address + self.insn.length)

    @property
    def segment(self) -> Value:
        """Base that DS-relative operands are relative to."""
        if self.insn.form.has("noseg"):
            return ZERO64
        base = SEGMENT_BASE.get(self.insn.segment)
        return ZERO64 if base is None else get(I64, base)

    @property
    def address_size(self) -> int:
        """Of implicit operands and counters, in bits."""
        return self.insn.address_size

    def displaced(self, address: Value, by: Value) -> Value:
        """The address of a ModRM operand, moved by some bytes before the segment base is added."""
        if self.insn.address_size == 64:
            return address + by
        return self._in_segment(self._narrow(address - self.segment + by))

    def operands(self) -> list[Place]:
        """The places of the form's operands, in the row's order."""
        return [self._bind(operand) for operand in self.insn.form.operands]

    def _bind(self, operand: Operand) -> Place:
        insn = self.insn
        type_ = TYPE.get(operand.bits(insn.size), I8)
        match operand.letter:
            case "G" | "Z":
                return self._general(insn.reg, type_)
            case "E" | "R" if insn.mod == 3:
                return self._general(insn.rm, type_)
            case "W" | "U" if insn.mod == 3:
                return Slot(layout.XMM + 16 * insn.rm, type_)
            case "E" | "W" | "M":
                return Mem(self._address(), type_)
            case "V":
                return Slot(layout.XMM + 16 * insn.reg, type_)
            case "H":
                return Slot(layout.XMM + 16 * insn.vvvv, type_)
            case "B":
                return self._general(insn.vvvv, type_)
            case "S":
                return Slot(layout.SEGMENT + 2 * insn.reg, I16)
            case "O":
                return Mem(self._offset(), type_)
            case "X" | "Y" | "[rDI]" | "[rBX+AL]":
                return Mem(self._implicit(operand.letter), type_)
            case "I":
                return self._immediate(operand)
            case "J":
                return Imm(const(I64, insn.address + insn.length + insn.immediate))
            case "ST0":
                return Imm(const(I32, 0))
            case "STi":
                return Imm(const(I32, insn.rm & 7))
            case "1" | "3":
                return Imm(const(I8, int(operand.letter)))
        offset = FIXED[operand.letter]
        return Slot(offset, type_, gpr=offset < layout.RIP)

    def _general(self, number: int, type_: Type) -> Slot:
        if type_ is I8 and not self.insn.rex and 4 <= number < 8:
            return Slot(layout.GPR + 8 * (number - 4) + 1, I8, gpr=True)  # AH CH DH BH
        return Slot(layout.GPR + 8 * number, type_, gpr=True)

    def _immediate(self, operand: Operand) -> Imm:
        """In the width it is extended to.  Two of them (ENTER, EXTRQ) come packed, the first lowest."""
        bits = self.insn.size if operand.is_sized else operand.bits(self.insn.size)
        at = self._immediates
        self._immediates += bits
        return Imm(const(TYPE[bits], self.insn.immediate >> at))

    def _address(self) -> Value:
        """Base + index * scale + displacement, cut to the address size, plus the segment's base."""
        insn = self.insn
        displacement = insn.displacement
        if insn.base == RIP_BASE:
            displacement += insn.address + insn.length
        value: Value | None = None
        if insn.base not in (NO_BASE, RIP_BASE):
            value = get(I64, layout.GPR + 8 * insn.base)
            if insn.form.has("popm") and insn.base == 4:
                displacement += insn.size // 8  # POP reads rSP after it was raised
        if insn.index != NO_INDEX:
            index = get(I64, layout.GPR + 8 * insn.index)
            if insn.scale:
                index = index << insn.scale
            value = index if value is None else value + index
        if value is None:
            return self._in_segment(const(I64, displacement & mask(insn.address_size)))
        if displacement & M64:
            value = value + displacement
        return self._in_segment(self._narrow(value))

    def _offset(self) -> Value:
        return self._in_segment(const(I64, self.insn.displacement & mask(self.insn.address_size)))

    def _implicit(self, letter: str) -> Value:
        """rSI, rDI or rBX+AL; a segment override does not move Y."""
        base = {"X": layout.RSI, "[rBX+AL]": layout.RBX}.get(letter, layout.RDI)
        value = get(I64, base)
        if letter == "[rBX+AL]":
            value = value + get(I8, layout.RAX).zext(I64)
        value = self._narrow(value)
        return value if letter == "Y" else self._in_segment(value)

    def _narrow(self, address: Value) -> Value:
        return address & M32 if self.insn.address_size == 32 else address

    def _in_segment(self, address: Value) -> Value:
        base = self.segment
        return address if base is ZERO64 else address + base
