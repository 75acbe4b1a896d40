"""Mapped files, shared memory, the break: what random calls do not reach."""

from __future__ import annotations

import struct

import pytest

from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.signal import Signal
from tests.kernel.machine import DATA, FakeMemory, Fault, Guest, Machine, Program, call, run

READ, WRITE = 1, 2
SHARED, PRIVATE, FIXED, ANONYMOUS = 1, 2, 0x10, 0x20
O_RDONLY, O_RDWR, O_CREAT = 0, 2, 0o100


def opened(g: Guest, data: bytes, flags: int = O_RDWR) -> Program:
    """A descriptor of a file with these bytes."""
    path = g.string(b"/file")
    fd = yield call("open", path, O_RDWR | O_CREAT, 0o666)
    yield call("write", fd, g.put(data), len(data))
    if flags != O_RDWR:
        yield call("close", fd)
        fd = yield call("open", path, flags, 0)
    return fd


def test_the_engine_refuses_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    protect = FakeMemory.protect

    def limited(self: FakeMemory, addr: int, n: int, perm: int) -> None:
        if addr + n > 0x1800_0000:
            raise MemoryError
        protect(self, addr, n, perm)

    def refused(self: FakeMemory) -> FakeMemory:
        raise MemoryError

    def main(g: Guest) -> Program:
        monkeypatch.setattr(FakeMemory, "protect", limited)
        monkeypatch.setattr(FakeMemory, "clone", refused)
        fd = yield from opened(g, b"0123456789")
        assert (yield call("mmap", 0, 1 << 28, READ, PRIVATE, fd, 0)) == -Errno.ENOMEM
        at = yield call("mmap", 0, 4096, READ, PRIVATE, fd, 0)
        assert g.task.read_memory(at, 4) == b"0123"
        assert (yield g.fork(main)) == -Errno.ENOMEM
        before = yield call("brk", 0)
        assert (yield call("brk", before + (1 << 30))) == before
        return 0

    assert run(main) == 0


def test_private_mapping_is_a_copy_with_a_zero_tail() -> None:
    def main(g: Guest) -> Program:
        fd = yield from opened(g, b"0123456789")
        at = yield call("mmap", 0, 4096, READ | WRITE, PRIVATE, fd, 0)
        assert g.task.read_memory(at, 16) == b"0123456789" + bytes(6)
        g.task.write_memory(at, b"X")
        buf = g.room(4)
        yield call("pread64", fd, buf, 4, 0)
        assert g.task.read_memory(buf, 4) == b"0123"
        yield call("madvise", at, 4096, 4)
        assert g.task.read_memory(at, 4) == b"0123"
        return 0

    assert run(main) == 0


def test_pages_behind_the_end_of_the_file_are_sigbus() -> None:
    seen = []

    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            seen.append((signal, *h.get(h.task.cpu.gpr[6] + 8, "<i4xQ")))
            yield call("exit_group", 0)

        fd = yield from opened(g, b"x" * 5000)
        at = yield call("mmap", 0, 0x4000, READ | WRITE, SHARED, fd, 0)
        assert g.task.memory.permission(at + 0x1000) == 3
        assert g.task.memory.permission(at + 0x2000) == 0
        assert (yield call("write", 1, at + 0x2000, 1)) < 0
        yield g.sigaction(Signal.SIGBUS, g.handler(handler), 4)
        yield Fault(Signal.SIGSEGV, 1, at + 0x2008, 14, 4)

    machine = Machine()
    assert machine.run(main) == 0
    ((signal, code, address),) = seen
    assert (signal, code, address % 4096) == (Signal.SIGBUS, 2, 8)


def test_shared_file_and_calls_see_one_another() -> None:
    def main(g: Guest) -> Program:
        fd = yield from opened(g, b"0123456789")
        at = yield call("mmap", 0, 4096, READ | WRITE, SHARED, fd, 0)
        g.task.write_memory(at + 1, b"A")
        buf = g.room(4)
        yield call("pread64", fd, buf, 4, 0)
        assert g.task.read_memory(buf, 4) == b"0A23"
        yield call("pwrite64", fd, g.string(b"B"), 1, 2)
        assert g.task.read_memory(at, 4) == b"0AB3"
        yield call("munmap", at, 4096)
        assert (yield call("lseek", fd, 0, 2)) == 10  # the tail of the page is no file
        return 0

    assert run(main) == 0


def test_shared_memory_between_parent_and_child() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            for i in range(5):
                while c.task.read_memory(at, 1) != bytes([2 * i + 1]):
                    yield call("sched_yield")
                c.task.write_memory(at, bytes([2 * i + 2]))
            return 0

        at = yield call("mmap", 0, 0x3000, READ | WRITE, SHARED | ANONYMOUS, -1, 0)
        yield g.fork(child)
        for i in range(5):
            g.task.write_memory(at, bytes([2 * i + 1]))
            while g.task.read_memory(at, 1) != bytes([2 * i + 2]):
                yield call("sched_yield")
        return 0

    assert run(main) == 0


def test_a_child_killed_while_others_write_does_not_undo_them() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            c.task.write_memory(at, b"c")
            yield call("pause")

        at = yield call("mmap", 0, 4096, READ | WRITE, SHARED | ANONYMOUS, -1, 0)
        pid = yield g.fork(child)
        for _ in range(5):
            yield call("sched_yield")
        assert g.task.read_memory(at, 1) == b"c"
        g.task.write_memory(at, b"p")
        yield call("kill", pid, Signal.SIGKILL)
        yield call("wait4", pid, 0, 0, 0)
        assert g.task.read_memory(at, 1) == b"p"
        return 0

    assert run(main) == 0


def test_read_only_files_cannot_be_mapped_for_writing() -> None:
    def main(g: Guest) -> Program:
        fd = yield from opened(g, b"x", O_RDONLY)
        assert (yield call("mmap", 0, 4096, WRITE, SHARED, fd, 0)) == -Errno.EACCES
        at = yield call("mmap", 0, 4096, READ, SHARED, fd, 0)
        assert (yield call("mprotect", at, 4096, READ | WRITE)) == -Errno.EACCES
        assert (yield call("mmap", 0, 4096, READ, SHARED, 99, 0)) == -Errno.EBADF
        assert (yield call("mmap", 0, 4096, READ, SHARED, fd, 1)) == -Errno.EINVAL
        return 0

    assert run(main) == 0


def test_files_stay_open_while_a_piece_is_mapped() -> None:
    def main(g: Guest) -> Program:
        fd = yield from opened(g, b"x" * 0x3000)
        file = g.task.process.files.get(fd)
        at = yield call("mmap", 0, 0x3000, READ, PRIVATE, fd, 0)
        yield call("close", fd)
        yield call("munmap", at + 0x1000, 0x1000)
        assert file.references == 1
        yield call("munmap", at, 0x3000)
        assert file.references == 0
        return 0

    assert run(main) == 0


def test_break_grows_zeroed_and_stops_at_other_areas() -> None:
    def main(g: Guest) -> Program:
        start = yield call("brk", 0)
        assert (yield call("brk", start + 10_000)) == start + 10_000
        g.task.write_memory(start + 9000, b"junk")
        yield call("brk", start)
        yield call("brk", start + 10_000)
        assert g.task.read_memory(start + 9000, 4) == bytes(4)
        yield call("mmap", start + 0x5000, 4096, READ, PRIVATE | ANONYMOUS | FIXED, -1, 0)
        assert (yield call("brk", start + 0x8000)) == start + 10_000
        assert (yield call("brk", start - 1)) == start + 10_000
        return 0

    assert run(main) == 0


def test_limits_of_memory() -> None:
    def main(g: Guest) -> Program:
        limit = g.put(struct.pack("<QQ", 1 << 20, 1 << 20))
        yield call("setrlimit", 9, limit)
        assert (yield call("mmap", 0, 2 << 20, READ, PRIVATE | ANONYMOUS, -1, 0)) == -Errno.ENOMEM
        assert (yield call("mmap", 0, 1 << 46, READ, PRIVATE | ANONYMOUS, -1, 0)) == -Errno.ENOMEM
        assert (yield call("mmap", 0x1000, 4096, READ, 0x32, -1, 0)) == -Errno.EPERM
        return 0

    assert run(main) == 0


def test_calls_check_guest_memory() -> None:
    def main(g: Guest) -> Program:
        at = yield call("mmap", 0, 4096, READ, PRIVATE | ANONYMOUS, -1, 0)
        assert (yield call("uname", at)) == -Errno.EFAULT
        assert (yield call("uname", 8)) == -Errno.EFAULT
        assert (yield call("open", 8, 0, 0)) == -Errno.EFAULT
        long = g.put(b"a" * 5000)
        assert (yield call("open", long, 0, 0)) == -Errno.ENAMETOOLONG
        assert (yield call("getrandom", DATA, 1 << 40, 0)) == -Errno.EFAULT
        return 0

    assert run(main) == 0


def test_contents_behind_prot_none_reach_a_child() -> None:
    def main(g: Guest) -> Program:
        def child(c: Guest) -> Program:
            yield call("mprotect", at, 4096, READ)
            return c.task.read_memory(at, 1)[0]

        at = yield call("mmap", 0, 4096, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0)
        g.task.write_memory(at, b"\7")
        yield call("mprotect", at, 4096, 0)
        yield g.fork(child)
        status = g.room(4)
        yield call("wait4", -1, status, 0, 0)
        assert g.get(status, "<i") == (7 << 8,)
        return 0

    assert run(main) == 0
