"""The passes, in order.  Each is a function from effects to effects; anything can be printed between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.stmt import Effect
from elfin.opt.drop import drop_flags, drop_variables
from elfin.opt.forward import forward_state
from elfin.opt.simplify import simplify

Pass = Callable[[list[Effect]], list[Effect]]

PIPELINE: Final[tuple[Pass, ...]] = (
    forward_state,   # s0 = v; ... s0 ...  ->  ... v ...
    simplify,        # rules.RULES, bottom-up
    drop_flags,      # nobody reads it before it is set again
    drop_variables,  # nobody reads it at all
)  # fmt: skip


def optimise(effects: list[Effect]) -> list[Effect]:
    """Through the whole pipeline."""
    for pass_ in PIPELINE:
        effects = pass_(effects)
    return effects
