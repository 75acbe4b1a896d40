"""The instruction oracle: forms x encodings x states, on the processor and on a tier.

Output: a `Report` a form.  The same seed gives the same cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from elfin.decode.insn import Insn, decode
from elfin.isa.row import Form
from elfin.isa.table import FORMS
from tests.oracle import record
from tests.oracle.compare import describe, differences
from tests.oracle.encode import Encoding, encodings
from tests.oracle.generate import States
from tests.oracle.record import Case

# What the real processor cannot be asked, or answers otherwise every time, and why.
SKIPPED: Final = {
    "syscall": "the kernel would answer",
    "sysenter": "the kernel would answer",
    "int": "the kernel answers",
    "int1": "the trap is the answer",
    "int3": "the trap is how the oracle knows an instruction has ended",
    "cpuid": "says what elfin implements, not this processor",
    "xgetbv": "says what elfin implements, not this processor",
    "rdtsc": "time",
    "rdtscp": "time",
    "rdpmc": "time",
    "rdpid": "which processor this is",
    "rdrand": "random",
    "rdseed": "random",
    "iret": "needs a frame with selectors",
    "jmpf": "changes CS",
    "callf": "changes CS",
    "retf": "changes CS",
    **dict.fromkeys(("sgdt", "sidt", "sldt", "smsw", "str"), "the kernel emulates it (UMIP)"),
}


class Executor(Protocol):
    """Runs one instruction on each record."""

    @property
    def name(self) -> str: ...

    def run(self, cases: Sequence[Case]) -> list[bytes]: ...


@dataclass(slots=True)
class Report:
    """What came of one form."""

    form: Form
    states: int = 0
    faults: int = 0  # states in which the processor faulted
    differences: int = 0
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        verdict = f"{self.differences} DIFFER" if self.differences else "ok"
        return f"{self.form.mnemonic:12} {self.form.text:24} {self.states:7} states {self.faults:6} faults  {verdict}"


def forms(names: Iterable[str] = ()) -> list[Form]:
    """The implemented forms that the oracle can ask, of these mnemonics or of all."""
    wanted = set(names)
    return [
        form
        for form in FORMS
        if form.implemented
        and form.mnemonic not in SKIPPED
        and (not wanted or form.mnemonic in wanted or form.name() in wanted)
    ]


def cases(form: Form, states: States, seed: int, total: int) -> Iterator[tuple[Encoding, bytes]]:
    """About `total` encodings with states, at least three encodings of each kind and size."""
    rng = Random(f"{seed} {form.mnemonic} {form.text}")
    each = max(3, min(24, total // 40))
    places = iter(range(record.SLOTS))
    addresses = (record.slot_address(n) for n in places)
    chosen = [e for e in encodings(form, rng, addresses, each) if decodes_back(e)]
    for encoding in chosen:
        for before in states.records(encoding, rng, max(1, -(-total // len(chosen)))):
            yield encoding, before


def decodes_back(e: Encoding) -> bool:
    """False where the bytes belong to a more specific row (90+r with rAX is NOP)."""
    insn = decode(e.code, e.at)
    return isinstance(insn, Insn) and insn.form is e.form


def check(
    form: Form, native: Executor, tier: Executor, states: States, *, seed: int, total: int
) -> Report:
    """Run the form's cases on both and compare."""
    report = Report(form)
    chosen = list(cases(form, states, seed, total))
    batch = [Case(e.at, e.code, before) for e, before in chosen]
    pairs = zip(chosen, native.run(batch), tier.run(batch), strict=True)
    for (encoding, before), expected, got in pairs:
        report.states += 1
        report.faults += record.quad(expected, record.VECTOR) != record.DONE
        found = differences(encoding, before, expected, got)
        if found:
            report.differences += 1
            if len(report.examples) < 3:
                report.examples.append(
                    "\n".join([describe(encoding, before), *(f"  {line}" for line in found)])
                )
    return report
