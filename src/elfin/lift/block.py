"""Instructions in line -> the effects of all of them.

Input:  decoded instructions with a meaning, each behind the one before; only the last may jump.
Output: their effects one after the other.  RIP is written before each instruction, as a fault in it
        must find it there; `opt` drops the writes that nobody can see.  The block ends with RIP at the
        next instruction, or with the jump.
"""

from __future__ import annotations

from collections.abc import Sequence

from elfin import layout
from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put
from elfin.ir.types import I64
from elfin.ir.value import const
from elfin.lift.bind import Decoded
from elfin.lift.instruction import lift


def lift_block(insns: Sequence[Decoded]) -> list[Effect]:
    """The effects of a straight run of instructions."""
    effects: list[Effect] = []
    variables = 0
    for insn in insns:
        effects.append(Put(layout.RIP, const(I64, insn.address)))
        own = lift(insn, variables)
        variables += sum(isinstance(e, Let) and e.var is not None for e in own)
        effects += own
    if insns and not (effects and isinstance(effects[-1], Jump | Branch | Leave)):
        effects.append(Put(layout.RIP, const(I64, insns[-1].address + insns[-1].length)))
    return effects
