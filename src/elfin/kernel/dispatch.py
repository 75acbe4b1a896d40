"""From a task at SYSCALL to an answer: find the row, convert the arguments, call the function.

Output: rax is set and the task runs on, or `task.wait` is set, or the task is dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.syscalls import name_of
from elfin.kernel.coherence import after_call, before_call
from elfin.kernel.table import TABLE
from elfin.kernel.wait import Wait

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_RAX = 0
_M64 = (1 << 64) - 1


def enter(task: Task) -> None:
    """Answer the system call that the task is in."""
    gpr = task.cpu.gpr
    number = task.call = gpr[_RAX] & 0xFFFF_FFFF
    process = task.process
    kernel = process.kernel
    kernel.current = process
    call = TABLE.get(number)
    if call is None:
        _report_missing(task, number)
        gpr[_RAX] = -Errno.ENOSYS & _M64
        return
    values = call.values(gpr)
    if kernel.tracer:
        kernel.tracer.enter(task, call, values)
    shares = process.address_space.shares
    if shares:
        before_call(task, call, values)
    try:
        result = call.function(task, *values)
    except LinuxError as error:
        result = -error.errno
    except MemoryError:  # the engine has none for another process
        result = -Errno.ENOMEM
    if shares:
        after_call(task, call, values)
    if isinstance(result, Wait):
        task.wait = result
    else:
        complete(task, result)


def poll(task: Task, wait: Wait, now: float) -> None:
    """Ask a waiting call again; it may be answered now."""
    late = wait.deadline is not None and now >= wait.deadline
    try:
        result = wait.poll()
    except LinuxError as error:
        result = -error.errno
    if result is None and late:
        result = wait.on_timeout
    if result is not None:
        task.wait = None
        complete(task, result)


def complete(task: Task, result: int) -> None:
    """The call is over: its result goes to rax."""
    if task.saved_mask is not None:
        task.mask, task.saved_mask = task.saved_mask, None
    kernel = task.process.kernel
    if kernel.tracer:
        kernel.tracer.leave(task, result)
    task.cpu.gpr[_RAX] = result & _M64


def _report_missing(task: Task, number: int) -> None:
    kernel, name = task.process.kernel, name_of(number)
    kernel.missing.add(name)
    if kernel.tracer:
        kernel.tracer.missing(task, name)
