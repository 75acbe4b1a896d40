"""The frame of a signal handler on the guest's stack, byte for byte as Linux builds it.

From the new rsp upwards: return address (the restorer), ucontext (flags, link, altstack, sigcontext,
mask), siginfo; above that, 64-byte aligned, the FXSAVE image.  Source: asm/sigcontext.h,
asm-generic/ucontext.h, System V ABI x86-64 3.2.2 (red zone).
"""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.signal import UNBLOCKABLE, AltStackFlag, SaFlag, bit
from elfin.kernel.siginfo import SIZE as SIGINFO_SIZE
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.task import AltStack

if TYPE_CHECKING:
    from elfin.kernel.memory import Cpu
    from elfin.kernel.process import SigAction
    from elfin.kernel.task import Task

RED_ZONE = 128
_FPSTATE_SIZE = 512
_MINSIGSTKSZ = 2048
_UC_SIGCONTEXT_SS = 2
_UC_STRICT_RESTORE_SS = 4
_CS, _SS = 0x33, 0x2B

# The registers of a sigcontext in its order, by encoding number.
_ORDER = (8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4)
RAX, RSP, RDI, RSI, RDX = 0, 4, 7, 6, 2

_HEAD = struct.Struct("<Q QQ QI4xQ")  # restorer; uc_flags uc_link; ss_sp ss_flags ss_size
_CONTEXT = struct.Struct("<16Q QQ 4H QQQQ Q 64x")  # gprs; rip rflags; cs gs fs ss; err trapno
# oldmask cr2; fpstate
_MASK = struct.Struct("<Q")
_UCONTEXT = _HEAD.size - 8
FRAME_SIZE = _HEAD.size + _CONTEXT.size + _MASK.size + SIGINFO_SIZE

# Flags that sigreturn may change: AC OF DF TF SF ZF AF PF CF.  Linux lets RF pass too, which the
# processor clears with the next instruction.
_RESTORABLE_FLAGS = 0x40DD5
_CLEARED_FLAGS = 0x10500  # DF RF TF: a handler starts without them

_MXCSR_OFFSET = 24
_MXCSR_RESERVED = 0xFFFF_0000
_FRESH_FPU = struct.pack("<HHBxHQQII", 0x37F, 0, 0, 0, 0, 0, 0x1F80, 0xFFFF).ljust(512, b"\0")


def push(task: Task, info: SigInfo, action: SigAction) -> bool:
    """Make the task start in the handler; False if the frame cannot be stored."""
    cpu = task.cpu
    if not action.flags & SaFlag.SA_RESTORER:
        return False
    rsp = (cpu.gpr[RSP] - RED_ZONE) % (1 << 64)
    stack, entering = task.altstack, False
    on_it = stack.holds(cpu.gpr[RSP])
    if action.flags & SaFlag.SA_ONSTACK and stack.size and not on_it:
        rsp, entering = stack.address + stack.size, True
    fpstate = (rsp - _FPSTATE_SIZE) & ~63
    frame = ((fpstate - FRAME_SIZE) & ~15) - 8
    if (on_it or entering) and not stack.address < frame <= stack.address + stack.size:
        return False
    mask = task.mask if task.saved_mask is None else task.saved_mask
    data = _pack(task, action, mask, fpstate)
    if action.flags & SaFlag.SA_SIGINFO:
        data += info.pack()
    try:
        task.write_memory(fpstate, cpu.fxsave()[:_FPSTATE_SIZE])
        task.write_memory(frame, data)
    except LinuxError:
        return False
    _enter(task, info, action, frame)
    return True


def _pack(task: Task, action: SigAction, mask: int, fpstate: int) -> bytes:
    cpu, trap, stack = task.cpu, task.trap, task.altstack
    head = _HEAD.pack(
        action.restorer,
        _UC_SIGCONTEXT_SS | _UC_STRICT_RESTORE_SS,
        0,
        stack.address,
        stack.flags,
        stack.size,
    )
    context = _CONTEXT.pack(
        *(cpu.gpr[i] for i in _ORDER),
        cpu.rip,
        cpu.rflags,
        *(_CS, 0, 0, _SS),
        *(trap.error, trap.number, mask, trap.address),
        fpstate,
    )
    return head + context + _MASK.pack(mask)


def _enter(task: Task, info: SigInfo, action: SigAction, frame: int) -> None:
    cpu = task.cpu
    context = frame + 8
    cpu.gpr[RSP] = frame
    cpu.gpr[RDI] = info.signal
    cpu.gpr[RSI] = context + FRAME_SIZE - 8 - SIGINFO_SIZE
    cpu.gpr[RDX] = context
    cpu.gpr[RAX] = 0
    cpu.rip = action.handler
    cpu.rflags &= ~_CLEARED_FLAGS
    cpu.fxrstor(_FRESH_FPU)
    if task.altstack.flags & AltStackFlag.SS_AUTODISARM:
        task.altstack = AltStack(flags=AltStackFlag.SS_DISABLE)
    blocked = task.mask | action.mask
    if not action.flags & SaFlag.SA_NODEFER:
        blocked |= bit(info.signal)
    task.set_mask(blocked)
    task.saved_mask = None


def pop(task: Task) -> bool:
    """rt_sigreturn: take all state back from the frame; False if it cannot be read."""
    cpu = task.cpu
    frame = (cpu.gpr[RSP] - 8) % (1 << 64)
    try:
        data = task.read_memory(frame, _HEAD.size + _CONTEXT.size + _MASK.size)
        *_, address, flags, size = _HEAD.unpack_from(data)
        values = _CONTEXT.unpack_from(data, _HEAD.size)
        fpstate = values[-1]
        image = task.read_memory(fpstate, _FPSTATE_SIZE) if fpstate else _FRESH_FPU
    except LinuxError:
        return False
    (mxcsr,) = struct.unpack_from("<I", image, _MXCSR_OFFSET)
    if mxcsr & _MXCSR_RESERVED:
        return False
    (mask,) = _MASK.unpack_from(data, _HEAD.size + _CONTEXT.size)
    task.set_mask(mask & ~UNBLOCKABLE)
    _restore_registers(cpu, values)
    cpu.fxrstor(image)
    # As if by sigaltstack, but what that refuses is ignored (kernel/signal.c, restore_altstack).
    with suppress(LinuxError):
        set_altstack(task, address, flags, size)
    return True


def set_altstack(task: Task, address: int, flags: int, size: int) -> None:
    """What sigaltstack does once it has read its argument (EPERM, EINVAL, ENOMEM)."""
    if task.altstack.holds(task.cpu.gpr[RSP]):
        raise LinuxError(Errno.EPERM)
    mode = flags & ~AltStackFlag.SS_AUTODISARM
    if mode not in {0, AltStackFlag.SS_DISABLE, AltStackFlag.SS_ONSTACK}:
        raise LinuxError(Errno.EINVAL)
    if mode == AltStackFlag.SS_DISABLE:
        task.altstack = AltStack(flags=flags)
    elif size < _MINSIGSTKSZ:
        raise LinuxError(Errno.ENOMEM)
    else:
        task.altstack = AltStack(address, size, flags)


def _restore_registers(cpu: Cpu, values: tuple[int, ...]) -> None:
    for i, value in zip(_ORDER, values, strict=False):
        cpu.gpr[i] = value
    cpu.rip, flags = values[16:18]
    cpu.rflags = (cpu.rflags & ~_RESTORABLE_FLAGS) | (flags & _RESTORABLE_FLAGS)
