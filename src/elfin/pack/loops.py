"""Which functions may run long, and where their loops begin.

Input:  the functions of a program (`functions.py`).
Output: those with loops or recursion, then those that loops call, then what these call.  Of each kind those of usual
size first, as linkers put them: the program's own before those of its libraries.
A function without a loop that nothing calls in a loop is interpreted: it is over before it is hot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from elfin.pack.functions import Code
from elfin.records import dataclass
from elfin.tiers.jit.region import CALL, Region, discover, is_direct, kind

LARGE: Final = 500  # instructions of a function
DEPTH: Final = 3  # loops in loops that may be entered


@dataclass(slots=True)
class Function:
    """`headers`: where its loops go round, each with where it is left; `inner`: other blocks
    of these."""

    entry: int
    size: int  # instructions
    headers: dict[int, set[int]]
    inner: list[int]
    calls: set[int]
    loop_calls: set[int]


def analyse(code: Code, entry: int) -> Function:
    """What is to be known of the function that begins there."""
    region = discover(entry, code.read, code.edges, ends=code.starts)
    edges = {pc: region.successors(block) for pc, block in region.blocks.items()}
    headers = loops(edges, edges, DEPTH)
    inside = {pc for own, _ in headers.values() for pc in own}
    return Function(
        entry,
        region.size,
        {pc: outside for pc, (_, outside) in headers.items() if pc != entry},
        sorted(inside - {entry, *headers}),
        _calls(region, region.blocks, code),
        _calls(region, inside, code),
    )


def loops(
    edges: dict[int, list[int]], nodes: Iterable[int], depth: int
) -> dict[int, tuple[set[int], set[int]]]:
    """The loops of a graph, and those in them: what they consist of and where they are left, by where they go round.
    Who is in a loop comes there by a jump, which is what makes code hot."""
    among = set(nodes)
    found: dict[int, tuple[set[int], set[int]]] = {}
    for part in components(sorted(among), lambda pc: [to for to in edges[pc] if to in among]):
        own = set(part)
        back = [to for pc in part for to in edges[pc] if to in own and to <= pc]
        if back:
            header = min(back)
            found[header] = own, {to for pc in part for to in edges[pc] if to not in own}
            if depth > 1:
                found |= loops(edges, own - {header}, depth - 1)
    return found


def ranked(functions: dict[int, Function]) -> list[Function]:
    """Those that may be hot, the likeliest first."""
    recursive = {
        pc
        for part in components(functions, lambda pc: functions[pc].calls & functions.keys())
        for pc in part
        if len(part) > 1 or pc in functions[pc].calls
    }
    first = {pc for pc, f in functions.items() if f.headers or f.inner or pc in recursive}
    second = {to for pc in first for to in functions[pc].loop_calls if to in functions}
    third = {to for pc in first | second for to in functions[pc].calls if to in functions}
    groups = first, second - first, third - second - first
    ordered = [sorted((functions[pc].size > LARGE, pc) for pc in group) for group in groups]
    return [functions[pc] for group in ordered for _, pc in group]


def _calls(region: Region, blocks: Iterable[int], code: Code) -> set[int]:
    """The functions that are called directly, or that jumps at the end go on to."""
    last = [region.blocks[pc].ops[-1] for pc in blocks]
    found = {op.disp for op in last if kind(op) == CALL and is_direct(op)}
    return found | {op.disp for op in last if is_direct(op) and op.disp in code.starts}


def components(nodes: Iterable[int], successors: Callable[[int], Iterable[int]]) -> list[list[int]]:
    """The strongly connected components (Tarjan 1972), without recursion."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in nodes:
        if root in number:
            continue
        work = [(root, iter(successors(root)))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for to in rest:
                if to not in number:
                    number[to] = low[to] = len(number)
                    stack.append(to)
                    on_stack.add(to)
                    work.append((to, iter(successors(to))))
                    break
                if to in on_stack:
                    low[node] = min(low[node], number[to])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == number[node]:
                    part: list[int] = []
                    while not part or part[-1] != node:
                        part.append(stack.pop())
                    on_stack.difference_update(part)
                    found.append(part)
    return found
