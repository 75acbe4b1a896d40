"""Which XMM registers of a region hold scalars: they live in float locals (`codegen.locals`).

Input:  the region's instructions.
Output: slots, and the type of the lane.  It is a guess: wrong ones cost a move or two at each use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from elfin import layout
from elfin.codegen.locals import XMMS_END
from elfin.ir.types import F32, F64, Type
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.region import Region

_NAMES: Final = [
    "add",
    "sub",
    "mul",
    "div",
    "sqrt",
    "min",
    "max",
    "mov",
    "comi",
    "ucomi",
    "cmp",
    "cvtsi2",
]
DOUBLE: Final = frozenset({*(f"{name}sd" for name in _NAMES), "cvtsd2si", "cvttsd2si"})
SINGLE: Final = frozenset({*(f"{name}ss" for name in _NAMES), "cvtss2si", "cvttss2si"})
# They take their registers as they are, or make zeros of them.
NEUTRAL: Final = frozenset(
    ["movaps", "movapd", "movdqa", "pxor", "xorps", "xorpd", "andps", "andpd", "movq", "movd"]
)
LOOP: Final = 8  # times: what is done more often inside a loop than around it
DEEPEST: Final = 4


def scalars(regions: Iterable[Region]) -> dict[int, Type]:
    """The XMM registers whose uses are of one lane more often than of all; what is in a loop counts for more."""
    votes: dict[Type | None, Counter[int]] = {F64: Counter(), F32: Counter(), None: Counter()}
    for region in regions:
        depths = region.depths()
        for pc, block in region.blocks.items():
            times = LOOP ** min(depths[pc], DEEPEST)
            for op in block.ops:
                _count(op, times, votes)
    found: dict[int, Type] = {}
    for type_ in (F64, F32):
        other = votes[F32 if type_ is F64 else F64]
        for slot, uses in votes[type_].items():
            if uses > votes[None][slot] + other[slot]:
                found[slot] = type_
    return found


def _count(op: Op, times: int, votes: dict[Type | None, Counter[int]]) -> None:
    if op.variant is None:
        return
    name = op.variant.form.mnemonic
    if name in NEUTRAL:
        return
    slots = [slot for slot in (op.r, op.b) if layout.XMM <= slot < XMMS_END]
    if name in DOUBLE:
        types: tuple[Type | None, ...] = (F64, F64)
    elif name in SINGLE:
        types = (F32, F32)
    elif name == "cvtss2sd":
        types = (F64, F32)
    elif name == "cvtsd2ss":
        types = (F32, F64)
    else:
        types = (None, None)
    for slot, type_ in zip(slots, types, strict=False):
        votes[type_][slot] += times
