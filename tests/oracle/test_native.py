"""The native executor itself: it tells an instruction that has ended from one that faulted."""

from __future__ import annotations

import pytest

from elfin.isa import vectors
from tests.oracle import record
from tests.oracle.native import Native
from tests.oracle.record import Case

AT = record.slot_address(3)


def state(**registers: int) -> bytes:
    before = bytearray(record.SIZE)
    before[record.FX : record.FX + record.FX_SIZE] = record.FX_DEFAULT
    record.set_quad(before, record.RIP, AT)
    record.set_quad(before, record.RFLAGS, 0x202)
    for name, value in registers.items():
        record.set_quad(before, 8 * ["rax", "rcx", "rdx", "rbx"].index(name), value)
    return bytes(before)


# code, registers -> vector, error, CR2, RIP relative to the instruction
OUTCOMES = [
    ("48 01 c8", {"rax": 5}, (record.DONE, 0, 0), 3),
    ("48 8b 00", {"rax": 0x1234}, (vectors.PF, 4, 0x1234), 0),
    ("48 89 00", {"rax": record.RODATA + 8}, (vectors.PF, 7, record.RODATA + 8), 0),
    ("48 8b 00", {"rax": 0x1234 << 48}, (vectors.GP, 0, 0), 0),
    ("f7 f1", {}, (vectors.DE, 0, 0), 0),
    ("0f 0b", {}, (vectors.UD, 0, 0), 0),
    ("ff e0", {"rax": 0x5000}, (record.DONE, 0, 0), 0x5000 - AT),
    ("0f 28 00", {"rax": record.DATA + 8}, (vectors.GP, 0, 0), 0),
]


def test_outcomes() -> None:
    with Native() as native:
        cases = [Case(AT, bytes.fromhex(code), state(**r)) for code, r, _, _ in OUTCOMES]
        for case, expected in zip(cases, OUTCOMES, strict=True):
            (after,) = native.run([case])
            outcome = tuple(
                record.quad(after, o) for o in (record.VECTOR, record.ERROR, record.CR2)
            )
            assert (outcome, record.quad(after, record.RIP) - AT) == expected[2:], case.code.hex()


def test_an_instruction_that_never_ends_is_named() -> None:
    with Native() as native, pytest.raises(RuntimeError, match="eb fe does not come back"):
        native.patience = 0.5
        native.run([Case(AT, b"\xeb\xfe", state())])


def test_the_worker_survives_many_batches() -> None:
    case = Case(AT, bytes.fromhex("48 ff c0"), state(rax=41))
    with Native() as native:
        results = native.run([case] * 5000)
    assert {record.quad(r, 0) for r in results} == {42}
