"""Flags across instructions: programs of a few of them end in the same state translated as interpreted.

Single instructions are the oracle's (tests/oracle).  Where the manual leaves a flag undefined both have the same.
"""

from __future__ import annotations

from random import Random

import pytest

from elfin.hosts.wasmtime_py import WasmtimeHost
from tests.jit.sequences import Interpreted, Translated, cases
from tests.oracle import record
from tests.oracle.compare import HEADER_NAMES
from tests.oracle.generate import States
from tests.oracle.record import Case

PROGRAMS = 256
STATES = 3
POLICIES = {"exact": (True, True), "quick": (True, False), "guarded": (False, False)}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("budget", [1, 1000])
def test_same_state(policy: str, budget: int) -> None:
    exact, sticky = POLICIES[policy]
    interpreter = Interpreted(WasmtimeHost())
    interpreter.budget = budget
    translated = Translated(interpreter, exact=exact, sticky=sticky)
    # Guarded code may leave out a store of what is there already: it does not fault then.
    rng = Random(f"{policy} {budget}")
    chosen = list(cases(rng, States(0), PROGRAMS, STATES, faults=exact))
    size = STATES * record.SLOTS
    for i in range(0, len(chosen), size):
        batch = chosen[i : i + size]
        pairs = zip(batch, interpreter.run(batch), translated.run(batch), strict=True)
        for case, expected, got in pairs:
            found = _differences(expected, got)
            assert not found, "\n".join([_describe(case), *found])


def _differences(expected: bytes, got: bytes) -> list[str]:
    pairs = zip(HEADER_NAMES, record.header(expected), record.header(got), strict=True)
    faults = record.quad(expected, record.VECTOR) not in (record.DONE, 3)
    found = [
        f"{name}: interpreted {a:#x}, translated {b:#x}"
        for name, a, b in pairs
        if a != b and not (faults and name == "rflags")  # see `flow.Exit`
    ]
    for part in (slice(record.VECTOR, record.CR2 + 8), slice(record.FX, record.SIZE)):
        if expected[part] != got[part]:
            at = next(n for n in range(part.start, part.stop) if expected[n] != got[n])
            found.append(
                f"{at:#x}: {expected[at : at + 16].hex(' ')}, {got[at : at + 16].hex(' ')}"
            )
    return found


def _describe(case: Case) -> str:
    values = zip(HEADER_NAMES, record.header(case.record), strict=True)
    return f"{case.code.hex(' ')}\n" + " ".join(f"{name}={value:#x}" for name, value in values)
