"""Processes: fork, vfork, wait, groups, stopping, orphans, pipes between them."""

from __future__ import annotations

import struct

import pytest

from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.signal import Signal
from tests.kernel.machine import SPIN, Guest, Machine, Program, call, run

WNOHANG, WUNTRACED, WEXITED, WCONTINUED, WNOWAIT = 1, 2, 4, 8, 0x01000000
CLONE_VM, CLONE_VFORK = 0x100, 0x4000


def leave(code: int):  # type: ignore[no-untyped-def]
    def child(g: Guest) -> Program:
        yield call("exit_group", code)

    return child


def settle() -> Program:
    """Let the others run until they wait."""
    for _ in range(10):
        yield call("sched_yield")
    return 0


def test_fork_returns_twice_and_wait_gets_the_status() -> None:
    def main(g: Guest) -> Program:
        pid = yield g.fork(leave(42))
        status = g.room(4)
        assert (yield call("wait4", -1, status, 0, 0)) == pid
        assert g.get(status, "<i") == (42 << 8,)
        assert (yield call("wait4", -1, status, 0, 0)) == -Errno.ECHILD
        return 0

    assert run(main) == 0


def test_fork_copies_memory_and_descriptors() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            assert c.get(at, "<Q") == (1,)
            c.task.memory.write(at, struct.pack("<Q", 2))
            yield call("close", fds[0])
            yield call("write", fds[1], c.string(b"hi"), 2)
            return 0

        at, fds_at = g.put(struct.pack("<Q", 1)), g.room(8)
        yield call("pipe2", fds_at, 0)
        fds = g.get(fds_at, "<ii")
        yield g.fork(child)
        buf = g.room(8)
        assert (yield call("read", fds[0], buf, 8)) == 2
        assert g.task.memory.read(buf, 2) == b"hi"
        yield call("close", fds[1])
        assert (yield call("read", fds[0], buf, 8)) == 0  # the child has ended: end of file
        assert g.get(at, "<Q") == (1,)
        return 0

    assert run(main) == 0


@pytest.mark.parametrize("name", ["vfork", "clone"])
def test_vfork_shares_memory_and_holds_the_parent(name: str) -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            for _ in range(5):
                yield call("sched_yield")
            c.task.memory.write(at, struct.pack("<Q", 99))
            yield call("exit_group", 1)

        at = g.put(bytes(8))
        flags = (CLONE_VM | CLONE_VFORK | Signal.SIGCHLD, 0, 0, 0, 0) if name == "clone" else ()
        pid = yield g.fork(child, name, *flags)
        assert pid > 0
        assert g.get(at, "<Q") == (99,)
        assert (yield call("wait4", pid, 0, 0, 0)) == pid
        return 0

    assert run(main) == 0


def test_threads_are_refused_by_name() -> None:
    def main(g: Guest) -> Program:
        assert (yield call("clone", 0x3D0F00, g.room(64), 0, 0, 0)) == -Errno.ENOSYS
        assert (yield call("clone", 0x10000, 0, 0, 0, 0)) == -Errno.EINVAL
        return 0

    assert run(main) == 0


def test_waitid_fills_siginfo_and_nowait_leaves_the_child() -> None:
    def main(g: Guest) -> Program:
        pid = yield g.fork(leave(9))
        info = g.room(128)
        for options in (WEXITED | WNOWAIT, WEXITED):
            assert (yield call("waitid", 1, pid, info, options, 0)) == 0
            assert g.get(info, "<iii4xiIi") == (Signal.SIGCHLD, 0, 1, pid, 0, 9)
        assert (yield call("waitid", 1, pid, info, WEXITED, 0)) == -Errno.ECHILD
        return 0

    assert run(main) == 0


def test_wnohang_with_nothing_to_report() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            yield call("pause")

        pid = yield g.fork(child)
        info = g.put(b"\xff" * 128)
        assert (yield call("wait4", pid, 0, WNOHANG, 0)) == 0
        assert (yield call("waitid", 0, 0, info, WEXITED | WNOHANG, 0)) == 0
        assert g.get(info, "<iii4xi") == (0, 0, 0, 0)
        yield call("kill", pid, Signal.SIGKILL)
        status = g.room(4)
        assert (yield call("wait4", pid, status, 0, 0)) == pid
        assert g.get(status, "<i") == (Signal.SIGKILL,)
        return 0

    assert run(main) == 0


def test_stop_and_continue_are_reported() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            while True:
                yield SPIN

        pid = yield g.fork(child)
        status = g.room(4)
        yield call("kill", pid, Signal.SIGSTOP)
        assert (yield call("wait4", pid, status, WUNTRACED, 0)) == pid
        assert g.get(status, "<i") == (Signal.SIGSTOP << 8 | 0x7F,)
        assert (yield call("wait4", pid, status, WUNTRACED | WNOHANG, 0)) == 0
        yield call("kill", pid, Signal.SIGCONT)
        assert (yield call("wait4", pid, status, WCONTINUED, 0)) == pid
        assert g.get(status, "<i") == (0xFFFF,)
        yield call("kill", pid, Signal.SIGSTOP)
        yield call("kill", pid, Signal.SIGKILL)
        assert (yield call("wait4", pid, status, 0, 0)) == pid
        assert g.get(status, "<i") == (Signal.SIGKILL,)
        return 0

    assert run(main) == 0


def test_sigchld_arrives_with_who_and_what() -> None:
    seen = []

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            seen.append(h.get(h.task.cpu.gpr[6], "<iii4xiIi"))
            yield call("getpid")

        yield g.sigaction(Signal.SIGCHLD, g.handler(handler), 4)
        pid = yield g.fork(leave(5))
        assert (yield call("pause")) == -Errno.EINTR
        assert seen == [(Signal.SIGCHLD, 0, 1, pid, 0, 5)]
        return 0

    assert run(main) == 0


@pytest.mark.parametrize(("handler", "flags"), [(1, 0), (0, 2)])
def test_children_nobody_wants_leave_no_zombies(handler: int, flags: int) -> None:
    """SIGCHLD ignored, or SA_NOCLDWAIT: wait sees them end, but gets ECHILD."""

    def main(g: Guest) -> Program:
        yield g.sigaction(Signal.SIGCHLD, handler, flags)
        yield g.fork(leave(5))
        assert (yield call("wait4", -1, 0, 0, 0)) == -Errno.ECHILD
        assert len(g.task.kernel.processes) == 1
        return 0

    assert run(main) == 0


def test_orphans_go_to_init_who_reaps_them() -> None:
    parents = []

    def main(g: Guest) -> Program:
        def grandchild(c: Guest) -> Program:
            parents.append((yield call("getppid")))
            while (yield call("getppid")) != 1:
                yield call("sched_yield")
            parents.append(1)
            return 0

        def child(c: Guest) -> Program:
            yield c.fork(grandchild)
            yield from settle()
            return 0

        pid = yield g.fork(child)
        yield call("wait4", pid, 0, 0, 0)
        yield from settle()
        assert parents == [pid, 1]
        assert len(g.task.kernel.processes) == 1
        return 0

    assert run(main) == 0


def test_a_subreaper_inherits() -> None:
    def main(g: Guest) -> Program:
        def grandchild(c: Guest) -> Program:
            yield call("sched_yield")
            yield call("exit_group", 3)

        def child(c: Guest) -> Program:
            yield c.fork(grandchild)
            return 0

        yield call("prctl", 36, 1, 0, 0, 0)
        yield g.fork(child)
        assert (yield call("wait4", -1, 0, 0, 0)) > 0
        assert (yield call("wait4", -1, 0, 0, 0)) > 0
        assert (yield call("wait4", -1, 0, 0, 0)) == -Errno.ECHILD
        return 0

    assert run(main) == 0


def test_groups_and_sessions() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            me = yield call("getpid")
            assert (yield call("getpgrp")) == parent
            assert (yield call("setpgid", 0, 0)) == 0
            assert (yield call("getpgid", 0)) == me
            assert (yield call("setsid")) == -Errno.EPERM  # it leads a group
            assert (yield call("setpgid", 0, parent)) == 0
            assert (yield call("setsid")) == me
            assert (yield call("getsid", 0)) == me
            assert (yield call("setpgid", 0, 0)) == -Errno.EPERM  # it leads a session
            return 0

        parent = yield call("getpid")
        assert (yield call("setsid")) == -Errno.EPERM
        assert (yield call("setpgid", 12345, 0)) == -Errno.ESRCH
        assert (yield call("setpgid", 0, -1)) == -Errno.EINVAL
        pid = yield g.fork(child)
        status = g.room(4)
        yield call("wait4", pid, status, 0, 0)
        assert g.get(status, "<i") == (0,)
        return 0

    assert run(main) == 0


def test_kill_reaches_a_whole_group() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            yield call("setpgid", 0, group)
            yield call("pause")

        group = 0
        group = yield g.fork(child)
        yield from settle()
        second = yield g.fork(child)
        yield from settle()
        assert (yield call("kill", -group, Signal.SIGTERM)) == 0
        ended = {(yield call("wait4", -1, 0, 0, 0)), (yield call("wait4", -1, 0, 0, 0))}
        assert ended == {group, second}
        assert (yield call("kill", -group, 0)) == -Errno.ESRCH
        return 0

    assert run(main) == 0


def test_sigpipe_ends_a_writer_without_reader() -> None:
    def main(g: Guest) -> Program:
        at = g.room(8)
        yield call("pipe2", at, 0)
        read, write = g.get(at, "<ii")
        yield call("close", read)
        yield call("write", write, g.string(b"x"), 1)

    assert run(main) == Signal.SIGPIPE


def test_a_stopped_orphaned_group_is_hung_up() -> None:
    def main(g: Guest) -> Program:
        def grandchild(c: Guest) -> Program:
            yield call("kill", c.task.tid, Signal.SIGSTOP)
            raise AssertionError("SIGHUP ends it")

        def child(c: Guest) -> Program:
            pid = yield c.fork(grandchild)
            yield call("setpgid", pid, pid)
            yield call("wait4", pid, 0, WUNTRACED, 0)
            return 0

        yield call("prctl", 36, 1, 0, 0, 0)
        # The subreaper is in another session than the group, so it is no link.
        g.task.process.sid = 7
        first = yield g.fork(child)
        g.task.process.sid = g.task.tid
        status = g.room(4)
        assert (yield call("wait4", first, status, 0, 0)) == first
        assert (yield call("wait4", -1, status, 0, 0)) > 0
        assert g.get(status, "<i") == (Signal.SIGHUP,)
        return 0

    assert run(main) == 0


def test_usage_of_children_counts_when_they_are_waited_for() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            for _ in range(100):
                yield SPIN
            return 0

        usage = g.room(144)
        yield call("getrusage", -1, usage)
        assert g.get(usage, "<qq") == (0, 0)
        yield g.fork(child)
        yield call("wait4", -1, 0, 0, 0)
        yield call("getrusage", -1, usage)
        assert g.get(usage, "<qq") != (0, 0)
        return 0

    assert run(main) == 0


def test_two_runs_with_the_same_seed_are_the_same() -> None:
    def history() -> list[int]:
        seen: list[int] = []

        def main(g: Guest) -> Program:
            def child(c: Guest) -> Program:
                for _ in range(5):
                    at = c.room(16)
                    yield call("clock_gettime", 1, at)
                    seen.extend(c.get(at, "<qq"))
                    yield call("getrandom", at, 8, 0)
                    seen.extend(c.get(at, "<Q"))
                    yield call("sched_yield")
                return 0

            for step in (*[g.fork(child)] * 3, *[call("wait4", -1, 0, 0, 0)] * 3):
                result = yield step
                seen.append(result)
            return 0

        Machine().run(main)
        return seen

    assert history() == history()


def test_sibling_signal_interrupts_a_wait() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            yield call("getpid")

        def child(c: Guest) -> Program:
            yield call("kill", parent, Signal.SIGUSR1)
            yield call("pause")

        parent = yield call("getpid")
        yield g.sigaction(Signal.SIGUSR1, g.handler(handler))
        pid = yield g.fork(child)
        assert (yield call("wait4", pid, 0, 0, 0)) == -Errno.EINTR
        yield call("kill", pid, Signal.SIGKILL)
        return 0

    assert run(main) == 0
