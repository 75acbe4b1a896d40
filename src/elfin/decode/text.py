"""Disassembly: an instruction as text, in Intel's order and the manual's words.

Input:  `Insn` or `Undecodable`; optionally the name of an address.
Output: one line.  RIP-relative operands show the address itself: `[rel 0x404010]`.
"""

from __future__ import annotations

from collections.abc import Callable

from elfin.decode.insn import Insn, Undecodable, decode
from elfin.decode.operand import Immediate, Memory, Register, Resolved, Target, operands

Symbol = Callable[[int], str | None]
WIDTHS = {
    8: "byte", 16: "word", 32: "dword", 48: "fword", 64: "qword", 80: "tbyte", 128: "xmmword",
    256: "ymmword", 512: "zmmword",
}  # fmt: skip
ROUNDING = ("rn", "rd", "ru", "rz")


def text(insn: Insn | Undecodable, symbol: Symbol = lambda _: None) -> str:
    """`lock add dword ptr [rax+rcx*4-0x8], ebx`; `symbol` may name branch targets and RIP-relative data."""
    if isinstance(insn, Undecodable):
        return f"(bad) {insn.code.hex(' ')}"
    prefixes = "lock " * insn.lock
    if insn.rep:
        prefixes += "repe " if insn.rep == "rep" and insn.form.has("repz") else f"{insn.rep} "
    row = insn.form.operands
    shown = [
        _operand(o, insn, symbol)
        for o, word in zip(operands(insn), row, strict=True)
        if not word.implied
    ]
    if shown and insn.mask:
        shown[0] += f" {{k{insn.mask}}}" + "{z}" * insn.zeroing
    if insn.broadcast and insn.mod == 3:
        shown.append(_rounding(insn))
    return f"{prefixes}{insn.name} {', '.join(shown)}".rstrip()


def describe(code: bytes, address: int) -> str:
    """For a message: the instruction, its bytes and where it is."""
    insn = decode(code, address)
    if isinstance(insn, Undecodable):
        return str(insn)
    return f"{text(insn)} ({code[: insn.length].hex(' ')}) at {address:#x}"


def _rounding(insn: Insn) -> str:
    if insn.form.has("er"):
        return f"{{{ROUNDING[insn.rounding]}-sae}}"
    return "{sae}"


def _operand(o: Resolved, insn: Insn, symbol: Symbol) -> str:
    match o:
        case Register(name):
            return name
        case Immediate(value, _):
            return f"{value:#x}"
        case Target(address):
            return _address(address, symbol)
        case Memory():
            return _memory(o, insn, symbol)


def _address(address: int, symbol: Symbol) -> str:
    name = symbol(address)
    return f"{address:#x} <{name}>" if name else f"{address:#x}"


def _memory(o: Memory, insn: Insn, symbol: Symbol) -> str:
    width = f"{WIDTHS[o.bits]} ptr " if o.bits in WIDTHS else ""
    segment = f"{o.segment}:" if o.segment else ""
    if o.base in ("rip", "eip"):
        inside = f"rel {_address(o.displacement, symbol)}"
    else:
        parts = [o.base] * bool(o.base)
        if o.index:
            parts.append(f"{o.index}*{o.scale}" if o.scale > 1 else o.index)
        inside = "+".join(parts)
        if not inside:
            inside = f"{o.displacement & (1 << insn.address_size) - 1:#x}"
        elif o.displacement:
            sign = "-" if o.displacement < 0 else "+"
            inside += f"{sign}{abs(o.displacement):#x}"
    repeat = f"{{1to{insn.vector_of_memory // o.bits}}}" if o.broadcast else ""
    return f"{width}{segment}[{inside}]{repeat}"
