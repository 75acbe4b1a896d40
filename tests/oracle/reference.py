"""The reference tier as an executor of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from elfin import layout
from elfin.ir.evaluate import Fault, Outcome
from elfin.rflags import rflags, set_rflags
from elfin.tiers.reference import Reference
from tests.oracle import record
from tests.oracle.record import Case

GUEST_SIZE: Final = 0x20_0000
SEGMENTS: Final = bytes.fromhex("0000 3300 2b00 0000 0000 0000")  # es cs ss ds fs gs

DATA_SEGMENTS: Final = [layout.SEGMENT + 2 * n for n in (0, 3, 4, 5)]  # es ds fs gs


def load_state(state: bytearray | memoryview, before: bytes) -> None:
    """The register file becomes what the record says."""
    state[: layout.RIP + 8] = before[: record.RIP + 8]
    set_rflags(state, record.quad(before, record.RFLAGS))
    state[layout.FS_BASE : layout.FS_BASE + 16] = before[record.FS_BASE : record.FS_BASE + 16]
    state[layout.SEGMENT : layout.SEGMENT + 12] = SEGMENTS
    state[layout.MXCSR : layout.MXCSR + 4] = before[record.MXCSR : record.MXCSR + 4]
    state[layout.XMM : layout.XMM + 256] = before[record.XMM : record.XMM + 256]
    load_x87(state, before)


def load_x87(state: bytearray | memoryview, before: bytes) -> None:
    """As FXRSTOR: registers by their physical number, tags of two bits."""
    state[layout.FCW : layout.FCW + 4] = before[record.FX : record.FX + 4]
    state[layout.FOP : layout.FDP + 8] = before[record.FX + 6 : record.FX + 24]
    full, top = before[record.FX + 4], before[record.FX + 3] >> 3 & 7
    tags = sum(0 if full >> n & 1 else 3 << 2 * n for n in range(8))
    state[layout.FTW : layout.FTW + 2] = tags.to_bytes(2, "little")
    for n in range(8):
        at = layout.X87 + (top + n) % 8 * 16
        state[at : at + 16] = before[record.ST + 16 * n : record.ST + 16 * n + 16]


def save_x87(after: bytearray, state: bytes | bytearray | memoryview) -> None:
    """As FXSAVE; AMD's processors save pointers only while an exception is pending."""
    after[record.FX : record.FX + 4] = state[layout.FCW : layout.FCW + 4]
    pending = state[layout.FSW] & 0x80
    pointers = state[layout.FOP : layout.FDP + 8] if pending else bytes(18)
    after[record.FX + 6 : record.FX + 24] = pointers
    tags = int.from_bytes(state[layout.FTW : layout.FTW + 2], "little")
    after[record.FX + 4] = sum((tags >> 2 * n & 3 != 3) << n for n in range(8))
    top = state[layout.FSW + 1] >> 3 & 7
    for n in range(8):
        at = layout.X87 + (top + n) % 8 * 16
        after[record.ST + 16 * n : record.ST + 16 * n + 10] = state[at : at + 10]


def save_state(state: bytes | bytearray | memoryview, before: bytes, vector: int) -> bytearray:
    """A record of the register file; without memory and without the fault."""
    after = bytearray(before)
    after[: record.RIP + 8] = state[: layout.RIP + 8]
    record.set_quad(after, record.RFLAGS, rflags(state))
    after[record.FS_BASE : record.FS_BASE + 16] = state[layout.FS_BASE : layout.FS_BASE + 16]
    for n, register in enumerate(DATA_SEGMENTS):
        selector = int.from_bytes(state[register : register + 2], "little")
        if selector < 4:  # a null selector: the way through the kernel takes its RPL away
            selector = 0
        record.set_quad(after, record.SELECTORS + 8 * n, selector)
    record.set_quad(after, record.VECTOR, vector)
    after[record.MXCSR : record.MXCSR + 4] = state[layout.MXCSR : layout.MXCSR + 4]
    after[record.XMM : record.XMM + 256] = state[layout.XMM : layout.XMM + 256]
    save_x87(after, state)
    return after


class ReferenceExecutor:
    """Steps each case once."""

    name = "ref"

    def __init__(self) -> None:
        self.machine = Reference(GUEST_SIZE)
        guest = self.machine.guest
        guest.map(record.CODE, record.CODE_SIZE, layout.PAGE_R | layout.PAGE_X)
        guest.map(record.DATA, record.PAGE, layout.PAGE_R | layout.PAGE_W)
        guest.map(record.RODATA, record.PAGE, layout.PAGE_R)
        guest.poke(record.RODATA, record.RODATA_BYTES)

    def run(self, cases: Sequence[Case]) -> list[bytes]:
        return [self._one(case) for case in cases]

    def _one(self, case: Case) -> bytes:
        machine = self.machine
        load_state(machine.state, case.record)
        machine.guest.poke(case.at, case.code)
        machine.guest.poke(record.DATA, case.record[record.MEMORY :])
        outcome = machine.step()
        after = save_state(machine.state, case.record, record.DONE)
        after[record.MEMORY :] = machine.guest.peek(record.DATA, record.PAGE)
        set_fault(after, outcome)
        return bytes(after)


def set_fault(after: bytearray, outcome: Outcome) -> None:
    if isinstance(outcome, Fault):
        record.set_quad(after, record.VECTOR, outcome.vector)
        record.set_quad(after, record.ERROR, outcome.error)
        record.set_quad(after, record.CR2, outcome.address)
