"""Making a unit: regions translated together into one Wasm module.

Input:  a hot guest address, and the memory it is in.
Output: the `Unit`, which is the same wherever the code, its ways and the policy are.
        A `Watcher` sees what it was made of.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from elfin import config, layout
from elfin.codegen import module
from elfin.codegen.module import FunctionImport, Table
from elfin.core import build as core
from elfin.ir.stmt import Block, Drop, Function, If, Let, Loop, Results, Set, Switch
from elfin.ir.value import forget, mark
from elfin.runtime.host import WASM_PAGE
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.clock import Clock
from elfin.tiers.jit.code import Edges, Op, read_edges, read_run
from elfin.tiers.jit.function import functions
from elfin.tiers.jit.lifted import trim
from elfin.tiers.jit.liveness import lift_region
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.region import CALL, Region, discover, is_direct, kind
from elfin.tiers.jit.units import Unit

FIRST: Final = ("env", "first")  # where in the table a machine has room for the unit's functions
CALLING: Final = frozenset({Let, Set, Results, Drop})  # where calls stand
DEEP: Final = 10 * config.REGION_OPS  # frames: three a level of nesting, and as many to spare


@dataclass(frozen=True, slots=True)
class Making:
    """What a unit was made of, and the seconds that it took by step."""

    memory: GuestMemory
    unit: Unit
    regions: list[Region]
    functions: list[Function]
    seconds: dict[str, float]


Reader = Callable[[GuestMemory, int], list[Op]]
Namer = Callable[[GuestMemory, int], str | None]
Watcher = Callable[[Making], None]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Translating makes very many objects and hardly any cycles: to look for those costs a tenth of it."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _deep() -> Iterator[None]:
    """Trees are walked by recursion, and a region may nest as deep as it is large."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEEP))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@_deep()
@_uncollected()
def translate(
    memory: GuestMemory,
    pc: int,
    policy: Policy,
    *,
    read: Reader = read_run,
    edges: Edges | None = None,
    most: int | None = None,
    is_known: Callable[[int], bool] = lambda _: False,
    name: Namer | None = None,
    watch: Watcher | None = None,
) -> Unit | None:
    """The unit of a hot address: its region and those that it calls; None if there is nothing to
    translate, or if it would have more than `most` instructions.
    `is_known`: is there a translation already that starts at an address?  `name` gives symbols for the
    name section; `edges`: where branches go, if not as the memory has noted."""
    clock = Clock()
    edges = read_edges(memory) if edges is None else edges
    regions, spare = _regions(pc, lambda at: read(memory, at), edges, is_known, most)
    ops = sum(region.size for region in regions)
    if not regions or (most is not None and ops > most):
        return None
    clock.done("decode")
    trim()
    lifted = [lift_region(region, policy.rewrites) for region in regions]
    clock.done("lift")
    known = mark()
    made, names = functions(regions, lifted, policy, pc, clock, spare)
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
        name=f"unit {pc:x}",
        wide=policy.wide,
        labels={} if name is None else _labels(memory, regions, name),
    )
    unit = Unit(wasm, tuple(names), tuple(_code(memory, regions)), ops, policy)
    forget(known)  # nothing of it is needed any more; a long run must not grow
    clock.done("codegen")
    if watch is not None:
        by_entry = {region.entry: region for region in regions}
        own = [by_entry[at] for at in names]
        watch(Making(memory, unit, own, made[: len(own)], clock.seconds))
    return unit


def _regions(
    pc: int,
    read: Callable[[int], list[Op]],
    edges: Edges,
    is_known: Callable[[int], bool],
    most: int | None,
) -> tuple[list[Region], set[int]]:
    """The region of `pc`, then those it calls, nearest first, up to the limits of a unit.  Of those that are
    translated already only small ones: others are called through the table.  Which of them are.  What has more
    than `most` instructions is not read to its end."""
    end = config.REGION_OPS if most is None else min(config.REGION_OPS, most + 1)
    spare: set[int] = set()
    found: dict[int, Region] = {}
    seen: set[int] = set()
    work = [pc]
    size = 0
    while work and len(found) < config.UNIT_REGIONS and size < end:
        at = work.pop(0)
        if at in seen:
            continue
        seen.add(at)
        again = at != pc and is_known(at)
        limit = config.AGAIN_OPS + 1 if again else config.REGION_OPS
        if most is not None:
            limit = min(limit, end - size)
        region = discover(at, read, edges, limit)
        entry = region.blocks.get(at)
        if entry is None or (entry.step and len(entry.ops) == 1):
            continue  # nothing but the interpreter can execute it
        if again and region.size > config.AGAIN_OPS:
            continue
        found[at] = region
        if again:
            spare.add(at)
        size += region.size
        for block in region.blocks.values():
            last = block.ops[-1]
            if kind(last) == CALL:
                if not is_direct(last):
                    work += edges.get(last.pc, ())[: config.CALL_TARGETS]
                elif last.taken >= config.WARM:
                    work.append(last.disp)
    return list(found.values()), spare


def _code(memory: GuestMemory, regions: Iterable[Region]) -> list[tuple[int, bytes]]:
    pieces = []
    for region in regions:
        for block in region.blocks.values():
            size = block.next - block.pc
            pieces.append((block.pc, memory.space.read(layout.GUEST_BASE + block.pc, size)))
    return pieces


def _labels(memory: GuestMemory, regions: Iterable[Region], name: Namer) -> dict[str, str]:
    """Symbols for the names of functions."""
    found = {f"at_{r.entry:x}": symbol for r in regions if (symbol := name(memory, r.entry))}
    return {**found, **{f"{at}_entry": f"{symbol} (entry)" for at, symbol in found.items()}}


def _imports(functions: list[Function]) -> list[FunctionImport]:
    """The core functions that are called."""
    own = {f.name for f in functions}
    called: dict[str, None] = {}
    for f in functions:
        _called(f.body, called)
    return [_import(name) for name in called if name not in own]


def _import(name: str) -> FunctionImport:
    row = core.row(name)
    return FunctionImport(name, row.params, () if row.result is None else (row.result,))


def _called(body: list[Any], into: dict[str, None]) -> None:
    """Adds the names of the functions that are called, the first first."""
    for stmt in body:
        kind = type(stmt)
        if kind in CALLING:
            if stmt.value.op == "call":
                into[stmt.value.imm] = None
        elif kind is Block or kind is Loop:
            _called(stmt.body, into)
        elif kind is If:
            _called(stmt.then, into)
            _called(stmt.other, into)
        elif kind is Switch:
            for case in (*stmt.cases, stmt.default):
                _called(case, into)
