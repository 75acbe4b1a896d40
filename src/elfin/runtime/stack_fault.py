"""Is a #GP really a #SS?  Both mean a non-canonical address; #SS says that it was formed for the stack.

Input:  the instruction at rip and the registers, which are exact.  Tiers raise #GP for either, so that no
        access has to know its segment; who handles a fault asks here.
Source: SDM vol. 1, 3.7.4 (default segments); vol. 3A, 3.3.7.1 and 6.15 (interrupt 12).
"""

from __future__ import annotations

from collections.abc import Iterator

from elfin.bits import M64
from elfin.decode.insn import Insn, decode
from elfin.decode.record import NO_INDEX
from elfin.isa.stack import POPS, PUSHES
from elfin.runtime.cpu import RegisterFile

RSP, RBP = 4, 5


def is_stack_fault(code: bytes, cpu: RegisterFile) -> bool:
    """Does the instruction `code` at rip access the stack's segment at a non-canonical address?"""
    insn = decode(code, cpu.rip)
    if not isinstance(insn, Insn):
        return False
    return any(not is_canonical(address) for address in stack_addresses(insn, cpu))


def stack_addresses(insn: Insn, cpu: RegisterFile) -> Iterator[int]:
    """What it accesses relative to SS."""
    mnemonic = insn.form.mnemonic
    if mnemonic in PUSHES:
        yield cpu.gpr[RSP] - 8 & M64
    elif mnemonic in POPS:
        yield cpu.gpr[RSP]
    elif mnemonic == "leave":
        yield cpu.gpr[RBP]
    # With an address size of 32 bits every address is canonical.
    in_memory = insn.form.rm_operand and insn.mod != 3 and insn.address_size == 64
    if in_memory and insn.base in (RSP, RBP) and not insn.segment:
        index = 0 if insn.index == NO_INDEX else cpu.gpr[insn.index] << insn.scale
        yield cpu.gpr[insn.base] + index + insn.displacement & M64


def is_canonical(address: int) -> bool:
    """Are bits 47 to 63 equal?"""
    return address >> 47 in (0, (1 << 17) - 1)
