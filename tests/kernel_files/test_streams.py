"""Standard streams: host pipes, files and terminals passed through, and streams of Python."""

from __future__ import annotations

import os
import struct
import termios

import pytest

from elfin.kernel.abi import ioctl as req
from elfin.kernel.abi import termios as tio
from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.poll import (
    EPOLL_CTL_ADD,
    EPOLLET,
    EPOLLONESHOT,
    POLLHUP,
    POLLIN,
    POLLOUT,
)
from elfin.kernel.abi.termios import Termios
from elfin.kernel.files.host_stdio import HostStreams
from elfin.kernel.files.stream import InputStream, OutputStream, pipe_location
from tests.kernel_files.guest import BUFFER, Guest, pending


@pytest.fixture
def guest():
    return Guest()


@pytest.fixture
def streams(guest):
    return HostStreams(guest.vfs, guest.kernel.terminals)


def install(guest, file):
    return guest.process.files.install(file)


def watch(guest, fd, events):
    """A new epoll that watches a descriptor."""
    ep = guest.ok("epoll_create1", 0)
    guest.task.memory.write(BUFFER, struct.pack("<IQ", events, fd))
    guest.ok("epoll_ctl", ep, EPOLL_CTL_ADD, fd, BUFFER)
    return ep


def wait_for_input(guest, call, fd):
    """The wait of a call that was asked for input only."""
    match call:
        case "poll":
            guest.task.memory.write(BUFFER, struct.pack("<ihh", fd, POLLIN, 0))
            return guest.raw("poll", BUFFER, 1, -1)
        case "select":
            guest.task.memory.write(BUFFER, struct.pack("<Q", 1 << fd))
            return guest.raw("select", fd + 1, BUFFER, 0, 0, 0)
        case "epoll":
            return guest.raw("epoll_wait", watch(guest, fd, POLLIN), BUFFER, 4, -1)
        case "epoll in epoll":
            return wait_for_input(guest, "epoll", watch(guest, fd, POLLIN))
        case _:
            return wait_for_input(guest, "poll", watch(guest, fd, POLLIN))


class TestPipe:
    @pytest.fixture
    def ends(self):
        r, w = os.pipe()
        yield r, w
        os.close(r)
        os.close(w)

    def test_read(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[0]))
        wait = guest.raw("read", fd, BUFFER, 10)
        assert pending(wait) and wait.host_read == {ends[0]}
        os.write(ends[1], b"hello")
        assert wait.poll() == 5
        assert guest.answer(5) == b"hello"

    def test_write_does_not_block(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[1]))
        wait = guest.raw("write", fd, b"x" * 200_000, 200_000)
        assert pending(wait) and wait.host_write == {ends[1]}
        total = 0
        while total < 200_000:
            total += len(os.read(ends[0], 1 << 16))
            result = wait.poll()
        assert result == 200_000

    def test_nobody_reads(self, guest, streams):
        r, w = os.pipe()
        fd = install(guest, streams.open(w))
        os.close(r)
        guest.fails(Errno.EPIPE, "write", fd, b"x", 1)
        os.close(w)

    def test_events_and_kind(self, guest, streams, ends):
        file = streams.open(ends[0])
        assert file.poll_events() == 0
        os.write(ends[1], b"x")
        assert file.poll_events() & POLLIN
        assert streams.open(ends[1]).poll_events() & POLLOUT
        fd = install(guest, file)
        guest.fails(Errno.ENOTTY, "ioctl", fd, req.TCGETS, BUFFER)
        guest.fails(Errno.ESPIPE, "lseek", fd, 0, 0)
        n = guest.ok("readlink", b"/proc/self/fd/%d" % fd, BUFFER, 100)
        assert guest.answer(n).startswith(b"pipe:[")


class TestFile:
    def test_position_is_shared_with_the_host(self, guest, streams, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"0123456789")
        host = os.open(path, os.O_RDWR)
        os.read(host, 2)
        fd = install(guest, streams.open(host))
        assert guest.read(fd, 3) == b"234"
        assert os.read(host, 1) == b"5"
        assert guest.call("lseek", fd, 0, 1) == 6
        guest.write(fd, b"X")
        assert os.lseek(host, 0, 1) == 7
        assert path.read_bytes() == b"012345X789"
        os.close(host)

    def test_sendfile_goes_on_where_the_host_stands(self, guest, streams, tmp_path):
        host = os.open(tmp_path / "out", os.O_RDWR | os.O_CREAT)
        os.write(host, b"before ")
        fd = install(guest, streams.open(host))
        guest.write_file(b"/tmp/x", b"content ")
        assert guest.call("sendfile", fd, guest.open(b"/tmp/x"), 0, 100) == 8
        os.write(host, b"after")
        assert (tmp_path / "out").read_bytes() == b"before content after"
        os.close(host)

    def test_access_mode_and_size(self, guest, streams, tmp_path):
        (tmp_path / "f").write_bytes(b"abc")
        host = os.open(tmp_path / "f", os.O_RDONLY)
        fd = install(guest, streams.open(host))
        guest.fails(Errno.EBADF, "write", fd, b"x", 1)
        assert streams.open(host).stat().size == 3
        same = streams.open(host)
        assert same.stat().ino == guest.process.files.get(fd).stat().ino
        os.close(host)

    def test_closed(self, streams):
        assert streams.open(999) is None


class TestTerminal:
    @pytest.fixture
    def ends(self):
        master, slave = os.openpty()
        yield master, slave
        os.close(master)
        os.close(slave)

    def test_modes_pass_through_and_come_back(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[1]))
        first = termios.tcgetattr(ends[1])
        guest.ok("ioctl", fd, req.TCGETS, BUFFER)
        modes = Termios.unpack(guest.answer(36))
        assert modes.lflag & tio.ICANON
        modes.lflag &= ~(tio.ICANON | tio.ECHO)
        guest.ok("ioctl", fd, req.TCSETS, modes.pack())
        assert not termios.tcgetattr(ends[1])[3] & termios.ICANON
        streams.restore()
        assert termios.tcgetattr(ends[1]) == first

    def test_reading_and_writing(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[1]))
        wait = guest.raw("read", fd, BUFFER, 100)
        assert pending(wait)
        os.write(ends[0], b"line\n")
        while (n := wait.poll()) is None:
            pass
        assert guest.answer(n) == b"line\n"
        guest.write(fd, b"out\n")
        shown = b""
        while not shown.endswith(b"out\r\n"):
            shown += os.read(ends[0], 100)

    def test_it_has_a_name_and_a_session(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[1]))
        other = install(guest, streams.open(ends[1]))
        streams.give_session(guest.process.sid, guest.process.pgid)
        n = guest.ok("readlink", b"/proc/self/fd/%d" % fd, BUFFER, 100)
        name = guest.answer(n)
        guest.ok("fstat", fd, BUFFER)
        seen = guest.answer(144)
        guest.ok("stat", name, BUFFER)
        assert guest.answer(144)[:48] == seen[:48]
        guest.ok("open", b"/dev/tty", 2, 0)
        guest.ok("ioctl", other, req.TIOCGPGRP, BUFFER)
        assert guest.ints("<i") == (guest.process.pgid,)

    @pytest.mark.parametrize("call", ["poll", "select", "epoll", "epoll in epoll", "poll of epoll"])
    def test_waiting_for_input_is_no_wait_for_output(self, guest, streams, ends, call):
        """A terminal nearly always takes output: who waited for that would never sleep."""
        fd = install(guest, streams.open(ends[1]))
        wait = wait_for_input(guest, call, fd)
        assert pending(wait)
        assert wait.host_read == {ends[1]} and not wait.host_write
        os.write(ends[0], b"line\n")
        while (n := wait.poll()) is None:
            pass
        assert n == 1

    def test_an_edge_that_was_told_is_not_waited_for(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[1]))
        ep = watch(guest, fd, POLLIN | POLLOUT | EPOLLET)
        assert guest.call("epoll_wait", ep, BUFFER, 1, -1) == 1
        assert guest.ints("<I") == (POLLOUT,)
        wait = guest.raw("epoll_wait", ep, BUFFER, 1, -1)
        assert pending(wait) and wait.host_read and not wait.host_write

    def test_a_watch_that_is_used_up_is_not_waited_for(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[1]))
        ep = watch(guest, fd, POLLOUT | EPOLLONESHOT)
        assert guest.call("epoll_wait", ep, BUFFER, 1, -1) == 1
        wait = guest.raw("epoll_wait", ep, BUFFER, 1, -1)
        assert pending(wait) and not wait.host_read and not wait.host_write

    def test_a_full_pipe_is_waited_for(self, guest, streams):
        r, w = os.pipe()
        os.set_blocking(w, False)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(w, b"x" * 65536)
        ep = watch(guest, install(guest, streams.open(w)), POLLOUT)
        for wait in (
            guest.raw("epoll_wait", ep, BUFFER, 1, -1),
            wait_for_input(guest, "poll", ep),
        ):
            assert pending(wait) and wait.host_write == {w}
        os.close(r)
        os.close(w)

    def test_restoring_after_a_hang_up(self, guest, streams):
        master, slave = os.openpty()
        fd = install(guest, streams.open(slave))
        guest.ok("ioctl", fd, req.TCGETS, BUFFER)
        modes = Termios.unpack(guest.answer(36))
        modes.lflag &= ~tio.ECHO
        guest.ok("ioctl", fd, req.TCSETS, modes.pack())
        os.close(master)
        streams.restore()
        os.close(slave)

    def test_window(self, guest, streams, ends):
        fd = install(guest, streams.open(ends[1]))
        termios.tcsetwinsize(ends[1], (11, 22))
        guest.ok("ioctl", fd, req.TIOCGWINSZ, BUFFER)
        assert guest.ints("<4H") == (11, 22, 0, 0)


def test_bytes_in_and_a_function_out(guest):
    fd = install(guest, InputStream(b"some input", pipe_location(guest.vfs)))
    assert guest.read(fd, 4) == b"some"
    assert guest.read(fd, 100) == b" input"
    assert guest.read(fd, 100) == b""
    assert guest.process.files.get(fd).poll_events() & POLLHUP
    got = []
    out = install(guest, OutputStream(got.append, pipe_location(guest.vfs)))
    guest.write(out, b"a")
    guest.write(out, b"bc")
    assert b"".join(got) == b"abc"
