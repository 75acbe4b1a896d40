"""The operands of a decoded instruction, with the registers' names.

Input:  `Insn`.
Output: `operands(insn)`, one for each operand of the row, in the row's order.  For people and for checks against
        other decoders; lift binds operands to places itself.
"""

from __future__ import annotations

from typing import TypeAlias

from elfin.bits import mask
from elfin.decode import record as r
from elfin.decode.insn import Insn
from elfin.isa.operand import FIXED, Operand
from elfin.isa.registers import GENERAL, SEGMENTS, general, vector
from elfin.records import dataclass


@dataclass(frozen=True, slots=True)
class Register:
    name: str


@dataclass(frozen=True, slots=True)
class Memory:
    """`bits` is 0 where the operand has no size; with `broadcast` it is the element's.  `base` and `index` are
    register names or ""; RIP-relative operands have the base "rip" and the address itself as displacement."""

    segment: str
    base: str
    index: str
    scale: int  # 1, 2, 4, 8
    displacement: int
    bits: int
    broadcast: bool = False


@dataclass(frozen=True, slots=True)
class Immediate:
    value: int  # the pattern, `bits` wide
    bits: int


@dataclass(frozen=True, slots=True)
class Target:
    address: int


Resolved: TypeAlias = Register | Memory | Immediate | Target


def operands(insn: Insn) -> tuple[Resolved, ...]:
    """In the order of the row."""
    immediates = 0
    out: list[Resolved] = []
    for o in insn.form.operands:
        if o.letter == "I":
            out.append(_immediate(insn, o, immediates))
            immediates += 1
        else:
            out.append(_operand(insn, o))
    return tuple(out)


def _immediate(insn: Insn, o: Operand, nth: int) -> Immediate:
    value = insn.immediate
    if insn.form.has("is4"):  # beside the register in the high half of the byte
        return Immediate(value & 15, 8)
    if nth == 1:
        value >>= insn.form.operands[-2].bits(insn.size)
    bits = insn.size if o.size == "z" else o.bits(insn.size)
    return Immediate(value & mask(bits), bits)


def _operand(insn: Insn, o: Operand) -> Resolved:
    letter = o.letter
    if letter in FIXED:
        return _fixed(insn, letter)
    if letter == "O" or (o.is_rm and insn.mod != 3):
        return _memory(insn, o)
    if letter in ("X", "Y", "[rDI]", "[rBX+AL]"):
        return _implied(insn, o)
    if letter == "J":
        return Target(insn.target)
    return Register(_register(insn, o))


def _register(insn: Insn, o: Operand) -> str:
    reg, rm, vvvv = insn.reg, insn.rm, insn.vvvv
    bits = o.bits(insn.size, insn.vector)
    match o.letter:
        case "G" | "Z":
            return general(reg, bits or insn.size, insn.rex)
        case "E" | "R":
            return general(rm & 15, o.bits(insn.size) or insn.size, insn.rex)
        case "B":
            return general(vvvv & 15, bits)
        case "V":
            return vector(reg, bits)
        case "W" | "U":
            return vector(rm, bits)
        case "H":
            return vector(vvvv, bits)
        case "L":
            return vector(insn.immediate >> 4 & 15, bits)
        case "P":
            return f"mm{reg & 7}"
        case "Q" | "N":
            return f"mm{rm & 7}"
        case "S":
            return SEGMENTS[reg]
        case "C":
            return f"cr{reg}"
        case "D":
            return f"dr{reg}"
        case "Kr":
            return f"k{reg}"
        case "Km" | "Kn":
            return f"k{rm & 7}"
        case "Kv":
            return f"k{vvvv}"
        case "Tr":
            return f"tmm{reg}"
        case "Tm":
            return f"tmm{rm}"
        case "Tv":
            return f"tmm{vvvv}"
    raise AssertionError(f"no register operand: {o}")


def _fixed(insn: Insn, word: str) -> Resolved:
    match word:
        case "1" | "3":
            return Immediate(int(word), 8)
        case "rAX":
            return Register(general(0, insn.size))
        case "ST0":
            return Register("st0")
        case "STi":
            return Register(f"st{insn.rm & 7}")
    return Register(word.lower())


def _segment(insn: Insn) -> str:
    return SEGMENTS[insn.segment] if insn.segment else ""


def _memory(insn: Insn, o: Operand) -> Memory:
    names = GENERAL[insn.address_size]
    displacement = insn.displacement
    if insn.base == r.RIP_BASE:
        base = "rip" if insn.address_size == 64 else "eip"
        displacement = (displacement + insn.next) & mask(insn.address_size)
    else:
        base = "" if insn.base == r.NO_BASE else names[insn.base]
    index = ""
    if insn.index != r.NO_INDEX:
        index = names[insn.index] if not insn.form.has("vsib") else _vsib(insn)
    bits = o.bits(insn.size, insn.vector)
    if insn.broadcast:
        bits = next(n for n in (16, 32, 64) if insn.form.has(f"b{n}"))
    return Memory(_segment(insn), base, index, 1 << insn.scale, displacement, bits, insn.broadcast)


def _vsib(insn: Insn) -> str:
    width = Operand("M", insn.form.attributes["vsib"])
    return vector(insn.index, width.bits(insn.size, insn.vector))


def _implied(insn: Insn, o: Operand) -> Memory:
    """Memory that the encoding does not spell out."""
    base = {"X": 6, "Y": 7, "[rDI]": 7, "[rBX+AL]": 3}[o.letter]
    segment = "" if o.letter == "Y" else _segment(insn)
    index = "al" if o.letter == "[rBX+AL]" else ""
    name = GENERAL[insn.address_size][base]
    return Memory(segment, name, index, 1, 0, o.bits(insn.size, insn.vector))
