"""The units of a program's functions, made by as many processes as there are processors.

Input:  the program's code, which of its functions are to be translated, in which order.
Output: for each of them what was made, in that order, as long as somebody asks.  ElfinError if a child was killed.
A child begins as a copy of this process, so that only entries and finished units go from one to the other.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Final

from elfin.errors import ElfinError
from elfin.pack.functions import Code
from elfin.pack.loops import Function
from elfin.records import dataclass
from elfin.tiers.jit import record
from elfin.tiers.jit.ahead import POLICY, check_of
from elfin.tiers.jit.plan import plan
from elfin.tiers.jit.unit import make

FEW: Final = 64  # functions: to start processes takes as long
PORTION: Final = 4  # functions that a process takes at once


@dataclass(frozen=True, slots=True)
class Made:
    """A unit as bytes; `rows`: addresses and their sums that it is found by, if no other is."""

    ops: int
    data: bytes
    rows: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Work:
    """A program, and all that is known of it."""

    code: Code
    functions: Mapping[int, Function]

    def make(self, entry: int) -> Made | None:
        """The unit of a function: its functions begin at the entry, and where loops do that may run on when they are
        hot."""
        function = self.functions[entry]
        planned = plan(
            self.code.memory,
            entry,
            POLICY,
            read=lambda _, pc: self.code.read(pc),
            edges=self.code.edges,
            also={at: self.code.starts.keys() | out for at, out in function.headers.items()},
            ends=self.code.starts,
            is_known=lambda at: at in self.functions,
        )
        if planned is None:
            return None
        unit = make(planned).unit
        addresses = dict.fromkeys((*unit.entries, *function.inner))
        rows = tuple((at, check_of(self.code.memory, at)) for at in addresses)
        return Made(unit.ops, record.encode(unit, unit.wasm), rows)


def units(
    work: Work, chosen: Sequence[int], processes: int | None = None
) -> Generator[Made | None]:
    """What is made of the functions at these addresses."""
    count = _processors() if processes is None else processes
    if count < 2 or len(chosen) < FEW or sys.platform != "linux":
        yield from map(work.make, chosen)
        return
    with ProcessPoolExecutor(count, get_context("fork"), _begin, (work,)) as pool:
        try:
            yield from pool.map(_make, chosen, chunksize=PORTION)
        except BrokenProcessPool:
            raise ElfinError(
                "a process that translates was killed: is there enough memory?"
            ) from None
        finally:  # nobody may ask for the rest
            pool.shutdown(cancel_futures=True)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


# -- in a child -----------------------------------------------------------------------------------

_work: Final[list[Work]] = []  # the one it was started for


def _begin(work: Work) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    _work.append(work)


def _make(entry: int) -> Made | None:
    return _work[0].make(entry)
