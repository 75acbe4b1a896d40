"""How the functions of a unit pass registers to one another.

Input:  the `Flow`s of all functions, the summaries of the inner ones.
Output: the summaries filled in: parameters and results chosen, and what follows for callers.

XMM registers go through memory: what they hold, scalars or vectors, is each function's own guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from elfin import layout
from elfin.codegen.locals import BIT, GPR_SLOTS
from elfin.tiers.jit.flow import Flow

# General registers; RATIONALE.md, "How do translated functions call one another?"
PARAMS: Final = 6
RESULTS: Final = 6
# Who comes first where there are too many: what calling conventions make the most used.
_FIRST: Final = (layout.RSP, layout.RDI, layout.RSI, layout.RDX, layout.RBX, layout.RBP)
_BACK: Final = (layout.RAX, layout.RSP, layout.RBX, layout.RBP)


def settle(flows: Sequence[Flow]) -> None:
    """Choose what is passed in locals, then find what that means for each function."""
    inner = [flow for flow in flows if flow.own is not None]
    own = [flow.own for flow in inner if flow.own is not None]
    if not own:
        return
    _repeat(inner, "written")
    calling = [flow for flow in flows if flow.own is not None or flow.invokes]
    _repeat(calling, "used")
    for summary in own:
        summary.params = _pick(summary.uses, _FIRST, PARAMS)
        summary.results = _pick(summary.wanted & ~summary.resting, _BACK, RESULTS)
    _repeat(calling, "flags")
    _repeat(inner, "moved")


def _repeat(flows: Sequence[Flow], step: str) -> None:
    """Until no summary changes: they only grow."""
    while sum(flow.run(step) for flow in flows):
        pass


def _pick(registers: int, first: Iterable[int], most: int) -> int:
    order = (*first, *(slot for slot in GPR_SLOTS if slot not in first))
    return sum([BIT[slot] for slot in order if registers & BIT[slot]][:most])
