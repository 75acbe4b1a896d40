"""What the addresses are at which a node looks at permissions of pages, beside registers at its start.

Input:  a node whose body looks at pages.
Output: its spans in their order, and what is known of variables there (`sums.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from elfin import layout
from elfin.codegen.function import assigned
from elfin.codegen.locals import ALL, HOMES
from elfin.ir.stmt import Block, Group, If, Let, RawStore, Set
from elfin.ir.types import I32, I64
from elfin.ir.value import Value
from elfin.structure.graph import Node
from elfin.tiers.jit.calls import KEPT
from elfin.tiers.jit.events import Call, Exit
from elfin.tiers.jit.pages import Span
from elfin.tiers.jit.sums import BITS, Known, Sum, low_sum

RSP = HOMES[layout.RSP]
NOTHING: Final[Known] = dict.fromkeys(BITS)  # is known of any register


def follow(
    node: Node,
    known: Known,
    spans: Mapping[int, Span],
    sum_of: Callable[[Value, Known], Sum | None] = low_sum,
) -> Iterator[Span]:
    """Add to `known` what the node's statements do, whole or modulo 2**32; at each look at permissions that is among
    the spans its span, when `known` is what holds there."""
    exits = {id(event.body) for event in node.note if isinstance(event, Exit)}
    loads = {id(event.behind): event.written for event in node.note if isinstance(event, Call)}
    s: Any
    for s in node.body:
        kind = type(s)  # `match` would take several times as long for the most frequent ones
        if kind is Let or kind is Set:
            type_ = s.value.type
            if (type_ is I64 or type_ is I32) and s.var is not None:
                known[s.var] = sum_of(s.value, known)
            continue
        if kind is RawStore:
            continue
        match s:
            case Group("pages", body):
                span = spans.get(id(body))
                if span is not None:
                    yield span
            case If(_, then, other) if id(then) in exits and not other:
                pass
            case Block("right", body) if id(body) in exits:
                pass
            case Group("spill"):
                pass
            case Group("reload", body) if id(body) in loads:
                _forget(known, loads[id(body)])
            case Group("kept"):
                known[RSP] = sum_of(KEPT + 8, known)
            case If() | Block("right"):
                known.update(dict.fromkeys(assigned([s], {})))
            case _:
                _forget(known, ALL)


def _forget(known: Known, registers: int) -> None:
    known.update(
        NOTHING if registers == ALL else {r: None for r, b in BITS.items() if b & registers}
    )
