"""The interpreter as the kernel's `Engine`: run a task, say why it stopped.

Input:  a task whose memory is a `GuestMemory` and whose registers are a `RegisterFile`.
Output: an `Exit`, the registers exact.
"""

from __future__ import annotations

import importlib
import struct
from typing import Final, cast

from elfin import layout
from elfin.isa import vectors
from elfin.isa.leave import (
    FAULTED,
    LEAVE_INT1,
    LEAVE_INT3,
    LEAVE_SYSCALL,
    OUT_OF_BUDGET,
)
from elfin.kernel.exit import SYSTEM_CALL, BudgetEnd, Exit
from elfin.kernel.task import Task
from elfin.runtime import traps
from elfin.runtime.cpu import RegisterFile
from elfin.runtime.memory import GuestMemory

TRAPS: Final = {LEAVE_INT3: vectors.BP, LEAVE_INT1: vectors.DB}
STACK_FAULT: Final = "elfin.runtime.stack_fault"  # brings the decoder: imported when first needed
_INT_LENGTH = 2
_FAULT = struct.Struct("<QII")  # address, vector, error: layout.FAULT_ADDRESS and behind it


class Interpreter:
    """Runs tasks in the core module that their memory was made with."""

    def run(self, task: Task, budget: int) -> Exit:
        memory = cast(GuestMemory, task.memory)
        return exit_of(enter(task, memory, cast(RegisterFile, task.cpu), budget), task)


def enter(task: Task, memory: GuestMemory, cpu: RegisterFile, budget: int) -> int:
    """Run the task on its memory and registers; why it stopped, as a constant of `isa.leave`."""
    mirror = memory.mirror
    mirror.update(task)
    if not mirror.has_clock:
        cpu.advance_tsc(task.kernel.world.monotonic_ns())
    if cpu.file is memory.registers:
        return memory.run(budget)
    if memory.registers is not None:
        memory.seat(cpu)
        return memory.run(budget)
    memory.space.write(layout.STATE, cpu.file)
    reason = memory.run(budget)
    cpu.file[:] = memory.space.read(layout.STATE, layout.TASK_SIZE)
    return reason


def exit_of(reason: int, task: Task) -> Exit:
    """The `Exit` that a reason and the registers stand for."""
    if reason == LEAVE_SYSCALL:
        return SYSTEM_CALL
    cpu = cast(RegisterFile, task.cpu)
    if reason == OUT_OF_BUDGET:
        return BudgetEnd()
    mxcsr = cpu.mxcsr
    if reason == FAULTED:
        address, vector, error = _FAULT.unpack_from(cpu.file, layout.FAULT_ADDRESS)
        if vector == vectors.OF:  # a trap, and the one exception that only INT 4 raises
            cpu.rip += _INT_LENGTH
        elif vector == vectors.GP and error == 0:
            vector = _stack_or_other(task, cpu)
        status = x87_status(cpu) if vector == vectors.MF else mxcsr
        return traps.fault(vector, error, address, cpu.rip, status)
    return traps.fault(TRAPS[reason], 0, 0, cpu.rip, mxcsr)


def x87_status(cpu: RegisterFile) -> int:
    """Flags of FSW and masks of FCW where MXCSR has them."""
    control, status = struct.unpack_from("<HH", cpu.file, layout.FCW)
    return int(status & 0x3F | (control & 0x3F) << 7)


def _stack_or_other(task: Task, cpu: RegisterFile) -> int:
    """The vector of a #GP without an error code."""
    stack_fault = importlib.import_module(STACK_FAULT)
    code = task.memory.read(cpu.rip, min(-cpu.rip % layout.PAGE, 15))
    if len(code) < 15 and task.memory.permission(cpu.rip + len(code)):
        code += task.memory.read(cpu.rip + len(code), 15 - len(code))
    return vectors.SS if stack_fault.is_stack_fault(code, cpu) else vectors.GP
