"""Small calls: identity, limits, time, names, prctl - what they answer and what they refuse."""

from __future__ import annotations

import struct

from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.signal import Signal
from tests.kernel.machine import Guest, Machine, Program, call, run

KEEP = -1


def test_user_0_becomes_anybody_and_cannot_come_back() -> None:
    def main(g: Guest) -> Program:
        at = g.room(12)
        assert (yield call("setresuid", KEEP, 5, 7)) == 0
        yield call("getresuid", at, at + 4, at + 8)
        assert g.get(at, "<III") == (0, 5, 7)
        assert (yield call("setuid", 0)) == 0  # the real identity is still 0
        assert (yield call("geteuid")) == 0
        assert (yield call("setgid", 9)) == 0
        assert (yield call("setuid", 1000)) == 0
        yield call("getresuid", at, at + 4, at + 8)
        assert g.get(at, "<III") == (1000, 1000, 1000)
        assert (yield call("setuid", 0)) == -Errno.EPERM
        assert (yield call("setgroups", 0, 0)) == -Errno.EPERM
        assert (yield call("setresgid", 9, 9, 9)) == 0
        assert (yield call("setregid", 8, KEEP)) == -Errno.EPERM
        assert (yield call("setfsuid", 3)) == 1000
        assert (yield call("setfsuid", KEEP)) == 1000
        return 0

    assert run(main) == 0


def test_groups() -> None:
    def main(g: Guest) -> Program:
        at = g.put(struct.pack("<III", 30, 10, 20))
        assert (yield call("setgroups", 3, at)) == 0
        assert (yield call("getgroups", 0, 0)) == 3
        assert (yield call("getgroups", 2, at)) == -Errno.EINVAL
        assert (yield call("getgroups", 3, at)) == 3
        assert g.get(at, "<III") == (10, 20, 30)
        return 0

    assert run(main) == 0


def test_signals_of_other_users_are_refused() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            yield call("pause")

        pid = yield g.fork(child)
        yield call("setresuid", 5, 5, 5)
        assert (yield call("kill", pid, Signal.SIGTERM)) == -Errno.EPERM
        assert (yield call("kill", pid, Signal.SIGCONT)) == 0  # the same session
        assert (yield call("kill", 77, 0)) == -Errno.ESRCH
        assert (yield call("kill", pid, 65)) == -Errno.EINVAL
        return 0

    assert run(main) == 0


def test_limits() -> None:
    def main(g: Guest) -> Program:
        at, new = g.room(16), g.put(struct.pack("<QQ", 10, 20))
        yield call("getrlimit", 3, at)
        assert g.get(at, "<QQ") == (8 << 20, (1 << 64) - 1)
        assert (yield call("prlimit64", 0, 7, new, at)) == 0
        assert g.task.process.files.limit == 10
        assert (yield call("prlimit64", 0, 99, 0, at)) == -Errno.EINVAL
        yield call("setuid", 5)
        more = g.put(struct.pack("<QQ", 10, 30))
        assert (yield call("setrlimit", 7, more)) == -Errno.EPERM
        wrong = g.put(struct.pack("<QQ", 21, 20))
        assert (yield call("setrlimit", 7, wrong)) == -Errno.EINVAL
        return 0

    assert run(main) == 0


def test_clocks() -> None:
    def main(g: Guest) -> Program:
        at = g.room(16)
        before = 0
        for _ in range(3):
            yield call("clock_gettime", 1, at)
            seconds, ns = g.get(at, "<qq")
            assert seconds * 10**9 + ns > before
            before = seconds * 10**9 + ns
        for clock in (0, 2, 3, 4, 5, 6, 7, 11):
            assert (yield call("clock_gettime", clock, at)) == 0
        assert (yield call("clock_gettime", 10, at)) == -Errno.EINVAL
        assert (yield call("clock_gettime", 0, 8)) == -Errno.EFAULT
        yield call("clock_getres", 1, at)
        assert g.get(at, "<qq") == (0, 1)
        seconds = yield call("time", 0)
        yield call("gettimeofday", at, 0)
        assert abs(g.get(at, "<q")[0] - seconds) <= 1
        assert (yield call("clock_gettime", (~g.task.tid << 3) | 2, at)) == 0
        return 0

    assert run(main) == 0


def test_sleep_refuses_what_is_no_time() -> None:
    def main(g: Guest) -> Program:
        for seconds, ns in ((-1, 0), (0, 10**9), (0, -1)):
            at = g.put(struct.pack("<qq", seconds, ns))
            assert (yield call("nanosleep", at, 0)) == -Errno.EINVAL
        past = g.put(struct.pack("<qq", 0, 1))
        assert (yield call("clock_nanosleep", 1, 1, past, 0)) == 0
        assert (yield call("clock_nanosleep", 3, 0, past, 0)) == -Errno.EINVAL
        assert (yield call("clock_nanosleep", 4, 0, past, 0)) == -Errno.EOPNOTSUPP
        return 0

    assert run(main) == 0


def test_interval_timer_repeats_and_tells_what_is_left() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            count.append(signal)
            yield call("getpid")

        count: list[int] = []
        yield g.sigaction(Signal.SIGALRM, g.handler(handler))
        timer, left = g.put(struct.pack("<qqqq", 1, 0, 0, 500_000)), g.room(32)
        yield call("setitimer", 0, timer, 0)
        yield call("getitimer", 0, left)
        interval, _, seconds, us = g.get(left, "<qqqq")
        assert (interval, seconds) == (1, 0)
        assert 400_000 < us <= 500_000
        for _ in range(3):
            yield call("pause")
        assert len(count) == 3
        assert (yield call("alarm", 0)) == 1
        return 0

    assert run(main) == 0


def test_created_timers_carry_their_value_and_overrun() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            seen.append(h.get(h.task.cpu.gpr[6], "<i4xi4xiiQ"))
            yield call("getpid")

        seen: list[tuple[int, ...]] = []
        yield g.sigaction(40, g.handler(handler), 4)
        event, id_ = g.put(struct.pack("<Qiii", 0xABCD, 40, 0, 0)), g.room(4)
        assert (yield call("timer_create", 1, event, id_)) == 0
        (number,) = g.get(id_, "<i")
        times = g.put(struct.pack("<qqqq", 0, 0, 0, 1000))
        assert (yield call("timer_settime", number, 0, times, 0)) == 0
        yield call("pause")
        assert seen == [(40, -2, number, 0, 0xABCD)]
        assert (yield call("timer_getoverrun", number)) == 0
        assert (yield call("timer_delete", number)) == 0
        assert (yield call("timer_delete", number)) == -Errno.EINVAL
        return 0

    assert run(main) == 0


def test_names_and_the_machine() -> None:
    def main(g: Guest) -> Program:
        at = g.room(400)
        yield call("uname", at)
        fields = [f.rstrip(b"\0") for f in (g.task.memory.read(at + 65 * i, 65) for i in range(6))]
        assert fields[0] == b"Linux"
        assert fields[4] == b"x86_64"
        yield call("sysinfo", at)
        assert g.get(at + 80, "<H") == (1,)
        assert g.get(at + 104, "<I") == (1,)
        name = g.string(b"a name that is too long")
        yield call("prctl", 15, name, 0, 0, 0)
        yield call("prctl", 16, at, 0, 0, 0)
        assert g.task.memory.read(at, 16) == b"a name that is \0"
        assert (yield call("prctl", 9999, 0, 0, 0, 0)) == -Errno.EINVAL
        assert (yield call("arch_prctl", 0x1002, 0x1234)) == 0
        assert g.task.cpu.fs_base == 0x1234
        assert (yield call("arch_prctl", 0x1002, 1 << 47)) == -Errno.EPERM
        assert (yield call("sched_getaffinity", 0, 128, at)) == 8
        assert (yield call("set_tid_address", at)) == g.task.tid
        assert (yield call("getpriority", 0, 0)) == 20
        assert (yield call("rseq", at, 32, 0, 0)) == -Errno.ENOSYS
        return 0

    assert run(main) == 0


def test_missing_calls_are_reported_by_name() -> None:
    machine = Machine()

    def main(g: Guest) -> Program:
        assert (yield call("bpf", 0, 0, 0)) == -Errno.ENOSYS
        return 0

    assert machine.run(main) == 0
    assert machine.kernel.missing == {"bpf"}


def test_capabilities_follow_the_user() -> None:
    def main(g: Guest) -> Program:
        header, data = g.put(struct.pack("<Ii", 0x20080522, 0)), g.room(24)
        yield call("capget", header, data)
        assert g.get(data, "<III") == (0xFFFF_FFFF, 0xFFFF_FFFF, 0)
        yield call("setuid", 5)
        yield call("capget", header, data)
        assert g.get(data, "<III") == (0, 0, 0)
        assert (yield call("capget", g.put(bytes(8)), 0)) == 0
        return 0

    assert run(main) == 0


def test_futex_between_processes_on_shared_memory() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            for _ in range(3):
                yield call("sched_yield")
            c.task.write_memory(at, struct.pack("<I", 1))
            while not (yield call("futex", at, 1, 1, 0, 0, 0)):
                yield call("sched_yield")
            return 0

        at = yield call("mmap", 0, 4096, 3, 0x21, -1, 0)
        yield g.fork(child)
        assert (yield call("futex", at, 0, 0, 0, 0, 0)) == 0
        assert g.task.read_memory(at, 4) == b"\1\0\0\0"
        return 0

    assert run(main) == 0
