"""The translator as an executor of records: each encoding is a region of its own.

`exact`: translated code checks the page table before each access, and its faults are compared.  Else the
host's protection ends a faulting run; such a case is given to the interpreter.
`sticky`: so are the sticky flags of float exceptions; else some may be missing.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from elfin import layout
from elfin.core.mxcsr import DE, PE, UE
from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.isa import vectors
from elfin.isa.leave import FAULTED, OUT_OF_BUDGET
from elfin.runtime.cpu import RegisterFile
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit.engine import Translator
from elfin.tiers.paged import FETCH
from tests.oracle import record
from tests.oracle.interp import InterpreterExecutor
from tests.oracle.record import Case
from tests.oracle.reference import load_state, save_state

FAULT: Final = struct.Struct("<QII")  # at layout.FAULT_ADDRESS: address, vector, error
READ, WRITE, EXECUTE = 1, 2, 4
RECYCLE: Final = 3000  # translations on one memory: an engine frees instances with the memory
PIECES: Final = 100  # that a repeated instruction may be executed in
RCX: Final = layout.RCX // 8


def with_quiet_flags(after: bytes, right: bytes) -> bytes:
    """The float exceptions that translated code may fail to note while nobody looks (`Policy.sticky`)."""
    at = record.MXCSR
    return after[:at] + bytes([after[at] | right[at] & (DE | UE | PE)]) + after[at + 1 :]


class TranslatorExecutor:
    """One memory for many cases."""

    def __init__(self, exact: bool, sticky: bool = True, host: WasmtimeHost | None = None) -> None:
        self.exact = exact
        self.sticky = sticky
        self.host = WasmtimeHost() if host is None else host
        canonical = self.host.name.endswith("-canonical")
        named = ("jit", "-guarded" * (not exact), "-quick" * (not sticky), "-canonical" * canonical)
        self.name = "".join(named)
        self.hardware, _ = policy.engine("jit", self.host)
        self.interpreter = InterpreterExecutor(self.host)
        self.cpu = RegisterFile()
        self._renew()

    def run(self, cases: Sequence[Case]) -> list[bytes]:
        if self.translator.units.next_index > RECYCLE:
            self.memory.close()
            self._renew()
        code = bytearray(b"\xcc" * record.CODE_SIZE)
        for case in cases:
            at = case.at - record.CODE
            code[at : at + len(case.code)] = case.code
        self.memory.write(record.CODE, bytes(code))
        self.memory.exports["drop_code"]()
        for at in {case.at for case in cases}:
            self.translator.translate(self.memory, at)
        results = []
        for case in cases:
            after = self._one(case)
            if after is None or not self.sticky:
                right = self.interpreter.run([case])[0]
                after = right if after is None else with_quiet_flags(after, right)
            results.append(after)
        return results

    def _renew(self) -> None:
        self.translator = Translator()
        self.memory: GuestMemory = self.hardware.new_memory()
        self.memory.protect(record.CODE, record.CODE_SIZE, READ | EXECUTE)
        self.memory.protect(record.DATA, record.PAGE, READ | WRITE)
        self.memory.protect(record.RODATA, record.PAGE, READ)
        self.memory.write(record.RODATA, record.RODATA_BYTES)
        if self.exact:
            self.memory.make_exact()
        if self.sticky:
            self.memory.make_sticky()

    def _one(self, case: Case) -> bytes | None:
        """None: the host refused an access, or would have."""
        space, file = self.memory.space, self.cpu.file
        load_state(file, case.record)
        if not self.exact and not self.memory.guarded and file[layout.RSP] % 8:
            return (
                None  # code that looks at pages itself expects an aligned stack (`tiers.jit.pages`)
            )
        self.memory.write(record.DATA, case.record[record.MEMORY :])
        space.write(layout.STATE, file)
        space.write(layout.STATE + layout.FLOAT_WATCHED, bytes([self.sticky]))
        try:
            reason = self._execute(case.at)
        except self.host.trap as trap:
            if self.memory.fault_of(trap) is None:
                raise
            # Without protection a store that ends the run is seen by nobody but us.
            self.memory.write(record.RODATA, record.RODATA_BYTES)
            return None
        state = space.read(layout.STATE, layout.TASK_SIZE)
        after = save_state(state, case.record, record.DONE)
        after[record.MEMORY :] = self.memory.read(record.DATA, record.PAGE)
        if reason == FAULTED:
            address, vector, error = FAULT.unpack_from(state, layout.FAULT_ADDRESS)
            if not (vector == vectors.PF and error & FETCH):  # else it has jumped to nowhere
                record.set_quad(after, record.VECTOR, vector)
                record.set_quad(after, record.ERROR, error)
                record.set_quad(after, record.CR2, address if vector == vectors.PF else 0)
        return bytes(after)

    def _execute(self, at: int) -> int:
        """The whole instruction: a repeated one may take several pieces."""
        space = self.memory.space
        reason = OUT_OF_BUDGET
        for _ in range(PIECES):
            reason = self.memory.exports["run"](1)
            head = struct.unpack("<17Q", space.read(layout.STATE, layout.RIP + 8))
            if head[-1] != at or reason != OUT_OF_BUDGET or head[RCX] == 0:
                break
        return reason
