"""Making a unit: functions translated together into one Wasm module.

Input:  a `Plan`.
Output: the `Unit`, which is the same wherever the code, its ways and the policy are; what it was made of.
        Guest memory is not looked at: another thread may be running the guest.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from elfin import config, layout
from elfin.codegen import module
from elfin.codegen.module import FunctionImport, Table
from elfin.core import functions as core
from elfin.garbage import uncollected
from elfin.ir.stmt import Block, Drop, Function, Group, If, Let, Loop, Results, Set, Switch
from elfin.ir.value import alone, forget, mark
from elfin.records import dataclass
from elfin.runtime.host import WASM_PAGE
from elfin.tiers.interp.nested import RESUME
from elfin.tiers.jit.clock import Clock
from elfin.tiers.jit.function import functions
from elfin.tiers.jit.inlining import with_inlined
from elfin.tiers.jit.lifted import trim
from elfin.tiers.jit.liveness import lift_region
from elfin.tiers.jit.plan import Plan
from elfin.tiers.jit.units import Unit

FIRST: Final = ("env", "first")  # where in the table a machine has room for the unit's functions
CALLING: Final = frozenset({Let, Set, Results, Drop})  # where calls stand
DEEP: Final = 10 * config.SWITCH_OPS  # frames: three a level of nesting, and as many to spare


@dataclass(frozen=True, slots=True)
class Making:
    """What a unit was made of, and the seconds that it took by step."""

    plan: Plan
    unit: Unit
    seconds: dict[str, float]

    def function(self) -> Function:
        """The unit's function.  Made anew for who wants to see it: it is most of what a translation makes, and
        to keep it would have Python look for garbage in it."""
        with alone, uncollected(), _deep():
            made, _, known = _functions(self.plan, Clock())
            forget(known)
        return made[0]


Watcher = Callable[[Making], None]


@contextmanager
def _deep() -> Iterator[None]:
    """Trees are walked by recursion, and a region may nest as deep as it is large."""
    limit = sys.getrecursionlimit()
    raised = max(limit, DEEP)
    sys.setrecursionlimit(raised)
    try:
        yield
    finally:
        if sys.getrecursionlimit() == raised:  # else another thread has chosen one meanwhile
            sys.setrecursionlimit(limit)


def make(plan: Plan) -> Making:
    """The unit of a plan.  One thread at a time does this; it looks at no guest memory."""
    with alone, uncollected(), _deep():
        return _make(plan)


def _make(plan: Plan) -> Making:
    clock = Clock(decode=plan.seconds)
    policy = plan.policy
    made, names, known = _functions(plan, clock)
    wasm = module.build(
        made,
        memory_import=("env", "memory", layout.GUEST_BASE // WASM_PAGE),
        imports=_imports(made),
        table=Table(
            config.TABLE_SIZE,
            config.TABLE_SIZE,
            imported=("env", "table"),
            elements=((FIRST, tuple(names.values())),),
        ),
        name=f"unit {plan.pc:x}",
        wide=policy.wide,
        labels=plan.labels,
    )
    unit = Unit(wasm, tuple(names), plan.code, plan.size, policy, plan.ways, plan.doors)
    forget(known)  # nothing of it is needed any more; a long run must not grow
    clock.done("codegen")
    return Making(plan, unit, clock.seconds)


def _functions(plan: Plan, clock: Clock) -> tuple[list[Function], dict[int, str], int]:
    """All functions, the names of those in the table, and since when values may be forgotten that they use."""
    trim()
    lifted = lift_region(plan.region, plan.policy)
    small = {region.entry: (region, lift_region(region, plan.policy)) for region in plan.small}
    clock.done("lift")
    known = mark()
    made, names = functions(with_inlined(plan.region, lifted, small), plan.policy, clock)
    return made, names, known


def _imports(functions: list[Function]) -> list[FunctionImport]:
    """The core functions that are called."""
    own = {f.name for f in functions}
    called: dict[str, None] = {}
    for f in functions:
        _called(f.body, called)
    return [_import(name) for name in called if name not in own]


def _import(name: str) -> FunctionImport:
    if name == RESUME.name:
        return RESUME
    row = core.row(name)
    return FunctionImport(name, row.params, () if row.result is None else (row.result,))


def _called(body: list[Any], into: dict[str, None]) -> None:
    """Adds the names of the functions that are called, the first first."""
    for stmt in body:
        kind = type(stmt)
        if kind in CALLING:
            if stmt.value.op == "call":
                into[stmt.value.imm] = None
        elif kind is Block or kind is Group or kind is Loop:
            _called(stmt.body, into)
        elif kind is If:
            _called(stmt.then, into)
            _called(stmt.other, into)
        elif kind is Switch:
            for case in (*stmt.cases, stmt.default):
                _called(case, into)
