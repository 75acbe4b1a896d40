"""Turns, waiting, idling on host descriptors, host signals, timers of the machine."""

from __future__ import annotations

import os
import struct

from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.signal import Signal
from elfin.kernel.call import Call, syscall
from elfin.kernel.sched import Idle, Scheduler
from elfin.kernel.seeded_world import SeededWorld
from elfin.kernel.table import TABLE
from elfin.kernel.wait import Restart, Wait
from elfin.kernel.world import HostWorld
from tests.kernel.machine import SPIN, Frame, Guest, Machine, Program, Syscall, call, run


class Watched(SeededWorld):
    """Remembers what it was asked to wait for."""

    def __init__(self) -> None:
        super().__init__(1)
        self.waits: list[tuple[frozenset[int], frozenset[int], float | None]] = []

    def wait(self, read: frozenset[int], write: frozenset[int], timeout: float | None) -> None:
        self.waits.append((read, write, timeout))
        super().wait(frozenset(), frozenset(), timeout or 0.001)


def test_sleep_idles_until_the_deadline() -> None:
    def main(g: Guest) -> Program:
        yield call("nanosleep", g.put(struct.pack("<qq", 3, 500_000_000)), 0)
        return 0

    world = Watched()
    assert Machine(world).run(main) == 0
    ((read, write, timeout),) = world.waits
    assert (read, write) == (frozenset(), frozenset())
    assert timeout is not None
    assert 3.49 < timeout <= 3.5


def test_sleepers_that_are_late_wake_in_the_order_of_their_times() -> None:
    """As on a page that was in the background."""

    class Sleepy(SeededWorld):
        def wait(self, read: frozenset[int], write: frozenset[int], timeout: float | None) -> None:
            super().wait(read, write, (timeout or 0) + 10)

    times = [2, 1, 3]
    woken: list[int] = []

    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            seconds = times.pop()
            yield call("nanosleep", c.put(struct.pack("<qq", seconds, 0)), 0)
            woken.append(seconds)
            return 0

        for _ in range(3):
            yield g.fork(child)
        for _ in range(3):
            yield call("wait4", -1, 0, 0, 0)
        return 0

    assert Machine(Sleepy(1)).run(main) == 0
    assert woken == [1, 2, 3]


def test_short_turns_end_in_time() -> None:
    """Of tasks that call, and of those that only compute; each look at the clock takes a microsecond here."""
    taken: list[int] = []

    class Timed(Scheduler):
        def turn(self) -> Idle | None:
            begun = self.kernel.world.cpu_ns()
            idle = super().turn()
            taken.append(self.kernel.world.cpu_ns() - begun)
            return idle

    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            while True:
                yield SPIN

        yield g.fork(child)
        for _ in range(1000):
            yield call("getpid")
        return 0

    machine = Machine()
    machine.scheduler = Timed(machine.kernel, machine.engine)
    machine.scheduler.longest_ns = 60_000
    assert machine.run(main) == 0
    assert max(taken) < 2 * 60_000
    assert max(taken[2:]) < 80_000
    assert len(taken) < 100


def test_nothing_idles_while_somebody_runs() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            for _ in range(50):
                yield SPIN
            return 0

        yield g.fork(child)
        yield call("wait4", -1, 0, 0, 0)
        return 0

    world = Watched()
    assert Machine(world).run(main) == 0
    assert not world.waits


def test_turn_tells_what_it_waits_for_and_goes_on_when_it_is_there() -> None:
    """What a browser does: it awaits between turns."""
    machine = Machine()
    ready: list[int] = []

    def main(g: Guest) -> Program:
        result = yield call("pause")
        return result

    machine.task.cpu.frames.append(Frame(main(Guest(machine.engine, machine.task))))
    assert machine.scheduler.turn() is None
    machine.task.wait = Wait(lambda: ready[0] if ready else None, host_read=frozenset({5}))
    assert machine.scheduler.turn() == Idle(frozenset({5}), frozenset(), None)
    ready.append(9)
    assert machine.scheduler.turn() is None
    assert machine.process.exit_status == 9 << 8


def test_host_descriptors_wake_a_reader() -> None:
    read, write = os.pipe()
    machine = Machine(HostWorld())

    def poll() -> int | None:
        return len(os.read(read, 10)) if got else None

    got: list[bool] = []

    @syscall(1000, "test_read")
    def wait_call(t: object) -> Wait:
        os.write(write, b"abc")
        got.append(True)
        return Wait(poll, host_read=frozenset({read}))

    assert isinstance(wait_call, Call)
    TABLE[1000] = wait_call
    try:

        def main(g: Guest) -> Program:
            from_call = yield Syscall(1000, ())
            return from_call

        assert machine.run(main) == 3 << 8
    finally:
        del TABLE[1000]
        os.close(read)
        os.close(write)


def test_a_death_without_a_turn_is_noticed() -> None:
    """All tasks wait, one of them is killed where it stands: its parent must hear of it."""

    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            yield call("pause")

        pid = yield g.fork(child)
        for _ in range(3):
            yield call("sched_yield")
        yield call("kill", pid, Signal.SIGTERM)
        yield call("wait4", pid, 0, 0, 0)
        return 0

    world = Watched()
    assert Machine(world).run(main) == 0
    assert not world.waits


def test_a_deadline_gives_the_timeout_result() -> None:
    def main(g: Guest) -> Program:
        word = g.put(struct.pack("<I", 5))
        timeout = g.put(struct.pack("<qq", 0, 5_000_000))
        assert (yield call("futex", word, 0, 4, timeout, 0, 0)) == -Errno.EAGAIN
        assert (yield call("futex", word, 0, 5, timeout, 0, 0)) == -Errno.ETIMEDOUT
        assert not g.task.kernel.futexes.waiting
        return 0

    assert run(main) == 0


def test_host_signals_reach_the_first_group() -> None:
    machine = Machine()

    def main(g: Guest) -> Program:
        machine.kernel.host_signals.append(Signal.SIGINT)
        while True:
            yield SPIN

    assert machine.run(main) == Signal.SIGINT


def test_the_host_follows_a_stop_of_the_first_process() -> None:
    machine = Machine()
    stops = []

    def watcher(signal: int) -> None:
        stops.append(signal)
        machine.kernel.host_signals.append(Signal.SIGCONT)

    machine.kernel.stop_watcher = watcher

    def main(g: Guest) -> Program:
        yield call("kill", g.task.tid, Signal.SIGTSTP)
        return 4

    assert machine.run(main) == 4 << 8
    assert stops == [Signal.SIGTSTP]


def test_a_stopped_call_goes_on_by_its_kind() -> None:
    """Stopped and continued, most calls wait on; the few with Restart.EINTR end."""
    for restart, expected in ((Restart.SYS, 0), (Restart.BLOCK, 0), (Restart.EINTR, 1)):
        machine = Machine()

        def main(g: Guest, restart: Restart = restart, machine: Machine = machine) -> Program:
            def child(c: Guest) -> Program:
                parent = c.task.process.parent
                assert parent is not None
                yield call("sched_yield")
                yield call("kill", parent.pid, Signal.SIGSTOP)
                yield call("sched_yield")
                yield call("kill", parent.pid, Signal.SIGCONT)
                done.append(True)
                return 0

            done: list[bool] = []
            TABLE[1000] = syscall(1000, "test_wait")(
                lambda t: Wait(lambda: 0 if done else None, restart=restart)
            )
            yield g.fork(child)
            result = yield Syscall(1000, ())
            assert result in {0, -Errno.EINTR}
            return int(result != 0)

        try:
            assert machine.run(main) == expected << 8, restart
        finally:
            del TABLE[1000]


def test_calls_in_a_row_do_not_starve_others() -> None:
    turns: list[str] = []

    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            turns.append("child")
            yield call("getpid")
            return 0

        yield g.fork(child)
        for _ in range(500):
            yield call("getpid")
        turns.append("main")
        return 0

    assert run(main) == 0
    assert turns == ["child", "main"]


def test_exit_status_of_a_run_that_is_stopped_early() -> None:
    machine = Machine()

    def main(g: Guest) -> Program:
        while True:
            yield SPIN

    machine.task.cpu.frames.append(Frame(main(Guest(machine.engine, machine.task))))
    rounds = iter(range(100))
    assert machine.scheduler.run(machine.process, lambda: next(rounds) > 10) is None
