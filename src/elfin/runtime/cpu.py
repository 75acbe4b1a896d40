"""The registers of one task between runs: the register file's task part.

Implements the kernel's `Cpu`.  Where the host shows its memory, the file lies where the task ran last, at
STATE, until another task runs there (`GuestMemory.seat`): a system call moves no registers.
"""

from __future__ import annotations

import struct
from collections.abc import MutableSequence
from typing import cast

from elfin import layout
from elfin.bits import M64
from elfin.rflags import IF, rflags, set_rflags

FXSAVE_SIZE = 512
MXCSR_DEFAULT = 0x1F80
MXCSR_MASK = 0xFFFF
FCW_DEFAULT = 0x37F
SELECTORS = struct.pack("<6H", 0, 0x33, 0x2B, 0, 0, 0)  # es cs ss ds fs gs of 64-bit Linux tasks
_FX_HEAD = struct.Struct("<HHBxHQQII")
_X87_EMPTY = 0xFFFF


class RegisterFile:
    """One task's registers."""

    def __init__(self) -> None:
        self._lie_in(memoryview(bytearray(layout.TASK_SIZE)))
        self.reset()

    def _lie_in(self, file: memoryview) -> None:
        self.file = file
        self._words = file.cast("Q")
        self._halves = file.cast("I")
        self.gpr = cast("MutableSequence[int]", self._words[:16])

    def move(self, file: memoryview | None = None) -> None:
        """The registers lie in `file` from now on, or in a place of their own."""
        file = memoryview(bytearray(layout.TASK_SIZE)) if file is None else file
        file[:] = self.file
        self._lie_in(file)

    def reset(self) -> None:
        self.file[:] = bytes(layout.TASK_SIZE)
        self._words[layout.ONES // 8] = M64
        self._words[layout.LOW32 // 8] = (1 << 32) - 1
        self.rflags = IF
        self.file[layout.SEGMENT : layout.SEGMENT + len(SELECTORS)] = SELECTORS
        self._put("<I", layout.MXCSR, MXCSR_DEFAULT)
        self._put("<HHH", layout.FCW, FCW_DEFAULT, 0, _X87_EMPTY)

    def copy(self) -> RegisterFile:
        other = RegisterFile()
        other.file[:] = self.file
        return other

    @property
    def rip(self) -> int:
        return self._words[layout.RIP // 8]

    @rip.setter
    def rip(self, value: int) -> None:
        self._words[layout.RIP // 8] = value

    @property
    def fs_base(self) -> int:
        return self._words[layout.FS_BASE // 8]

    @fs_base.setter
    def fs_base(self, value: int) -> None:
        self._words[layout.FS_BASE // 8] = value

    @property
    def gs_base(self) -> int:
        return self._words[layout.GS_BASE // 8]

    @gs_base.setter
    def gs_base(self, value: int) -> None:
        self._words[layout.GS_BASE // 8] = value

    @property
    def rflags(self) -> int:
        return rflags(self.file)

    @rflags.setter
    def rflags(self, value: int) -> None:
        set_rflags(self.file, value)

    @property
    def mxcsr(self) -> int:
        return self._halves[layout.MXCSR // 4]

    @property
    def instructions(self) -> int:
        """Instructions this task has retired."""
        return self._words[layout.COUNT // 8]

    def advance_tsc(self, clock: int) -> None:
        """Set what RDTSC reads to the clock, unless readings have got ahead of it."""
        at = layout.TSC // 8
        self._words[at] = max(self._words[at], clock)

    def fxsave(self) -> bytes:
        fcw, fsw, tags, fop, fip, fdp = struct.unpack_from("<HHHHQQ", self.file, layout.FCW)
        (mxcsr,) = struct.unpack_from("<I", self.file, layout.MXCSR)
        image = bytearray(FXSAVE_SIZE)
        valid = sum(1 << i for i in range(8) if tags >> 2 * i & 3 != 3)
        _FX_HEAD.pack_into(image, 0, fcw, fsw, valid, fop, fip, fdp, mxcsr, MXCSR_MASK)
        top = fsw >> 11 & 7
        for i in range(8):  # ST(i) lies in physical register TOP+i
            at = layout.X87 + (top + i) % 8 * 16
            image[32 + 16 * i : 42 + 16 * i] = self.file[at : at + 10]
        image[160:416] = self.file[layout.XMM : layout.XMM + 256]
        return bytes(image)

    def fxrstor(self, image: bytes) -> None:
        fcw, fsw, valid, fop, fip, fdp, mxcsr, _ = _FX_HEAD.unpack_from(image, 0)
        tags = sum((0 if valid >> i & 1 else 3) << 2 * i for i in range(8))
        self._put("<HHHHQQ", layout.FCW, fcw, fsw, tags, fop, fip, fdp)
        self._put("<I", layout.MXCSR, mxcsr & MXCSR_MASK)
        top = fsw >> 11 & 7
        for i in range(8):
            at = layout.X87 + (top + i) % 8 * 16
            self.file[at : at + 10] = image[32 + 16 * i : 42 + 16 * i]
        self.file[layout.XMM : layout.XMM + 256] = image[160:416]

    def _put(self, form: str, slot: int, *values: int) -> None:
        struct.pack_into(form, self.file, slot, *values)
