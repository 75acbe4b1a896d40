"""What all parts of a unit's function share."""

from __future__ import annotations

from elfin.codegen.locals import Registers
from elfin.records import dataclass
from elfin.structure.graph import Graph
from elfin.tiers.jit.code import Edges
from elfin.tiers.jit.floats import Floats
from elfin.tiers.jit.landing import Landing
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.wild import Wild


@dataclass(slots=True)
class Body:
    """`unit`: the address that the unit is made for; `weight`: how many calls a call counts for, by the size of the
    function's frame on the engine's stack; `nests`: functions of other units are called."""

    policy: Policy
    unit: int
    edges: Edges
    registers: Registers
    floats: Floats
    wild: Wild
    graph: Graph
    landing: Landing
    weight: int = 1
    nests: bool = False
