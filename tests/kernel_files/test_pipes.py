"""Pipes and FIFOs: room, atomic writes, ends that close, and calls that wait."""

from __future__ import annotations

import pytest

from elfin.kernel.abi import fcntl as f
from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.poll import POLLERR, POLLHUP, POLLIN, POLLOUT
from elfin.kernel.abi.signal import Signal, bit
from elfin.kernel.wait import Wait
from tests.kernel_files.guest import BUFFER, Guest, pending


@pytest.fixture
def guest():
    return Guest()


def fill(guest, fd, size=1 << 16):
    assert guest.write(fd, b"x" * size) == size


def test_data_then_end(guest):
    r, w = guest.pipe()
    guest.write(w, b"hello ")
    guest.write(w, b"world")
    assert guest.read(r, 3) == b"hel"
    guest.ok("close", w)
    assert guest.read(r, 100) == b"lo world"
    assert guest.read(r, 100) == b""


def test_full_and_empty_when_not_blocking(guest):
    r, w = guest.pipe(f.O_NONBLOCK)
    guest.fails(Errno.EAGAIN, "read", r, BUFFER, 1)
    fill(guest, w)
    guest.fails(Errno.EAGAIN, "write", w, b"x", 1)
    guest.read(r, 100)
    guest.fails(Errno.EAGAIN, "write", w, b"x" * 101, 101)  # up to PIPE_BUF: all or nothing
    assert guest.write(w, b"x" * 100) == 100
    guest.read(r, 5000)
    assert guest.call("write", w, b"x" * 9000, 9000) == 5000  # longer: as much as fits


def test_nobody_reads(guest):
    r, w = guest.pipe()
    guest.ok("close", r)
    guest.fails(Errno.EPIPE, "write", w, b"x", 1)
    assert guest.task.pending.mask & bit(Signal.SIGPIPE)


def test_read_waits_for_a_writer(guest):
    r, w = guest.pipe()
    wait = guest.raw("read", r, BUFFER, 10)
    assert isinstance(wait, Wait) and wait.poll() is None
    guest.write(w, b"now")
    assert wait.poll() == 3
    assert guest.answer(3) == b"now"
    wait = guest.raw("read", r, BUFFER, 10)
    guest.ok("close", w)
    assert wait.poll() == 0


def test_write_waits_for_room_and_tells_what_went(guest):
    r, w = guest.pipe()
    wait = guest.raw("write", w, b"y" * 100_000, 100_000)
    assert wait.poll() is None
    assert len(guest.read(r, 1 << 16)) == 1 << 16
    assert wait.poll() == 100_000
    wait = guest.raw("write", w, b"y" * 100_000, 100_000)
    assert wait.on_interrupt() == (1 << 16) - (100_000 - (1 << 16))


def test_signal_before_anything_went(guest):
    _, w = guest.pipe()
    fill(guest, w)
    wait = guest.raw("write", w, b"y", 1)
    assert wait.on_interrupt() is None
    wait = guest.raw("read", guest.pipe()[0], BUFFER, 1)
    assert wait.on_interrupt() is None


def test_closed_while_another_task_waits(guest):
    """The description lives until the call is over."""
    r, w = guest.pipe()
    wait = guest.raw("read", r, BUFFER, 10)
    guest.ok("close", r)
    guest.write(w, b"late")
    assert wait.poll() == 4
    guest.fails(Errno.EPIPE, "write", w, b"x", 1)


def test_poll_events(guest):
    r, w = guest.pipe()
    files = guest.process.files
    assert files.get(r).poll_events() == 0
    assert files.get(w).poll_events() & POLLOUT
    fill(guest, w)
    assert files.get(r).poll_events() & POLLIN
    assert not files.get(w).poll_events() & POLLOUT
    guest.read(r, 1 << 16)
    guest.ok("close", w)
    assert files.get(r).poll_events() == POLLHUP
    r, w = guest.pipe()
    guest.ok("close", r)
    assert files.get(w).poll_events() & POLLERR


def test_sizes(guest):
    r, w = guest.pipe()
    assert guest.call("fcntl", r, f.F_GETPIPE_SZ, 0) == 1 << 16
    assert guest.call("fcntl", w, f.F_SETPIPE_SZ, 5000) == 8192
    assert guest.call("fcntl", w, f.F_SETPIPE_SZ, 1 << 30) == -Errno.EPERM
    fill(guest, w, 8192)
    assert guest.call("fcntl", w, f.F_SETPIPE_SZ, 4096) == -Errno.EBUSY
    guest.ok("ioctl", r, 0x541B, BUFFER)
    assert guest.ints("<i") == (8192,)


class TestFifo:
    def make(self):
        guest = Guest()
        guest.ok("mknod", b"/tmp/p", 0o010644, 0)
        return guest

    def test_open_waits_for_the_other_side(self):
        guest = self.make()
        wait = guest.raw("open", b"/tmp/p", f.O_RDONLY, 0)
        assert wait.poll() is None
        writer = guest.ok("open", b"/tmp/p", f.O_WRONLY, 0)
        guest.write(writer, b"hi")
        reader = wait.poll()
        assert guest.read(reader, 10) == b"hi"

    def test_writer_that_came_and_went_still_opens_the_reader(self):
        guest = self.make()
        wait = guest.raw("open", b"/tmp/p", f.O_RDONLY, 0)
        writer = guest.ok("open", b"/tmp/p", f.O_WRONLY, 0)
        guest.write(writer, b"hi")
        guest.ok("close", writer)
        assert guest.read(wait.poll(), 10) == b"hi"

    def test_without_waiting(self):
        guest = self.make()
        guest.fails(Errno.ENXIO, "open", b"/tmp/p", f.O_WRONLY | f.O_NONBLOCK, 0)
        reader = guest.ok("open", b"/tmp/p", f.O_RDONLY | f.O_NONBLOCK, 0)
        assert guest.read(reader, 10) == b""
        assert guest.process.files.get(reader).poll_events() == 0
        writer = guest.ok("open", b"/tmp/p", f.O_WRONLY | f.O_NONBLOCK, 0)
        guest.fails(Errno.EAGAIN, "read", reader, BUFFER, 10)
        guest.ok("close", writer)
        assert guest.process.files.get(reader).poll_events() == POLLHUP

    def test_given_up(self):
        guest = self.make()
        wait = guest.raw("open", b"/tmp/p", f.O_RDONLY, 0)
        wait.on_interrupt()
        guest.fails(Errno.ENXIO, "open", b"/tmp/p", f.O_WRONLY | f.O_NONBLOCK, 0)

    def test_both_ways(self):
        guest = self.make()
        fd = guest.ok("open", b"/tmp/p", f.O_RDWR, 0)
        guest.write(fd, b"me")
        assert guest.read(fd, 10) == b"me"


class TestSplice:
    def test_file_to_pipe_to_file(self, guest):
        guest.write_file(b"/tmp/a", b"0123456789" * 1000)
        source = guest.open(b"/tmp/a")
        target = guest.open(b"/tmp/b", f.O_CREAT | f.O_WRONLY)
        r, w = guest.pipe()
        assert guest.call("splice", source, 0, w, 0, 5000, 0) == 5000
        assert guest.call("splice", r, 0, target, 0, 9999, 0) == 5000
        assert guest.read_file(b"/tmp/b") == b"0123456789" * 500
        guest.fails(Errno.EINVAL, "splice", source, 0, target, 0, 10, 0)
        guest.fails(Errno.ESPIPE, "splice", r, BUFFER, target, 0, 10, 0)

    def test_tee_keeps_what_it_copies(self, guest):
        r, w = guest.pipe()
        r2, w2 = guest.pipe()
        guest.write(w, b"twice")
        assert guest.call("tee", r, w2, 100, 0) == 5
        assert guest.read(r, 10) == guest.read(r2, 10) == b"twice"
        assert pending(guest.raw("tee", r, w2, 100, 0))
        guest.fails(Errno.EAGAIN, "tee", r, w2, 100, 2)

    def test_sendfile_into_a_pipe_that_fills(self, guest):
        guest.write_file(b"/tmp/a", b"z" * 100_000)
        source = guest.open(b"/tmp/a")
        r, w = guest.pipe()
        wait = guest.raw("sendfile", w, source, 0, 100_000)
        assert wait.poll() is None
        guest.read(r, 1 << 16)
        assert wait.poll() == 100_000
        assert guest.call("lseek", source, 0, 1) == 100_000
