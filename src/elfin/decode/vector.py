"""VEX, XOP and EVEX prefixes: their fields, and what each form allows in them (SDM vol. 2, 2.3 and 2.7).

Input:  prefix bytes; a form's FF_... bits and the fields.
Output: the fields as X_... bits; whether the encoding exists.  Dialect code.
"""

from __future__ import annotations

from elfin.decode.record import (
    FF_BROADCAST,
    FF_GPR_REG,
    FF_K_REG,
    FF_K_VVVV,
    FF_MASK,
    FF_MASKED,
    FF_ROUND,
    FF_STORE,
    FF_TILE,
    FF_VSIB,
    FF_VVVV,
    FF_ZERO,
    X_B,
    X_BROADCAST,
    X_L,
    X_MASK,
    X_R,
    X_VVVV,
    X_W,
    X_X,
    X_Z,
)
from elfin.dialect import core_function, u32


@core_function()
def vector_fields(first: u32, second: u32) -> u32:
    """X_... bits of a three-byte VEX prefix: inverted R, X, B in `first`, W, inverted vvvv and L in `second`."""
    fields = (~second >> 3 & 15) << X_VVVV | (second >> 2 & 1) << X_L
    if first & 0x80 == 0:
        fields = fields | X_R
    if first & 0x40 == 0:
        fields = fields | X_X
    if first & 0x20 == 0:
        fields = fields | X_B
    if second & 0x80 != 0:
        fields = fields | X_W
    return fields


@core_function()
def distinct_registers(flags: u32, fields: u32, reg: u32, other: u32) -> bool:
    """Do the vector registers of a form differ that must?  `other` is ModRM.rm or the index."""
    if reg == other:
        return False
    if flags & FF_VVVV == 0:
        return True
    vvvv = fields >> X_VVVV & 0x1F
    return vvvv != reg and (vvvv != other or flags & (FF_VSIB | FF_TILE) == 0)


@core_function()
def vector_allows(flags: u32, fields: u32, modrm: u32, reg: u32, rm: u32) -> bool:
    """Has the form an encoding with these fields?"""
    vvvv = fields >> X_VVVV & 0x1F
    if flags & FF_VVVV == 0:
        if vvvv != 0 and not (flags & FF_VSIB != 0 and vvvv == 0x10):
            return False
    elif flags & (FF_K_VVVV | FF_TILE) != 0 and vvvv > 7:
        return False
    if flags & FF_K_REG != 0 and reg > 7:
        return False
    if flags & FF_GPR_REG != 0 and reg > 15:
        return False
    if flags & FF_TILE != 0 and (reg > 7 or (rm > 7 and modrm >= 0xC0)):
        return False
    mask = fields >> X_MASK & 7
    if mask != 0:
        if flags & FF_MASK == 0:
            return False
    elif flags & FF_MASKED != 0 or fields & X_Z != 0:
        return False
    if fields & X_Z != 0:
        if flags & FF_ZERO == 0:
            return False
        if flags & FF_STORE != 0 and modrm < 0xC0:
            return False
    if fields & X_BROADCAST != 0:
        if modrm >= 0xC0:
            return flags & FF_ROUND != 0
        if flags & FF_BROADCAST == 0:
            return False
    return fields >> X_L & 3 != 3
