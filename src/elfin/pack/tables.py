"""Jump tables, as compilers make them: where a computed jump may go.

Input:  addresses of the instructions before a computed jump, and the jump's.
Output: addresses in the order of the table; none where the jump is of no known kind.

Known are `jmp [table + i*8]`, the same through a register, and tables of distances, whose address is in a register by
`lea`: `movsxd r, [table + i*4]; add r, table; jmp r`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Final

from elfin import layout
from elfin.decode.insn import Insn, decode
from elfin.decode.record import NO_BASE, NO_INDEX, RIP_BASE
from elfin.runtime.memory import GuestMemory

LONGEST: Final = 15  # bytes of an instruction
MOST: Final = 1024  # entries of a table
NEAR: Final = 1 << 16  # bytes from the jump to where it goes
REGISTER: Final = 3  # mod


def targets(
    memory: GuestMemory, addresses: Sequence[int], is_code: Callable[[int], bool]
) -> tuple[int, ...]:
    """Where the last of the instructions jumps."""
    found = [
        decode(memory.read(pc, min(LONGEST, -pc % layout.PAGE or LONGEST)), pc) for pc in addresses
    ]
    insns = [insn for insn in found if isinstance(insn, Insn)]
    if not insns or insns[-1].form.mnemonic != "jmp":
        return ()
    jump = insns[-1]
    count = _count(insns)
    if jump.mod != REGISTER:
        return _read(memory, _table(jump, insns), 8, 0, count, jump.address, is_code)
    for i in range(len(insns) - 2, -1, -1):
        insn = insns[i]
        name = insn.form.mnemonic
        if name == "mov" and insn.mod != REGISTER and insn.reg == jump.rm and insn.scale == 3:
            return _read(memory, _table(insn, insns[:i]), 8, 0, count, jump.address, is_code)
        if name == "movsxd" and insn.mod != REGISTER and insn.scale == 2:
            table = _table(insn, insns[:i])
            return _read(memory, table, 4, table, count, jump.address, is_code)
    return ()


def _table(insn: Insn, before: Sequence[Insn]) -> int:
    """The address that an index is added to; 0 if that is not known."""
    if insn.index == NO_INDEX:
        return 0
    if insn.base == NO_BASE:
        return insn.displacement
    for other in reversed(before):
        if other.form.mnemonic == "lea" and other.reg == insn.base and other.base == RIP_BASE:
            return other.next + other.displacement + insn.displacement
    return 0


def _count(insns: Sequence[Insn]) -> int:
    """Entries of the table: the index was compared with the last one."""
    for insn in reversed(insns):
        if insn.form.mnemonic == "cmp" and 0 < insn.immediate < MOST:
            return insn.immediate + 1
    return MOST


def _read(
    memory: GuestMemory,
    table: int,
    size: int,
    base: int,
    count: int,
    jump: int,
    is_code: Callable[[int], bool],
) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for at in range(table, table + size * count, size):
        if not 0 < at < layout.GUEST_LIMIT - size or not memory.permission(at) & layout.PAGE_R:
            break
        (word,) = struct.unpack("<q" if size == 8 else "<i", memory.read(at, size))
        to = base + word
        if not is_code(to) or abs(to - jump) > NEAR:
            break
        found[to] = None
    return tuple(found)
