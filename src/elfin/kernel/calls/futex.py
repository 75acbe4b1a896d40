"""futex: the waiting half of locks (man 2 futex).

The queues are in `kernel/futexes.py`.  Priority inheritance (the _PI operations) is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.futex import FUTEX_CLOCK_REALTIME, FUTEX_COMMAND, FutexOp
from elfin.kernel.call import Result, signed_32, syscall
from elfin.kernel.calls.moment import NS, read_timespec
from elfin.kernel.futexes import MATCH_ANY
from elfin.kernel.wait import Restart, Wait

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_MAY_USE_WALL = {FutexOp.FUTEX_WAIT, FutexOp.FUTEX_WAIT_BITSET}


@syscall(
    202, "futex", "word:ptr", "op:FUTEX", "value:uint", "timeout:hex", "word2:ptr", "value3:uint",
    note="without the priority-inheritance operations (ENOSYS)",
)  # fmt: skip
def futex(t: Task, word: int, op: int, value: int, timeout: int, word2: int, value3: int) -> Result:
    command = op & FUTEX_COMMAND
    wall = bool(op & FUTEX_CLOCK_REALTIME)
    if wall and command not in _MAY_USE_WALL:
        raise LinuxError(Errno.ENOSYS)
    if word % 4:
        raise LinuxError(Errno.EINVAL)
    match command:
        case FutexOp.FUTEX_WAIT:
            return _wait(t, word, value, _relative(t, timeout), MATCH_ANY)
        case FutexOp.FUTEX_WAIT_BITSET:
            return _wait(t, word, value, _absolute(t, timeout, wall=wall), value3)
        case FutexOp.FUTEX_WAKE:
            return _wake(t, word, value, MATCH_ANY)
        case FutexOp.FUTEX_WAKE_BITSET:
            return _wake(t, word, value, value3)
        case FutexOp.FUTEX_REQUEUE:
            return _requeue(t, word, value, word2, timeout)[0]
        case FutexOp.FUTEX_CMP_REQUEUE:
            if _word(t, word) != value3:
                raise LinuxError(Errno.EAGAIN)
            return sum(_requeue(t, word, value, word2, timeout))
        case FutexOp.FUTEX_WAKE_OP:
            return _wake_op(t, word, value, timeout, word2, value3)
        case _:
            raise LinuxError(Errno.ENOSYS)


def _word(t: Task, at: int) -> int:
    value: int = t.read_struct(at, "<I")[0]
    return value


def _relative(t: Task, timeout: int) -> float | None:
    return t.kernel.monotonic() + read_timespec(t, timeout) / NS if timeout else None


def _absolute(t: Task, timeout: int, *, wall: bool) -> float | None:
    if not timeout:
        return None
    kernel = t.kernel
    left = read_timespec(t, timeout) - (kernel.wall_ns() if wall else kernel.now_ns())
    return kernel.monotonic() + left / NS


def _wait(t: Task, word: int, expected: int, deadline: float | None, bitset: int) -> Result:
    if not bitset:
        raise LinuxError(Errno.EINVAL)
    if _word(t, word) != expected:
        raise LinuxError(Errno.EAGAIN)
    futexes = t.kernel.futexes
    waiter = futexes.join(futexes.key(t.process.address_space, word), bitset)

    def poll() -> int | None:
        return 0 if waiter.woken else None

    def leave() -> int | None:
        futexes.leave(waiter)
        return None

    def late() -> int | None:
        result = poll()
        if result is None and deadline is not None and t.kernel.monotonic() >= deadline:
            futexes.leave(waiter)
            return -Errno.ETIMEDOUT
        return result

    # With a time limit a handler always ends the wait; without one the call starts again.
    restart = Restart.SYS if deadline is None else Restart.EINTR
    return Wait(late, deadline, -Errno.ETIMEDOUT, restart=restart, on_interrupt=leave)


def _wake(t: Task, word: int, count: int, bitset: int) -> int:
    if not bitset:
        raise LinuxError(Errno.EINVAL)
    # As Linux does, a count of 0 wakes one.
    count = max(1, signed_32(count))
    return t.kernel.futexes.wake(t.process.address_space, word, count, bitset)


def _requeue(t: Task, word: int, wake: int, word2: int, move: int) -> tuple[int, int]:
    """How many were woken, and how many were moved."""
    wake, move = signed_32(wake), signed_32(move)
    if wake < 0 or move < 0 or word2 % 4:
        raise LinuxError(Errno.EINVAL)
    futexes, space = t.kernel.futexes, t.process.address_space
    source, target = futexes.key(space, word), futexes.key(space, word2)
    woken = futexes.wake_key(source, wake)
    return woken, futexes.requeue(source, target, move)


def _wake_op(t: Task, word: int, count: int, count2: int, word2: int, encoded: int) -> int:
    """Change the second word, wake on the first, and on the second if its old value says so."""
    operation, comparison = encoded >> 28 & 7, encoded >> 24 & 15
    operand = _sign_12(encoded >> 12)
    if encoded >> 31:
        operand = 1 << (operand & 31)
    if operation > 4 or comparison > 5:
        raise LinuxError(Errno.ENOSYS)
    old = _word(t, word2)
    changed = (operand, old + operand, old | operand, old & ~operand, old ^ operand)[operation]
    t.write_struct(word2, "<I", changed & 0xFFFF_FFFF)
    woken = _wake(t, word, count, MATCH_ANY)
    a, b = signed_32(old), _sign_12(encoded)
    if (a == b, a != b, a < b, a <= b, a > b, a >= b)[comparison]:
        woken += _wake(t, word2, count2, MATCH_ANY)
    return woken


def _sign_12(value: int) -> int:
    value &= 0xFFF
    return value - 0x1000 if value & 0x800 else value
