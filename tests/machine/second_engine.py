"""A second engine for the kernel: unicorn (QEMU's translator) instead of elfin's own interpreter.

It lets the kernel, the loader, the API and the command line be tested on real programs without the
interpreter, so that a failure says on which side of `Engine` it lies.
"""

from __future__ import annotations

import struct
from typing import Any, cast

import unicorn
from unicorn import x86_const as x86

from elfin import layout
from elfin.kernel.exit import BudgetEnd, Exit, Fault, SystemCall
from elfin.kernel.task import Task
from elfin.layout import GUEST_LIMIT, PAGE
from elfin.runtime.cpu import RegisterFile

GPR = [getattr(x86, f"UC_X86_REG_{name.upper()}") for name in layout.GPR_NAMES]
XMM = [getattr(x86, f"UC_X86_REG_XMM{n}") for n in range(16)]
SIGILL, SIGTRAP, SIGFPE, SIGSEGV = 4, 5, 8, 11
UNMAPPED = {unicorn.UC_MEM_READ_UNMAPPED, unicorn.UC_MEM_WRITE_UNMAPPED, unicorn.UC_MEM_FETCH_UNMAPPED}  # fmt: skip
WRITES = {unicorn.UC_MEM_WRITE_UNMAPPED, unicorn.UC_MEM_WRITE_PROT}
FETCHES = {unicorn.UC_MEM_FETCH_UNMAPPED, unicorn.UC_MEM_FETCH_PROT}
NOWHERE = (1 << 47) - 1
SLICE_US = 50_000


class SecondMemory:
    """Guest memory in a unicorn instance."""

    def __init__(self, limit: int = GUEST_LIMIT) -> None:
        self.size_limit = limit
        self.uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        self.permissions: dict[int, int] = {}
        self.event: Exit | None = None
        self.uc.hook_add(unicorn.UC_HOOK_INSN, self._on_syscall, None, 1, 0, x86.UC_X86_INS_SYSCALL)
        self.uc.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        self.uc.hook_add(
            unicorn.UC_HOOK_MEM_UNMAPPED | unicorn.UC_HOOK_MEM_PROT, self._on_bad_access
        )

    def read(self, addr: int, n: int) -> bytes:
        return bytes(self.uc.mem_read(addr, n)) if n else b""

    def write(self, addr: int, data: bytes) -> None:
        if data:
            self._cover(addr, len(data))
            self.uc.mem_write(addr, bytes(data))
            self._forget_code(addr, len(data))

    def _cover(self, addr: int, n: int) -> None:
        """A Wasm memory has all bytes below its size, whatever the permission of their pages."""
        for page in range(addr & -PAGE, addr + n, PAGE):
            if page not in self.permissions:
                self.protect(page, PAGE, 0)

    def fill_zero(self, addr: int, n: int) -> None:
        self.write(addr, bytes(n))

    def protect(self, addr: int, n: int, perm: int) -> None:
        # Pages stay in unicorn's map for good: PROT_NONE must keep what they hold.
        for page in range(addr, addr + n, PAGE):
            if page not in self.permissions:
                self.uc.mem_map(page, PAGE, perm)
            elif self.permissions[page] != perm:
                self.uc.mem_protect(page, PAGE, perm)
            self.permissions[page] = perm

    def permission(self, addr: int) -> int:
        return self.permissions.get(addr & -PAGE, 0)

    def clone(self) -> SecondMemory:
        copy = SecondMemory(self.size_limit)
        for page, perm in self.permissions.items():
            copy.protect(page, PAGE, perm)
            copy.uc.mem_write(page, bytes(self.uc.mem_read(page, PAGE)))
        return copy

    def close(self) -> None:
        self.permissions.clear()
        self.uc.release_handle(self.uc)

    def _forget_code(self, addr: int, n: int) -> None:
        if any(self.permissions.get(p, 0) & 4 for p in range(addr & -PAGE, addr + n, PAGE)):
            self.uc.ctl_remove_cache(addr, addr + n)

    def _on_syscall(self, uc: Any, _: Any) -> None:
        self.event = SystemCall()
        uc.emu_stop()

    def _on_interrupt(self, uc: Any, number: int, _: Any) -> None:
        signal, code = {0: (SIGFPE, 1), 3: (SIGTRAP, 0x80)}.get(number, (SIGSEGV, 0x80))
        self.event = Fault(signal, code, uc.reg_read(x86.UC_X86_REG_RIP), number, 0)
        uc.emu_stop()

    def _on_bad_access(
        self, uc: Any, access: int, address: int, size: int, value: int, _: Any
    ) -> bool:
        error = (access not in UNMAPPED) | (access in WRITES) << 1 | 4 | (access in FETCHES) << 4
        code = 1 if access in UNMAPPED or not self.permission(address) else 2
        self.event = Fault(SIGSEGV, code, address, 14, error)
        return False


class SecondHardware:
    """Makes `SecondMemory`s; registers are the runtime's own."""

    hwcap = 0x078BFBFF

    def __init__(self, limit: int = GUEST_LIMIT) -> None:
        self.limit = limit

    def new_memory(self) -> SecondMemory:
        return SecondMemory(self.limit)

    def new_cpu(self) -> RegisterFile:
        return RegisterFile()


class SecondEngine:
    """Runs a task in its memory's unicorn instance."""

    def run(self, task: Task, budget: int) -> Exit:
        memory, cpu = cast(SecondMemory, task.memory), cast(RegisterFile, task.cpu)
        uc = memory.uc
        for register, value in zip(GPR, cpu.gpr, strict=True):
            uc.reg_write(register, value)
        for n, register in enumerate(XMM):
            at = layout.XMM + 16 * n
            uc.reg_write(register, int.from_bytes(cpu.file[at : at + 16], "little"))
        (mxcsr,) = struct.unpack_from("<I", cpu.file, layout.MXCSR)
        uc.reg_write(x86.UC_X86_REG_MXCSR, mxcsr)
        uc.reg_write(x86.UC_X86_REG_RFLAGS, cpu.rflags)
        uc.reg_write(x86.UC_X86_REG_FS_BASE, cpu.fs_base)
        uc.reg_write(x86.UC_X86_REG_GS_BASE, cpu.gs_base)
        memory.event = None
        try:
            uc.emu_start(cpu.rip, NOWHERE, SLICE_US)
        except unicorn.UcError:
            rip = uc.reg_read(x86.UC_X86_REG_RIP)
            memory.event = memory.event or Fault(SIGILL, 2, rip, 6, 0)
        for n, register in enumerate(GPR):
            cpu.gpr[n] = uc.reg_read(register)
        for n, register in enumerate(XMM):
            at = layout.XMM + 16 * n
            cpu.file[at : at + 16] = uc.reg_read(register).to_bytes(16, "little")
        struct.pack_into("<I", cpu.file, layout.MXCSR, uc.reg_read(x86.UC_X86_REG_MXCSR))
        cpu.rip = uc.reg_read(x86.UC_X86_REG_RIP)
        cpu.rflags = uc.reg_read(x86.UC_X86_REG_RFLAGS)
        cpu.fs_base = uc.reg_read(x86.UC_X86_REG_FS_BASE)
        cpu.gs_base = uc.reg_read(x86.UC_X86_REG_GS_BASE)
        if isinstance(memory.event, SystemCall):
            cpu.gpr[1], cpu.gpr[11] = cpu.rip, cpu.rflags
        return memory.event or BudgetEnd()
