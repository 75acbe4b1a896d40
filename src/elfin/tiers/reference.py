"""The reference tier: decodes, lifts and evaluates one instruction at a time, all in Python.

Input:  the emulator's memory as a bytearray in `layout`'s form, register file included.
Output: an `Outcome` a step; the register file and guest memory changed, RIP included.
Slow, simple, and the meaning that the other tiers are held to.
"""

from __future__ import annotations

from typing import Any, Final

from elfin import layout
from elfin.core.build import DATA
from elfin.core.functions import MODULES
from elfin.decode.insn import Insn, decode
from elfin.decode.record import LONGEST
from elfin.dialect import CoreFunction, bound, f32, f64, u32, u64
from elfin.ir.evaluate import Fault, Goto, Left, Next, Outcome, evaluate
from elfin.ir.stmt import Effect
from elfin.ir.value import Value
from elfin.isa import vectors
from elfin.lift.instruction import lift
from elfin.rflags import set_rflags
from elfin.tiers.paged import PagedMemory

CONSTANT_SLOTS: Final = {layout.ZERO: 0, layout.ONES: (1 << 64) - 1, layout.LOW32: (1 << 32) - 1}
# Status of a core function that may fault.
FAULTED: Final = 1
UNFINISHED: Final = 2  # it stopped to let others run; the same call goes on
FUNCTIONS: Final[dict[str, CoreFunction[Any, Any]]] = {
    row.name: row for m in MODULES for row in vars(m).values() if isinstance(row, CoreFunction)
}


class Reference:
    """One processor and its memory."""

    def __init__(self, guest_size: int) -> None:
        self.memory = bytearray(layout.GUEST_BASE + guest_size)
        for address, data in DATA:
            self.memory[address : address + len(data)] = data
        self.guest = PagedMemory(self.memory)
        self.state = memoryview(self.memory)[layout.STATE : layout.STATE + layout.STATE_SIZE]
        self._lifted: dict[tuple[int, bytes], tuple[Insn, list[Effect]] | None] = {}
        for slot, value in CONSTANT_SLOTS.items():
            self.put(slot, value)
        set_rflags(self.state, 0x202)

    def put(self, slot: int, value: int, n: int = 8) -> None:
        self.state[slot : slot + n] = value.to_bytes(n, "little")

    def get(self, slot: int, n: int = 8) -> int:
        return int.from_bytes(self.state[slot : slot + n], "little")

    def step(self) -> Outcome:
        """Execute the instruction at RIP."""
        rip = self.get(layout.RIP)
        code = self.guest.fetch(rip, LONGEST)
        if isinstance(code, Fault):
            return code
        known = self.lifted(rip, code)
        if known is None:
            return Fault(vectors.UD)
        insn, effects = known
        outcome = self.run(effects)
        match outcome:
            case Next() | Left():
                self.put(layout.RIP, insn.next)
            case Goto(address):
                self.put(layout.RIP, address)
            case Fault():
                pass
        return outcome

    def run(self, effects: list[Effect]) -> Outcome:
        """Evaluate effects on this machine."""
        with bound(self.memory):
            return evaluate(effects, self.state, self.guest, self.call)

    def lifted(self, address: int, code: bytes) -> tuple[Insn, list[Effect]] | None:
        """The instruction and its effects; None where it is undefined or not implemented."""
        key = address, code
        if key not in self._lifted:
            insn = decode(code, address)
            if isinstance(insn, Insn) and insn.form.implemented:
                self._lifted[key] = insn, lift(insn)
            else:
                self._lifted[key] = None
        return self._lifted[key]

    def call(self, value: Value, args: list[int]) -> int | Fault:
        """A core function on patterns; one that faulted has said how in the register file."""
        row = FUNCTIONS[value.imm]
        arguments = [*map(_argument, row.classes, args)]
        result = row(*arguments)
        while row.may_fault and result == UNFINISHED:
            result = row(*arguments)
        if row.may_fault and result == FAULTED:
            return self.fault()
        if isinstance(result, f32 | f64):
            return int(result.to_bits())
        return int(result or 0) & (1 << value.type.bits) - 1

    def fault(self) -> Fault:
        """What the register file says of the last fault."""
        vector = self.get(layout.FAULT_VECTOR, 4)
        address = self.get(layout.FAULT_ADDRESS) if vector == vectors.PF else 0
        return Fault(vector, self.get(layout.FAULT_ERROR, 4), address)


def _argument(class_: type, pattern: int) -> Any:
    """A pattern as a value of the dialect."""
    if class_ is f32:
        return f32.from_bits(u32(pattern))
    if class_ is f64:
        return f64.from_bits(u64(pattern))
    return class_(pattern)
