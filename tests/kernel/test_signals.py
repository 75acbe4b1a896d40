"""Signals to oneself: handlers, masks, frames, restart - against what Linux does."""

from __future__ import annotations

import struct

import pytest

from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.signal import Signal, bit
from tests.kernel.machine import Fault, Guest, Machine, Program, call, run

SA_SIGINFO, SA_ONSTACK, SA_RESTART = 4, 0x08000000, 0x10000000
SA_NODEFER, SA_RESETHAND = 0x40000000, 0x80000000


def test_default_action_kills() -> None:
    def main(g: Guest) -> Program:
        yield call("kill", g.task.tid, Signal.SIGTERM)
        raise AssertionError("unreachable")

    assert run(main) == Signal.SIGTERM


def test_handler_runs_and_returns() -> None:
    seen = []

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            seen.append(signal)
            yield call("getpid")

        yield g.sigaction(Signal.SIGUSR1, g.handler(handler))
        result = yield call("kill", g.task.tid, Signal.SIGUSR1)
        seen.append(result)
        return 7

    assert run(main) == 7 << 8
    assert seen == [Signal.SIGUSR1, 0]


def test_registers_survive_a_handler() -> None:
    machine = Machine()

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            h.task.cpu.gpr[3] = 0
            h.task.cpu.rflags ^= 0x8D5
            assert h.task.cpu.fxsave()[24:28] == b"\x80\x1f\0\0"
            h.task.cpu.fxrstor(bytes(512))
            yield call("getpid")

        g.task.cpu.gpr[3] = 0x1234
        g.task.cpu.rflags = 0x202 | 0x8D5
        image = bytes(24) + b"\xc0\x7f\0\0" + bytes(range(256)) + bytes(228)
        g.task.cpu.fxrstor(image)
        yield g.sigaction(Signal.SIGUSR1, g.handler(handler))
        yield call("tkill", g.task.tid, Signal.SIGUSR1)
        assert g.task.cpu.gpr[3] == 0x1234
        assert g.task.cpu.rflags == 0x202 | 0x8D5
        assert g.task.cpu.fxsave() == image
        return 0

    assert machine.run(main) == 0


def test_blocked_until_unblocked_and_lowest_first() -> None:
    seen: list[int] = []

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            seen.append(signal)
            yield call("getpid")

        mask = bit(Signal.SIGUSR1) | bit(Signal.SIGUSR2)
        for signal in (Signal.SIGUSR1, Signal.SIGUSR2):
            yield g.sigaction(signal, g.handler(handler), mask=mask)
        at = g.put(struct.pack("<Q", mask))
        yield call("rt_sigprocmask", 0, at, 0, 8)
        yield call("kill", g.task.tid, Signal.SIGUSR2)
        yield call("kill", g.task.tid, Signal.SIGUSR2)
        yield call("kill", g.task.tid, Signal.SIGUSR1)
        assert not seen
        pending = g.room(8)
        yield call("rt_sigpending", pending, 8)
        assert g.get(pending, "<Q") == (mask,)
        yield call("rt_sigprocmask", 1, at, 0, 8)
        return 0

    assert run(main) == 0
    assert seen == [Signal.SIGUSR1, Signal.SIGUSR2]


def test_real_time_signals_queue_in_order() -> None:
    seen: list[int] = []

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            info = h.task.cpu.gpr[6]
            seen.append(h.get(info + 24, "<Q")[0])
            yield call("getpid")

        yield g.sigaction(40, g.handler(handler), SA_SIGINFO)
        at = g.put(struct.pack("<Q", bit(40)))
        yield call("rt_sigprocmask", 0, at, 0, 8)
        for value in (11, 22, 33):
            info = g.put(struct.pack("<iii4xiIQ", 40, 0, -1, 1, 2, value).ljust(128, b"\0"))
            assert (yield call("rt_sigqueueinfo", g.task.tid, 40, info)) == 0
        yield call("rt_sigprocmask", 1, at, 0, 8)
        return 0

    assert run(main) == 0
    assert seen == [11, 22, 33]


def test_nodefer_and_resethand() -> None:
    masks = []

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            masks.append(h.task.mask)
            yield call("getpid")

        where = g.handler(handler)
        yield g.sigaction(Signal.SIGUSR1, where)
        yield call("kill", g.task.tid, Signal.SIGUSR1)
        yield g.sigaction(Signal.SIGUSR1, where, SA_NODEFER | SA_RESETHAND)
        yield call("kill", g.task.tid, Signal.SIGUSR1)
        yield call("kill", g.task.tid, Signal.SIGUSR1)

    assert run(main) == Signal.SIGUSR1
    assert masks == [bit(Signal.SIGUSR1), 0]


def test_alternate_stack() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            assert stack < h.task.cpu.gpr[4] <= stack + 8192
            old = h.room(24)
            yield call("sigaltstack", 0, old)
            assert h.get(old, "<QI4xQ") == (stack, 1, 8192)
            assert (yield call("sigaltstack", new, 0)) == -Errno.EPERM
            (uc_stack,) = (h.get(h.task.cpu.gpr[2] + 16, "<QI4xQ"),)
            assert uc_stack == (stack, 0, 8192)

        stack = g.room(8192)
        new = g.put(struct.pack("<QI4xQ", stack, 0, 8192))
        small = g.put(struct.pack("<QI4xQ", stack, 0, 100))
        assert (yield call("sigaltstack", small, 0)) == -Errno.ENOMEM
        assert (yield call("sigaltstack", new, 0)) == 0
        yield g.sigaction(Signal.SIGUSR1, g.handler(handler), SA_ONSTACK)
        yield call("kill", g.task.tid, Signal.SIGUSR1)
        return 0

    assert run(main) == 0


@pytest.mark.parametrize("blocked", [False, True])
def test_a_fault_without_handler_kills(blocked: bool) -> None:
    def main(g: Guest) -> Program:
        if blocked:
            at = g.put(b"\xff" * 8)
            yield call("rt_sigprocmask", 2, at, 0, 8)
        yield Fault(Signal.SIGSEGV, 1, 0x10, 14, 4)

    assert run(main) == Signal.SIGSEGV


@pytest.mark.parametrize(
    ("address", "error", "prot", "expected"),
    [
        (0x10, 4, None, (11, 1)),  # nothing there: SEGV_MAPERR
        (0x60_0000, 7, 1, (11, 2)),  # read-only: SEGV_ACCERR
        (0x60_0000, 0x15, 3, (11, 2)),  # not executable
        (0x60_0000, 5, 0, (11, 2)),  # PROT_NONE
    ],
)
def test_a_handled_fault_shows_what_happened(
    address: int, error: int, prot: int | None, expected: tuple[int, int]
) -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            info, context = h.task.cpu.gpr[6], h.task.cpu.gpr[2]
            number, code, at = h.get(info, "<i4xi4xQ")
            assert (number, code, at) == (*expected, address)
            # err, trapno, oldmask, cr2 of the sigcontext at ucontext + 40
            assert h.get(context + 40 + 152, "<QQQQ") == (error, 14, 0, address)
            assert h.get(context + 40 + 128, "<Q") == (0x1000,)
            yield call("exit_group", 3)

        if prot is not None:
            yield call("mmap", 0x60_0000, 4096, prot, 0x32, -1, 0)
        yield g.sigaction(Signal.SIGSEGV, g.handler(handler), SA_SIGINFO)
        yield Fault(Signal.SIGSEGV, 1, address, 14, error)

    assert run(main) == 3 << 8


def test_a_handler_without_room_for_its_frame_is_fatal() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            raise AssertionError("cannot run")
            yield

        yield g.sigaction(Signal.SIGUSR1, g.handler(handler))
        g.task.cpu.gpr[4] = 0x1000
        yield call("kill", g.task.tid, Signal.SIGUSR1)

    assert run(main) == Signal.SIGSEGV


def _pipe_reader(flags: int, results: list[int]) -> None:
    """A read of an empty pipe is interrupted by a handler that writes to it."""

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            yield call("write", fds[1], h.string(b"x"), 1)

        at = g.room(8)
        yield call("pipe2", at, 0)
        fds = g.get(at, "<ii")
        yield g.sigaction(Signal.SIGALRM, g.handler(handler), flags)
        timer = g.put(struct.pack("<qqqq", 0, 0, 0, 1000))
        yield call("setitimer", 0, timer, 0)
        results.append((yield call("read", fds[0], g.room(8), 8)))
        return 0

    assert run(main) == 0


def test_interrupted_read_restarts_only_with_sa_restart() -> None:
    results: list[int] = []
    _pipe_reader(0, results)
    _pipe_reader(SA_RESTART, results)
    assert results == [-Errno.EINTR, 1]


def test_nanosleep_reports_what_is_left() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            yield call("getpid")

        yield g.sigaction(Signal.SIGALRM, g.handler(handler), SA_RESTART)
        yield call("alarm", 1)
        time, left = g.put(struct.pack("<qq", 5, 0)), g.room(16)
        assert (yield call("nanosleep", time, left)) == -Errno.EINTR
        seconds, ns = g.get(left, "<qq")
        assert 3.9 < seconds + ns / 1e9 <= 4
        return 0

    assert run(main) == 0


def test_sigsuspend_puts_the_mask_back() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            masks.append(h.task.mask)
            yield call("getpid")

        masks: list[int] = []
        usr1 = bit(Signal.SIGUSR1)
        at, none = g.put(struct.pack("<Q", usr1)), g.put(bytes(8))
        yield g.sigaction(Signal.SIGUSR1, g.handler(handler))
        yield call("rt_sigprocmask", 0, at, 0, 8)
        yield call("kill", g.task.tid, Signal.SIGUSR1)
        assert (yield call("rt_sigsuspend", none, 8)) == -Errno.EINTR
        assert masks == [usr1]
        assert g.task.mask == usr1
        return 0

    assert run(main) == 0


def test_sigtimedwait_takes_or_times_out() -> None:
    def main(g: Guest) -> Program:
        at = g.put(struct.pack("<Q", bit(Signal.SIGUSR1)))
        yield call("rt_sigprocmask", 0, at, 0, 8)
        timeout, info = g.put(struct.pack("<qq", 0, 1000)), g.room(128)
        assert (yield call("rt_sigtimedwait", at, info, timeout, 8)) == -Errno.EAGAIN
        yield call("kill", g.task.tid, Signal.SIGUSR1)
        assert (yield call("rt_sigtimedwait", at, info, timeout, 8)) == Signal.SIGUSR1
        assert g.get(info, "<i4xi4xi") == (Signal.SIGUSR1, 0, g.task.tid)
        return 0

    assert run(main) == 0


def test_ignored_signals_are_dropped_when_sent() -> None:
    def main(g: Guest) -> Program:
        yield g.sigaction(Signal.SIGUSR1, 1)
        yield call("kill", g.task.tid, Signal.SIGUSR1)
        yield g.sigaction(Signal.SIGUSR1, 0)
        yield call("kill", g.task.tid, Signal.SIGCHLD)
        return 0

    assert run(main) == 0
