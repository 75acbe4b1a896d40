"""Quick calls answer what the kernel answers, whatever happened before (`tests.kernel.quick` compares)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from elfin.kernel.abi.errno import Errno
from elfin.kernel.credentials import Credentials
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.mirror import NONE, ROWS, Mirror
from elfin.kernel.seeded_world import SeededWorld
from elfin.kernel.strace import Tracer
from elfin.kernel.table import CALLS
from elfin.layout import DESCRIPTORS, MIRROR, QUICK_ROWS
from tests.kernel.machine import Guest, Machine, Program, call

QUICK = [row.name for row in CALLS if row.quick]
WAITING = ["read", "write", "readv", "writev"]  # with a pipe, they do
PATIENT = [name for name in QUICK if name not in WAITING]
ON_DESCRIPTORS = [r.name for r in CALLS if r.quick == "closed" and r.name not in WAITING]
NEVER_OPEN = (5000, -1, -5, 1 << 31)
DESCRIPTOR_VALUES = (0, 1, 2, 3, 4, 5, 9, 63, 64, 1000, 2047, 2048, 5000, -1, -5, 1 << 31, 1 << 32)
VALUES = (0, 1, 7, -1, 1 << 40, 1 << 63)


def _calls(g: Guest, dice: random.Random) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Calls that change what the mirror shows, and quick ones among them."""
    name = g.string(b"/file")
    fds = g.room(8)
    for _ in range(150):
        fd, other = dice.choice(DESCRIPTOR_VALUES[:9]), dice.choice(DESCRIPTOR_VALUES)
        yield dice.choice((
            ("open", (name, 0o102 | dice.choice((0, 0o2000000)), 0o600)),
            ("dup", (fd,)),
            ("dup2", (fd, other)),
            ("close", (fd,)),
            ("close_range", (fd, other, dice.choice((0, 4)))),
            ("fcntl", (fd, dice.choice((0, 1030)), dice.choice((0, 70, 300)))),
            ("pipe2", (fds, 0)),
            ("setpgid", (0, 0)),
            ("setsid", ()),
            ("setresuid", (dice.choice((-1, 0, 5)), dice.choice((-1, 0, 5)), -1)),
            ("setresgid", (dice.choice((-1, 3)), dice.choice((-1, 4)), -1)),
        ))  # fmt: skip
        for _ in range(3):
            yield dice.choice(PATIENT), tuple(dice.choice(VALUES) for _ in range(3))
            first = dice.choice(DESCRIPTOR_VALUES)
            rest = tuple(dice.choice(VALUES[:4]) for _ in range(2))
            yield dice.choice(ON_DESCRIPTORS), (first, *rest)
            yield dice.choice(WAITING), (dice.choice(NEVER_OPEN), *rest)


@pytest.mark.parametrize("seed", range(12))
def test_after_random_calls(seed: int) -> None:
    machine = Machine()
    dice = random.Random(seed)

    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            for name, arguments in _calls(c, dice):
                yield call(name, *arguments)
            return 0

        for name, arguments in _calls(g, dice):
            yield call(name, *arguments)
        yield g.fork(child)
        for name, arguments in _calls(g, dice):
            yield call(name, *arguments)
        return 0

    machine.run(main)
    assert machine.engine.quick.answers > 500


def test_each_call_is_seen_when_it_must_be() -> None:
    def rows(machine: Machine) -> dict[int, object]:
        return dict(Mirror().news(machine.task))

    assert rows(Machine())[QUICK_ROWS] == ROWS
    assert QUICK_ROWS not in rows(Machine(world=SeededWorld(1)))
    machine, mirror = Machine(), Mirror()
    mirror.news(machine.task)
    assert mirror.news(machine.task) == []
    machine.kernel.tracer = Tracer(print)
    assert mirror.news(machine.task) == [(QUICK_ROWS, NONE)]


def test_tasks_of_one_memory_have_a_mirror_each() -> None:
    """A vfork child borrows its parent's memory."""
    machine, mirror = Machine(), Mirror()
    mirror.news(machine.task)
    other = machine.kernel.first_process(Credentials.of_user(0, 0))
    written = dict(mirror.news(other.leader))
    assert MIRROR in written
    assert DESCRIPTORS in written
    assert MIRROR in dict(mirror.news(machine.task))


def test_devices_without_a_kernel() -> None:
    machine = Machine()
    assert isinstance(machine.root.fs, MemoryFs)

    def main(g: Guest) -> Program:
        assert (yield call("read", 1000, 0, 1)) == -Errno.EBADF
        assert (yield call("write", -1, 0, 1)) == -Errno.EBADF
        assert (yield call("sched_yield")) == 0
        assert (yield call("getppid")) == 1
        return 0

    assert machine.run(main) == 0
    assert machine.engine.quick.answers == 4
