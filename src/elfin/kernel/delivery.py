"""Acting on pending signals, right before a task runs on in user mode.

Input:  a task with deliverable signals, perhaps in the middle of a waiting call.
Output: handler frames on its stack, or the process stopped or dead, or nothing.  How the call
it waits in ends is decided here (man 7 signal, "Interruption of system calls").
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from elfin.kernel import frame
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.resource import Rlimit
from elfin.kernel.abi.signal import (
    DUMPS_CORE,
    IGNORED_BY_DEFAULT,
    SIG_DFL,
    SIG_IGN,
    STOPS,
    SYNCHRONOUS,
    BusCode,
    SaFlag,
    SegvCode,
    Signal,
    bit,
)
from elfin.kernel.exit import Fault
from elfin.kernel.lifecycle import exit_process
from elfin.kernel.memory import PAGE_SIZE
from elfin.kernel.mm import EXECUTE, READ, WRITE
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import force, force_segv, is_ignored, stop
from elfin.kernel.task import Task, Trap
from elfin.kernel.wait import Restart
from elfin.records import replace

if TYPE_CHECKING:
    from elfin.kernel.process import Process, SigAction

_SYSCALL_LENGTH = 2  # bytes of the SYSCALL instruction: a restart goes back over it
_CORE_DUMPED = 0x80
_INVALID_OPCODE = 6
_PAGE_FAULT = 14
_TRAPS = {1, 3, 4}  # #DB #BP #OF: what they report has been executed
_RESUME_FLAG = 0x10000
_ILLEGAL_KEPT = 16
_LONGEST_INSTRUCTION = 15
_WRITE_ERROR, _FETCH_ERROR = 2, 16  # bits of a page fault's error code


def deliver(task: Task) -> bool:
    """Act on the deliverable signals, the most urgent first; was there any to act on?"""
    process, kernel = task.process, task.kernel
    acted = False
    while not task.dead and not process.stopped_by and task.deliverable():
        if task.wait is not None and task.wait.restart is Restart.KILL and not is_dying(task):
            break
        info = _take(task)
        acted = True
        action = process.action(info.signal)
        if action.handler == SIG_IGN:
            continue
        if kernel.tracer:
            kernel.tracer.signal(task, info)
        if action.handler != SIG_DFL:
            _run_handler(task, info, action)
        elif not bit(info.signal) & IGNORED_BY_DEFAULT:
            _default(task, info)
    return acted


def is_dying(task: Task) -> bool:
    """Is there a signal that will end the process?"""
    process, mask = task.process, task.deliverable()
    while mask:
        signal = (mask & -mask).bit_length()
        mask &= mask - 1
        default = process.action(signal).handler == SIG_DFL
        if default and not is_ignored(process, signal) and not bit(signal) & STOPS:
            return True
    return False


def _take(task: Task) -> SigInfo:
    allowed = ~task.mask
    for mask in (SYNCHRONOUS & allowed, allowed):
        for pending in (task.pending, task.process.pending):
            signal = pending.first(mask)
            if signal:
                return pending.take(signal)
    raise AssertionError("no deliverable signal")


def _run_handler(task: Task, info: SigInfo, action: SigAction) -> None:
    if task.wait is not None:
        _interrupt(task, restarts=bool(action.flags & SaFlag.SA_RESTART))
    if action.flags & SaFlag.SA_RESETHAND:
        task.process.signal_actions[info.signal] = replace(action, handler=SIG_DFL)
    if not frame.push(task, info, action):
        force_segv(task, info.signal)


def _interrupt(task: Task, *, restarts: bool) -> None:
    """End the waiting call because a handler is about to run."""
    wait = task.wait
    assert wait is not None
    task.wait = None
    result = wait.on_interrupt() if wait.on_interrupt else None
    if result is None:
        result = -Errno.EINTR
        if wait.restart is Restart.SYS and restarts:
            task.cpu.rip -= _SYSCALL_LENGTH
            task.cpu.gpr[frame.RAX] = task.call
            if task.kernel.tracer:
                task.kernel.tracer.leave(task, None)
            return
    task.cpu.gpr[frame.RAX] = result % (1 << 64)
    if task.kernel.tracer:
        task.kernel.tracer.leave(task, result)


def _default(task: Task, info: SigInfo) -> None:
    process, signal = task.process, info.signal
    if bit(signal) & STOPS:
        if signal != Signal.SIGSTOP and process.kernel.is_orphaned(process.pgid):
            return
        if task.wait is not None and task.wait.restart is Restart.EINTR:
            _interrupt(task, restarts=False)
        stop(process, signal)
        return
    exit_process(process, signal | _core_flag(process, signal))


def _core_flag(process: Process, signal: int) -> int:
    """Where Linux would write a core file, the status says so (no file is written)."""
    wanted = bit(signal) & DUMPS_CORE and process.dumpable
    return _CORE_DUMPED if wanted and process.limits.soft(Rlimit.RLIMIT_CORE) else 0


# -- faults --------------------------------------------------------------------------------


def fault(task: Task, event: Fault) -> None:
    """An instruction trapped: the signal it forces, with what the memory map knows."""
    task.trap = Trap(event.trapno, event.error, task.trap.address)
    signal, code = event.signal, event.code
    if event.trapno == _PAGE_FAULT:
        task.trap = Trap(event.trapno, event.error, event.address)
        signal, code = _page_fault(task, event)
    if event.trapno == _INVALID_OPCODE and len(task.kernel.illegal) < _ILLEGAL_KEPT:
        task.kernel.illegal[task.cpu.rip] = _code(task)
    if event.trapno not in _TRAPS:
        # The processor saves RF for a fault, and so the handler's frame shows it.
        task.cpu.rflags |= _RESUME_FLAG
    force(task, SigInfo.fault(signal, code, event.address))


def _code(task: Task) -> bytes:
    """The bytes of the instruction at rip, and some behind it where they can be read."""
    rip = task.cpu.rip
    for length in (_LONGEST_INSTRUCTION, min(-rip % PAGE_SIZE, _LONGEST_INSTRUCTION)):
        with suppress(LinuxError):
            return task.read_memory(rip, length)
    return b""


def _page_fault(task: Task, event: Fault) -> tuple[int, int]:
    area = task.process.address_space.areas.find(event.address)
    if area is None:
        return Signal.SIGSEGV, SegvCode.SEGV_MAPERR
    needed = READ | WRITE | EXECUTE
    if event.error & _WRITE_ERROR:
        needed = WRITE
    elif event.error & _FETCH_ERROR:
        needed = EXECUTE
    if area.prot & needed and event.address >= area.file_end:
        return Signal.SIGBUS, BusCode.BUS_ADRERR
    return Signal.SIGSEGV, SegvCode.SEGV_ACCERR
