"""MXCSR while a float operation runs: rounding, denormals, exceptions (SDM vol. 1, 10.2.3 and 11.5).

FLOAT_TRAP lies above MXCSR, so that one 64-bit load shows both.  During an operation it collects the
exceptions found; `settle` moves them into MXCSR and leaves in FLOAT_TRAP those that are not masked.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.dialect import core_function, load_u32, load_u64, store_u32, u32, u64

MXCSR_AT: Final = layout.STATE + layout.MXCSR
TRAP_AT: Final = layout.STATE + layout.FLOAT_TRAP
assert TRAP_AT == MXCSR_AT + 4

IE: Final = 0x01  # invalid operation
DE: Final = 0x02  # denormal operand
ZE: Final = 0x04  # divide by zero
OE: Final = 0x08  # overflow
UE: Final = 0x10  # underflow
PE: Final = 0x20  # precision: the result is not exact
BEFORE: Final = IE | DE | ZE  # found before the result is computed
ALL: Final = 0x3F
DAZ: Final = 0x40
MASKS_AT: Final = 7  # the bit where the six masks begin
MASKS: Final = ALL << MASKS_AT
FTZ: Final = 0x8000
RESERVED: Final = 0xFFFF_0000

NEAREST: Final = 0
DOWN: Final = 1
UP: Final = 2
ZERO: Final = 3

# Of MXCSR and FLOAT_TRAP together.  Plain: to nearest, all masked, no DAZ, no FTZ, nothing pending;
# then only the sticky flags tell whether a native operation may be used.
CONTROL: Final = 0xFFFF_FFFF_0000_FFC0
PLAIN: Final = 0x1F80
# The same with PE up: an operation that can only be inexact leaves no trace at all.
CONTROL_PE: Final = CONTROL | PE
PLAIN_PE: Final = PLAIN | PE
# For what raises nothing and rounds nothing it is enough that denormals are not zeros.
TRAP_OR_DAZ: Final = 0xFFFF_FFFF_0000_0040
TRAP: Final = 0xFFFF_FFFF_0000_0000


@core_function()
def float_control() -> u64:
    """MXCSR, and FLOAT_TRAP above it."""
    return load_u64(u32(MXCSR_AT))


@core_function()
def begin() -> None:
    """No exception has been found yet."""
    store_u32(u32(TRAP_AT), u32(0))


@core_function()
def signal(exceptions: u32) -> None:
    """Found these exceptions."""
    store_u32(u32(TRAP_AT), load_u32(u32(TRAP_AT)) | exceptions)


@core_function()
def settle() -> None:
    """The operation, all lanes of it, has run: its exceptions become flags, or a trap.

    If one that is found before computing is not masked, nothing was computed in any lane.
    """
    found = load_u32(u32(TRAP_AT))
    control = load_u32(u32(MXCSR_AT))
    enabled = ~(control >> MASKS_AT) & ALL
    if (found & enabled & BEFORE) != 0:
        found = found & BEFORE
    store_u32(u32(MXCSR_AT), control | found)
    store_u32(u32(TRAP_AT), found & enabled)


@core_function()
def is_masked(exception: u32) -> bool:
    return (load_u32(u32(MXCSR_AT)) & (exception << MASKS_AT)) != 0


@core_function()
def all_masked() -> bool:
    return (load_u32(u32(MXCSR_AT)) & MASKS) == MASKS


@core_function()
def denormals_are_zero() -> bool:
    return (load_u32(u32(MXCSR_AT)) & DAZ) != 0


@core_function()
def flushes_to_zero() -> bool:
    return (load_u32(u32(MXCSR_AT)) & FTZ) != 0


@core_function()
def rounding() -> u32:
    """NEAREST, DOWN, UP or ZERO."""
    return (load_u32(u32(MXCSR_AT)) >> 13) & 3
