"""execve: what a process keeps, scripts, and what it answers for files that are no programs."""

from __future__ import annotations

import struct

import pytest

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.signal import Signal, bit
from elfin.kernel.exec import start
from elfin.loader.writer import Piece, write_elf
from tests.kernel.machine import Guest, Machine, Program, call

CODE = 0x40_0000
O_RDWR, O_CREAT, O_CLOEXEC = 2, 0o100, 0o2000000
PROGRAM = write_elf([Piece(CODE, b"\x0f\x0b" * 8)], CODE)


def arguments(g: Guest, *strings: bytes) -> int:
    pointers = [g.string(s) for s in strings]
    return g.put(struct.pack(f"<{len(pointers) + 1}Q", *pointers, 0))


def execve(g: Guest, path: bytes, *argv: bytes, then: object = None) -> object:
    g.engine.next_child = then  # type: ignore[assignment]
    return call("execve", g.string(path), arguments(g, *argv), arguments(g, b"A=1"))


def test_the_new_program_starts_with_its_arguments() -> None:
    machine = Machine()
    machine.write_file(b"prog", PROGRAM)

    def second(g: Guest) -> Program:
        rsp = g.task.cpu.gpr[4]
        assert g.get(rsp, "<Q") == (2,)
        (first, other) = g.get(rsp + 8, "<QQ")
        assert g.task.read_string(first) == b"prog"
        assert g.task.read_string(other) == b"x"
        assert rsp % 16 == 0
        process = g.task.process
        assert (process.comm, process.argv) == (b"prog", [b"prog", b"x"])
        assert process.signal_actions == {Signal.SIGUSR2: process.action(Signal.SIGUSR2)}
        assert process.action(Signal.SIGUSR2).handler == 1
        assert g.task.mask == bit(Signal.SIGTERM)
        assert process.files.find(kept) is not None
        assert process.files.find(closed) is None
        names = [a.name for a in process.address_space.areas]
        assert b"[stack]" in names
        yield call("exit_group", 5)

    kept = closed = -1

    def first(g: Guest) -> Program:
        nonlocal kept, closed
        kept = yield call("open", g.string(b"/a"), O_RDWR | O_CREAT, 0o600)
        closed = yield call("open", g.string(b"/b"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        yield g.sigaction(Signal.SIGUSR1, 0x1234)
        yield g.sigaction(Signal.SIGUSR2, 1)
        yield call("rt_sigprocmask", 0, g.put(struct.pack("<Q", bit(Signal.SIGTERM))), 0, 8)
        yield execve(g, b"/prog", b"prog", b"x", then=second)
        raise AssertionError("execve does not return")

    assert machine.run(first) == 5 << 8
    assert machine.hardware.memories[0].closed


def test_scripts_name_their_interpreter() -> None:
    machine = Machine()
    machine.write_file(b"prog", PROGRAM)
    machine.write_file(b"inner", b"#!/prog one two\nrest")
    machine.write_file(b"outer", b"#! /inner\trun \n")
    start(machine.process, b"/outer", [b"outer", b"arg"], [])
    assert machine.process.argv == [b"/prog", b"one two", b"/inner", b"run", b"/outer", b"arg"]
    assert machine.process.comm == b"outer"


@pytest.mark.parametrize(
    ("data", "mode", "expected"),
    [
        (b"#!/self\n", 0o755, Errno.ELOOP),
        (b"#!/nothing\n", 0o755, Errno.ENOENT),
        (b"#!\n", 0o755, Errno.ENOEXEC),
        (b"#!   ", 0o755, Errno.ENOEXEC),
        (b"#!" + b"/a" * 200, 0o755, Errno.ENOEXEC),
        (b"", 0o755, Errno.ENOEXEC),
        (b"hello", 0o755, Errno.ENOEXEC),
        (PROGRAM, 0o644, Errno.EACCES),
    ],
)
def test_what_cannot_be_run_says_why(data: bytes, mode: int, expected: Errno) -> None:
    machine = Machine()
    machine.write_file(b"self", data, mode)
    space = machine.process.address_space
    with pytest.raises(LinuxError) as raised:
        start(machine.process, b"/self", [b"self"], [])
    assert raised.value.errno is expected
    assert machine.process.address_space is space


def test_too_many_arguments() -> None:
    machine = Machine()
    machine.write_file(b"prog", PROGRAM)
    with pytest.raises(LinuxError) as raised:
        start(machine.process, b"/prog", [b"x" * 200_000], [])
    assert raised.value.errno is Errno.E2BIG


def test_vfork_child_that_executes_releases_the_parent() -> None:
    machine = Machine()
    machine.write_file(b"prog", PROGRAM)

    def program(g: Guest) -> Program:
        assert g.task.process.address_space is not space
        yield call("exit_group", 6)

    def child(g: Guest) -> Program:
        assert g.task.process.address_space is space
        yield execve(g, b"/prog", b"prog", then=program)

    def main(g: Guest) -> Program:
        pid = yield g.fork(child, "vfork")
        status = g.room(4)
        assert (yield call("wait4", pid, status, 0, 0)) == pid
        assert g.get(status, "<i") == (6 << 8,)
        return 0

    space = machine.process.address_space
    assert machine.run(main) == 0
    assert space.users == 0
