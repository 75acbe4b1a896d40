"""iced-x86 as the oracle: the same bytes through both decoders, as comparable tuples.

What is compared: length, mnemonic, and of every operand its register, or memory segment, base, index, scale,
displacement and width, or immediate, or branch target.  Departures that are meant are in `expected`, each with
its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import iced_x86 as iced
from iced_x86 import Mnemonic, OpKind, Register

from elfin.decode.insn import Insn, Undecodable, decode
from elfin.decode.operand import Immediate, Memory, Resolved, Target, operands
from elfin.decode.operand import Register as RegisterOperand
from elfin.isa.registers import GENERAL, GPR16

M64 = (1 << 64) - 1


def _names(table: Any) -> dict[int, str]:
    return {value: name.lower() for name, value in vars(table).items() if isinstance(value, int)}


REGISTER = _names(Register)
REGISTER |= {
    n: f"{name[:-1]}b" for n, name in REGISTER.items() if name.endswith("l") and name[-2].isdigit()
}
MNEMONIC = _names(Mnemonic)
NEAR = (OpKind.NEAR_BRANCH16, OpKind.NEAR_BRANCH32, OpKind.NEAR_BRANCH64)
IMMEDIATE_BITS = {
    OpKind.IMMEDIATE8: 8, OpKind.IMMEDIATE8_2ND: 8, OpKind.IMMEDIATE16: 16, OpKind.IMMEDIATE32: 32,
    OpKind.IMMEDIATE64: 64, OpKind.IMMEDIATE8TO16: 16, OpKind.IMMEDIATE8TO32: 32,
    OpKind.IMMEDIATE8TO64: 64, OpKind.IMMEDIATE32TO64: 64,
}  # fmt: skip
IMPLIED = {
    OpKind.MEMORY_SEG_SI: "si", OpKind.MEMORY_SEG_ESI: "esi", OpKind.MEMORY_SEG_RSI: "rsi",
    OpKind.MEMORY_SEG_DI: "di", OpKind.MEMORY_SEG_EDI: "edi", OpKind.MEMORY_SEG_RDI: "rdi",
    OpKind.MEMORY_ESDI: "di", OpKind.MEMORY_ESEDI: "edi", OpKind.MEMORY_ESRDI: "rdi",
}  # fmt: skip
# iced gives some memory operands a width where the row says none, and the other way round.
Plain = tuple[Any, ...]
Decoder = Callable[[bytes, int], Insn | Undecodable]


def of_iced(code: bytes, address: int) -> Plain | None:
    """What iced makes of `code`; None if it is no instruction."""
    found = iced.Decoder(64, code, ip=address).decode()
    if found.code == iced.Code.INVALID:
        return None
    out = [_iced_operand(found, n) for n in range(found.op_count)]
    return (found.len, MNEMONIC[found.mnemonic], *out)


def _segment(found: Any) -> str:
    return {Register.FS: "fs", Register.GS: "gs"}.get(found.segment_prefix, "")


def _iced_operand(found: Any, n: int) -> Plain:
    kind = found.op_kind(n)
    if kind == OpKind.REGISTER:
        return ("reg", REGISTER[found.op_register(n)])
    if kind == OpKind.MEMORY:
        base, index = REGISTER[found.memory_base], REGISTER[found.memory_index]
        displacement = found.memory_displacement & M64
        width = 8 * iced.MemorySizeExt.size(found.memory_size)
        return (
            "mem", _segment(found), "" if base == "none" else base, "" if index == "none" else index,
            found.memory_index_scale, displacement, width,
        )  # fmt: skip
    if kind in IMPLIED:
        segment = "" if kind in (OpKind.MEMORY_ESEDI, OpKind.MEMORY_ESRDI) else _segment(found)
        width = 8 * iced.MemorySizeExt.size(found.memory_size)
        return ("mem", segment, IMPLIED[kind], "", 1, 0, width)
    if kind in NEAR:
        return ("target", found.near_branch_target)
    bits = IMMEDIATE_BITS[kind]
    return ("imm", found.immediate(n) & ((1 << bits) - 1), bits)


def of_elfin(code: bytes, address: int, decoder: Decoder = decode) -> Plain | None:
    """What elfin makes of it."""
    found = decoder(code, address)
    if not isinstance(found, Insn):
        return None
    row = found.form.operands
    out = [_plain(o, found) for o, w in zip(operands(found), row, strict=True) if not w.implied]
    return (found.length, found.name, *out)


def _plain(o: Resolved, found: Insn) -> Plain:
    match o:
        case RegisterOperand(name):
            return ("reg", name)
        case Memory(segment, base, index, scale, displacement, bits):
            wrap = M64 if found.address_size == 64 else 0xFFFF_FFFF
            return ("mem", segment, base, index, scale, displacement & wrap, bits)
        case Immediate(value, bits):
            return ("imm", value, bits)
        case Target(to):
            return ("target", to)


def difference(code: bytes, address: int = 0x40_1000, decoder: Decoder = decode) -> str | None:
    """None if both decoders say the same of `code`."""
    ours, theirs = of_elfin(code, address, decoder), of_iced(code[:15], address)
    if ours == theirs or similar(ours, theirs) or expected(code, ours, theirs):
        return None
    return f"{code.hex(' ')}: elfin {ours} iced {theirs}"


def similar(ours: Plain | None, theirs: Plain | None) -> bool:
    """Equal but for the widths of memory operands that one of them gives no width."""
    if ours is None or theirs is None or len(ours) != len(theirs):
        return False
    return ours[:2] == theirs[:2] and all(
        a == b or (a[0] == b[0] == "mem" and a[:-1] == b[:-1] and not (a[-1] and b[-1]))
        for a, b in zip(ours[2:], theirs[2:], strict=True)
    )


SELECTOR = ("lldt", "ltr", "verr", "verw", "lmsw", "lar", "lsl", "mov", "lkgs")


def expected(code: bytes, ours: Plain | None, theirs: Plain | None) -> bool:
    """Differences that are meant."""
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return False
    # What the manual calls r/m16, iced prints as wide as the operand size.
    if ours[1] in SELECTOR and ours[1] == theirs[1] and len(ours) == len(theirs):
        return all(
            a == b or _same_register(a, b) for a, b in zip(ours[2:], theirs[2:], strict=True)
        )
    # Processors exchange r8 and rax here (tried on one from AMD); iced calls it PAUSE whatever REX.B says.
    if theirs[1] == "pause":
        return ours[1] == "xchg" and code[theirs[0] - 1] == 0x90
    # Reserved hints are NOP in the rows.
    if theirs[1] == "reservednop":
        return ours[1] == "nop" and (
            ours[2:] == theirs[2:] or similar((0, 0, *ours[2:]), (0, 0, *theirs[2:]))
        )
    return False


def _same_register(a: Plain, b: Plain) -> bool:
    if a[0] != "reg" or b[0] != "reg":
        return False
    number = {name: n for names in GENERAL.values() for n, name in enumerate(names)}
    return a[1] in GPR16 and number[a[1]] == number.get(b[1])
