"""The functions of a program, found without running it.

Input:  the program in a guest memory, as at its start; its entry.
Output: addresses where functions begin, and where computed jumps go.
Code is followed from the entry along jumps and calls; then from what looks like a pointer to code.  What is missed is
translated in the page, if it gets hot there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from elfin import layout
from elfin.kernel.mm import AddressSpace
from elfin.pack.tables import targets
from elfin.records import dataclass, field
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.inside import read_warm
from elfin.tiers.jit.region import BRANCH, CALL, LINE, is_direct, is_indirect, onward

WINDOW: Final = 400  # bytes before a computed jump that may tell its table
WORD: Final = 8


@dataclass(slots=True)
class Code:
    """What is known of a program's code."""

    memory: GuestMemory
    executable: list[range]
    starts: dict[int, None] = field(
        default_factory=dict
    )  # of functions, in the order they were found
    edges: dict[int, tuple[int, ...]] = field(default_factory=dict)  # of computed jumps
    seen: set[int] = field(default_factory=set)  # addresses of instructions
    targets: set[int] = field(default_factory=set)  # of jumps
    pointers: dict[int, None] = field(
        default_factory=dict
    )  # constants that may be code's addresses
    _runs: dict[int, list[Op]] = field(default_factory=dict)

    def is_code(self, address: int) -> bool:
        return any(address in area for area in self.executable)

    def read(self, pc: int) -> list[Op]:
        """The instructions from there on, as if all ways had been taken."""
        found = self._runs.get(pc)
        if found is None:
            inside = self.is_code(pc)
            found = self._runs[pc] = read_warm(self.memory, pc) if inside else []
        return found


def find(memory: GuestMemory, space: AddressSpace, entry: int) -> Code:
    """All of a program."""
    areas = list(space.areas)
    code = Code(memory, [range(a.start, a.end) for a in areas if a.prot & layout.PAGE_X])
    _follow(code, entry)
    _follow_pointers(code)
    data = (a for a in areas if not a.prot & layout.PAGE_X and a.prot & layout.PAGE_R and a.file)
    for area in data:
        code.pointers |= dict.fromkeys(_pointers(code, area.start, area.end))
    _follow_pointers(code)
    return code


def _follow_pointers(code: Code) -> None:
    """What is pointed to is a function, unless something jumps there: it may be a case of a switch."""
    while code.pointers:
        at, _ = code.pointers.popitem()
        if at not in code.targets and at not in code.starts:
            _follow(code, at)


def _pointers(code: Code, start: int, end: int) -> Iterator[int]:
    """Words of data that may be addresses of code."""
    words = memoryview(code.memory.read(start, (end - start) & -WORD)).cast("Q")
    low = min((area.start for area in code.executable), default=0)
    high = max((area.stop for area in code.executable), default=0)
    return (word for word in dict.fromkeys(words) if low <= word < high and code.is_code(word))


def _follow(code: Code, start: int) -> None:
    """Note all that direct jumps and calls reach from the start of a function."""
    code.starts[start] = None
    work = deque([start])
    while work:
        at = work.popleft()
        while at not in code.seen and (line := code.read(at)):
            for op in line:
                if op.pc in code.seen:
                    break
                code.seen.add(op.pc)
                at = op.next
                found = onward(op)
                if found is LINE:
                    _note_constants(code, op)
                    continue
                if found is CALL and is_direct(op) and code.is_code(op.disp):
                    code.starts[op.disp] = None
                if is_direct(op):
                    work.append(op.disp)
                    code.targets.update([op.disp] * (found is not CALL))
                elif is_indirect(op):
                    code.edges[op.pc] = ways = targets(
                        code.memory,
                        [pc for pc in range(op.pc - WINDOW, op.pc + 1) if pc in code.seen],
                        code.is_code,
                    )
                    work.extend(ways)
                    code.targets.update(ways)
                if found not in (CALL, BRANCH):
                    at = -1
                    break
            else:
                continue
            break


def _note_constants(code: Code, op: Op) -> None:
    for value in (op.imm, op.disp):
        if code.is_code(value):
            code.pointers[value] = None
