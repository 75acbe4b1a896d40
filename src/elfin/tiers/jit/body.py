"""What all parts of one function share."""

from __future__ import annotations

from collections.abc import Mapping

from elfin.codegen.locals import Registers
from elfin.records import dataclass, field
from elfin.structure.graph import Graph
from elfin.tiers.jit.code import Edges
from elfin.tiers.jit.events import Summary
from elfin.tiers.jit.floats import Floats
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.wild import Wild


@dataclass(slots=True)
class Body:
    """`inner`: others call the function; `callees`: those that it can call; `unit`: the address that its unit is
    made for; `weight`: how many calls a call counts for, by the size of the function's frame on the engine's
    stack; `nests`: there are calls."""

    policy: Policy
    unit: int
    edges: Edges
    inner: bool
    callees: Mapping[int, Summary]
    registers: Registers
    floats: Floats
    wild: Wild
    graph: Graph = field(default_factory=Graph)
    weight: int = 1
    nests: bool = False
