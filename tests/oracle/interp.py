"""The interpreter in Wasm as an executor of records: a budget of one instruction each.

Wasm leaves open which NaN an operation gives.  An engine that makes every NaN the canonical one behaves
as another processor than this one would, and elfin must not show it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from elfin import layout
from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.isa import vectors
from elfin.isa.leave import FAULTED, OUT_OF_BUDGET
from elfin.runtime.cpu import RegisterFile
from elfin.runtime.memory import GuestMemory
from elfin.tiers.interp.artifact import core_module
from elfin.tiers.paged import FETCH
from tests.oracle import record
from tests.oracle.record import Case
from tests.oracle.reference import load_state, save_state

FAULT: Final = struct.Struct("<QII")  # at layout.FAULT_ADDRESS: address, vector, error
DATA: Final = layout.GUEST_BASE + record.DATA
PIECES: Final = 100  # that a repeated instruction may be executed in


class CanonicalHost(WasmtimeHost):
    """wasmtime, with canonical NaNs."""

    name = "wasmtime-canonical"

    def __init__(self) -> None:
        super().__init__(canonical=True)


class InterpreterExecutor:
    """One memory for all cases."""

    def __init__(self, host: WasmtimeHost, name: str = "interp") -> None:
        self.name = name
        self.memory = GuestMemory(host, core_module(host))
        self.file = bytearray(RegisterFile().file)
        self.memory.protect(record.CODE, record.CODE_SIZE, layout.PAGE_R | layout.PAGE_X)
        self.memory.protect(record.DATA, record.PAGE, layout.PAGE_R | layout.PAGE_W)
        self.memory.protect(record.RODATA, record.PAGE, layout.PAGE_R)
        self.memory.write(record.RODATA, record.RODATA_BYTES)

    def run(self, cases: Sequence[Case]) -> list[bytes]:
        code = bytearray(b"\xcc" * record.CODE_SIZE)
        for case in cases:
            at = case.at - record.CODE
            code[at : at + len(case.code)] = case.code
        self.memory.write(record.CODE, bytes(code))
        return [self._one(case) for case in cases]

    def _one(self, case: Case) -> bytes:
        space, file = self.memory.space, self.file
        load_state(file, case.record)
        space.write(layout.STATE, file)
        space.write(DATA, memoryview(case.record)[record.MEMORY :])
        reason = self._execute(case.at)
        state = space.read(layout.STATE, layout.TASK_SIZE)
        after = save_state(state, case.record, record.DONE)
        after[record.MEMORY :] = space.read(DATA, record.PAGE)
        if reason == FAULTED:
            address, vector, error = FAULT.unpack_from(state, layout.FAULT_ADDRESS)
            if not (vector == vectors.PF and error & FETCH):  # else it has jumped to nowhere
                record.set_quad(after, record.VECTOR, vector)
                record.set_quad(after, record.ERROR, error)
                record.set_quad(after, record.CR2, address if vector == vectors.PF else 0)
        return bytes(after)

    def _execute(self, at: int) -> int:
        """The whole instruction: a repeated one may take several pieces."""
        reason = OUT_OF_BUDGET
        for _ in range(PIECES):
            reason = self.memory.exports["run"](1)
            state = self.memory.space.read(layout.STATE, layout.TASK_SIZE)
            unmoved = record.quad(state, layout.RIP) == at
            if reason != OUT_OF_BUDGET or not unmoved or not record.quad(state, layout.RCX):
                break  # done, or not a repeated instruction
        return reason
