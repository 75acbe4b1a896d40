"""What translated code compares the results of its float operations with (tiers/jit/floats.py).

The slots at FLOAT_LIMITS hold MXCSR's part in whether a result may be taken as it is.  They are bounds of twice
the pattern (the sign is gone): of every finite number, and of normal ones from the least on; for vectors the same as
signed lanes.  All are so low that nothing is below them unless MXCSR is plain and PE is up.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.core.float32 import ABOVE_TINY as ABOVE_TINY32
from elfin.core.float32 import DENORMALS as DENORMALS32
from elfin.core.float32 import INFINITE as INFINITE32
from elfin.core.float64 import ABOVE_TINY, DENORMALS, INFINITE
from elfin.core.mxcsr import CONTROL_PE, MASKS, MXCSR_AT, PLAIN_PE
from elfin.dialect import core_function, load_u32, load_u64, store_u32, store_u64, u32, u64, v128
from elfin.dialect.lanes import i32x4_extract_lane, i64x2_extract_lane

STATE: Final = layout.STATE
LOWEST: Final = 1 << 63  # as signed lanes
LOWEST32: Final = 1 << 31
NORMALS: Final = INFINITE - ABOVE_TINY
NORMALS32: Final = INFINITE32 - ABOVE_TINY32


@core_function(reads="mxcsr")
def float_limits() -> u32:
    """Set the limits from MXCSR.  1 if an exception is not masked: then translated code must not run."""
    store_u32(u32(STATE + layout.FLOAT_ODD), u32(0))
    control = load_u32(u32(MXCSR_AT))
    set_limits(u32(1) if (load_u64(u32(MXCSR_AT)) & CONTROL_PE) == PLAIN_PE else u32(0))
    if (control & MASKS) != MASKS:
        return u32(1)
    store_u32(u32(STATE + layout.FLOAT_SEEN), control)
    return u32(0)


@core_function()
def set_limits(is_plain: u32) -> None:
    wide = u64(is_plain) * INFINITE
    normal = u64(is_plain) * NORMALS
    narrow = is_plain * INFINITE32
    normal32 = is_plain * NORMALS32
    at = u32(STATE + layout.FLOAT_LIMITS)
    store_u64(at, wide)
    store_u64(at + 8, normal)
    store_u32(at + 16, narrow)
    store_u32(at + 20, normal32)
    store_u64(at + 32, wide + LOWEST)
    store_u64(at + 40, wide + LOWEST)
    store_u64(at + 48, normal + LOWEST)
    store_u64(at + 56, normal + LOWEST)
    for i in range(4):
        store_u32(at + 64 + u32(i) * 4, narrow + LOWEST32)
        store_u32(at + 80 + u32(i) * 4, normal32 + LOWEST32)


@core_function(reads="mxcsr")
def note_float(is_odd: u32) -> None:
    """A result was computed by the slow path; `is_odd`: it is denormal."""
    odd = load_u32(u32(STATE + layout.FLOAT_ODD)) | is_odd
    store_u32(u32(STATE + layout.FLOAT_ODD), odd)
    store_u32(u32(STATE + layout.FLOAT_SEEN), u32(0))  # no MXCSR with all masked is 0
    is_plain = (load_u64(u32(MXCSR_AT)) & CONTROL_PE) == PLAIN_PE and odd == 0
    set_limits(u32(1) if is_plain else u32(0))


@core_function()
def denormal64(a: u64) -> u32:
    return u32(1) if (a << 1) - 1 < DENORMALS else u32(0)


@core_function()
def denormal32(a: u32) -> u32:
    return u32(1) if (a << 1) - 1 < DENORMALS32 else u32(0)


@core_function(reads="mxcsr")
def note_f64(result: u64) -> None:
    note_float(denormal64(result))


@core_function(reads="mxcsr")
def note_f32(result: u32) -> None:
    note_float(denormal32(result))


@core_function(reads="mxcsr")
def note_f64x2(result: v128) -> None:
    a = denormal64(i64x2_extract_lane(result, 0))
    note_float(a | denormal64(i64x2_extract_lane(result, 1)))


@core_function(reads="mxcsr")
def note_f32x4(result: v128) -> None:
    a = denormal32(i32x4_extract_lane(result, 0)) | denormal32(i32x4_extract_lane(result, 1))
    b = denormal32(i32x4_extract_lane(result, 2)) | denormal32(i32x4_extract_lane(result, 3))
    note_float(a | b)
