"""A decoded instruction as a line of assembly, Intel's order of operands.

Input:  an `Insn` and a function that names addresses.  Output: text for people; nothing reads it back.
"""

from __future__ import annotations

from collections.abc import Callable

from elfin.decode.insn import Insn
from elfin.decode.operand import Immediate, Memory, Register, Resolved, Target, operands

WIDTHS = {
    8: "byte", 16: "word", 32: "dword", 64: "qword", 80: "tbyte",
    128: "xmmword", 256: "ymmword", 512: "zmmword",
}  # fmt: skip
TOP = 1 << 63


def insn_text(insn: Insn, name: Callable[[int], str]) -> str:
    """`lock add dword ptr [rbx+rcx*4+0x10], eax`."""
    prefixes = [word for word in ("lock" if insn.lock else "", insn.rep) if word]
    words = ", ".join(_operand(operand, name) for operand in operands(insn))
    return " ".join(filter(None, [*prefixes, insn.name, words]))


def _operand(operand: Resolved, name: Callable[[int], str]) -> str:
    match operand:
        case Register(text):
            return text
        case Immediate(value):
            return f"{value:#x}"
        case Target(address):
            return name(address)
        case Memory():
            return _memory(operand, name)


def _memory(m: Memory, name: Callable[[int], str]) -> str:
    width = f"{WIDTHS[m.bits]} ptr " if m.bits in WIDTHS else ""
    segment = f"{m.segment}:" if m.segment else ""
    if m.base in ("rip", "eip"):
        return f"{width}{segment}[{name(m.displacement)}]"
    terms = [m.base] if m.base else []
    if m.index:
        terms.append(f"{m.index}*{m.scale}" if m.scale > 1 else m.index)
    text = "+".join(terms)
    if not text:
        return f"{width}{segment}[{name(m.displacement)}]"
    displacement = m.displacement - (1 << 64) if m.displacement >= TOP else m.displacement
    if displacement:
        text += f"{'-' if displacement < 0 else '+'}{abs(displacement):#x}"
    return f"{width}{segment}[{text}]"
