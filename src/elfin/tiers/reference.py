"""The reference tier: decodes, lifts and evaluates one instruction at a time, all in Python.

Input:  the emulator's memory as a bytearray in `layout`'s form, register file included.
Output: an `Outcome` a step; the register file and guest memory changed, RIP included.
Slow, simple, and the meaning that the other tiers are held to.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.ir.evaluate import Fault, Goto, Left, Next, Outcome, evaluate
from elfin.ir.stmt import Effect
from elfin.rflags import set_rflags
from elfin.tiers.paged import PagedMemory

CONSTANT_SLOTS: Final = {layout.ZERO: 0, layout.ONES: (1 << 64) - 1, layout.LOW32: (1 << 32) - 1}


class Reference:
    """One processor and its memory."""

    def __init__(self, guest_size: int) -> None:
        self.memory = bytearray(layout.GUEST_BASE + guest_size)
        self.guest = PagedMemory(self.memory)
        self.state = memoryview(self.memory)[layout.STATE : layout.STATE + layout.STATE_SIZE]
        for slot, value in CONSTANT_SLOTS.items():
            self.put(slot, value)
        set_rflags(self.state, 0x202)

    def put(self, slot: int, value: int, n: int = 8) -> None:
        self.state[slot : slot + n] = value.to_bytes(n, "little")

    def get(self, slot: int, n: int = 8) -> int:
        return int.from_bytes(self.state[slot : slot + n], "little")

    def execute(self, effects: list[Effect], next_rip: int) -> Outcome:
        """Run one lifted instruction and move RIP; at a fault it stays."""
        outcome = evaluate(effects, self.state, self.guest, self.call)
        match outcome:
            case Next() | Left():
                self.put(layout.RIP, next_rip)
            case Goto(address):
                self.put(layout.RIP, address)
            case Fault():
                pass
        return outcome
