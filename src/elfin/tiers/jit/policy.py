"""How code is translated: what differs between units of the same guest code."""

from __future__ import annotations

from elfin.records import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`exact`: each access checks the page's permission, so that a fault finds exact state; else the host's
    memory protection ends the run (see `runtime.memory`).
    `careful`: a float operation without a fast path calls the slow one; else it leaves the function, which keeps
    loops free of calls.
    `sticky`: MXCSR's sticky flags are exact.  Else denormal, underflow and precision may be missing: as long as the
    guest has never written to MXCSR, so that it cannot tell what raised them (see RATIONALE.md).
    `wide`: the engine has wide arithmetic.
    `paged`: the host has no memory protection: permissions of pages are looked at (`pages.py`).
    `rewrites`: a store may change the very next instruction, which then reads flags that the old one set.
    `round`: how often it was made anew, because control took ways that it lacked."""

    exact: bool = True
    careful: bool = False
    sticky: bool = True
    wide: bool = False
    round: int = 0
    paged: bool = False
    rewrites: bool = False
