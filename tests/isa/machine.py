"""A small machine on the reference tier: bytes of one instruction, registers by name."""

from __future__ import annotations

from elfin import layout
from elfin.bits import M64
from elfin.ir.evaluate import Outcome
from elfin.rflags import rflags, set_rflags
from elfin.tiers.reference import Reference

CODE = 0x1_0000
DATA = 0x2_0000  # four pages: read and write
READ_ONLY = DATA + 4 * layout.PAGE  # one page
STACK = DATA + 2 * layout.PAGE
SLOTS = {name: 8 * n for n, name in enumerate(layout.GPR_NAMES)}
SLOTS |= {"rip": layout.RIP, "fs_base": layout.FS_BASE, "gs_base": layout.GS_BASE}


class Machine:
    """Registers are attributes: `m.rax = 1`."""

    def __init__(self) -> None:
        self.__dict__["reference"] = reference = Reference(0x10_0000)
        reference.guest.map(CODE, layout.PAGE, layout.PAGE_R | layout.PAGE_X)
        reference.guest.map(DATA, 4 * layout.PAGE, layout.PAGE_R | layout.PAGE_W)
        reference.guest.map(READ_ONLY, layout.PAGE, layout.PAGE_R)
        self.rsp = STACK
        for n, selector in enumerate((0, 0x33, 0x2B, 0, 0, 0)):  # es cs ss ds fs gs
            reference.put(layout.SEGMENT + 2 * n, selector, 2)

    def __getattr__(self, name: str) -> int:
        if name == "rflags":
            return rflags(self.reference.state)
        return self.reference.get(SLOTS[name])

    def __setattr__(self, name: str, value: int) -> None:
        if name == "rflags":
            set_rflags(self.reference.state, value)
        else:
            self.reference.put(SLOTS[name], value & M64)

    @property
    def reference(self) -> Reference:
        found = self.__dict__["reference"]
        assert isinstance(found, Reference)
        return found

    def step(self, code: str, at: int = CODE) -> Outcome:
        """Execute the instruction of these hexadecimal bytes."""
        self.reference.guest.poke(at, bytes.fromhex(code) + b"\xcc" * 16)
        self.rip = at
        return self.reference.step()

    def write(self, address: int, *words: int, size: int = 8) -> None:
        for n, word in enumerate(words):
            data = (word & (1 << 8 * size) - 1).to_bytes(size, "little")
            self.reference.guest.poke(address + n * size, data)

    def read(self, address: int, size: int = 8) -> int:
        return int.from_bytes(self.reference.guest.peek(address, size), "little")

    def selector(self, n: int) -> int:
        """es cs ss ds fs gs: 0..5."""
        return self.reference.get(layout.SEGMENT + 2 * n, 2)
