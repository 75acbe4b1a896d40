"""poll, select, epoll, eventfd, timerfd: what is ready, when, and what a time-out leaves."""

from __future__ import annotations

import struct
import time

import pytest

from elfin.kernel.abi import fcntl as f
from elfin.kernel.abi import poll as p
from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.signal import Signal, bit
from elfin.kernel.siginfo import SigInfo
from elfin.kernel.signals import send_to_process
from elfin.kernel.wait import Wait
from tests.kernel_files.guest import BUFFER, Guest, pending


@pytest.fixture
def guest():
    return Guest()


def put(guest, data, at=BUFFER):
    guest.task.memory.write(at, data)


class TestPoll:
    def test_ready_bad_and_ignored(self, guest):
        r, w = guest.pipe()
        put(guest, struct.pack("<ihhihhihh", r, 1, 9, w, 4, 9, 99, 1, 9))
        assert guest.call("poll", BUFFER, 3, -1) == 2
        assert guest.ints("<ihhihhihh") == (r, 1, 0, w, 4, 4, 99, 1, p.POLLNVAL)
        put(guest, struct.pack("<ihh", -1, 1, 9))
        assert guest.call("poll", BUFFER, 1, 0) == 0
        assert guest.ints("<ihh") == (-1, 1, 0)
        guest.fails(Errno.EINVAL, "poll", BUFFER, 100_000, 0)

    def test_waits_and_wakes(self, guest):
        r, w = guest.pipe()
        put(guest, struct.pack("<ihh", r, 1, 0))
        wait = guest.raw("poll", BUFFER, 1, -1)
        assert pending(wait) and wait.deadline is None
        guest.write(w, b"x")
        assert wait.poll() == 1
        assert guest.ints("<ihh") == (r, 1, 1)

    def test_time_out(self, guest):
        r, _ = guest.pipe()
        put(guest, struct.pack("<ihh", r, 1, 7))
        wait = guest.raw("poll", BUFFER, 1, 20)
        assert pending(wait) and wait.deadline == pytest.approx(guest.kernel.monotonic(), abs=0.1)
        time.sleep(0.03)
        assert wait.poll() == 0
        assert guest.ints("<ihh") == (r, 1, 0)

    def test_ppoll_tells_the_time_left_and_has_its_mask(self, guest):
        r, _ = guest.pipe()
        put(guest, struct.pack("<ihh", r, 1, 0))
        put(guest, struct.pack("<qq", 10, 0), BUFFER + 64)
        put(guest, struct.pack("<Q", 0xF0), BUFFER + 128)
        wait = guest.raw("ppoll", BUFFER, 1, BUFFER + 64, BUFFER + 128, 8)
        assert pending(wait) and guest.task.mask == 0xF0 and guest.task.saved_mask == 0
        wait.on_interrupt()
        left = struct.unpack("<qq", guest.memory[BUFFER + 64 : BUFFER + 80])
        assert left[0] == 9
        guest.fails(Errno.EINVAL, "ppoll", BUFFER, 1, 0, BUFFER + 128, 4)

    def test_regular_files_are_always_ready(self, guest):
        fd = guest.open(b"/tmp/x", f.O_CREAT | f.O_RDWR)
        put(guest, struct.pack("<ihh", fd, 5, 0))
        assert guest.call("poll", BUFFER, 1, -1) == 1
        assert guest.ints("<ihh") == (fd, 5, 5)


class TestSelect:
    def test_sets(self, guest):
        r, w = guest.pipe()
        put(guest, struct.pack("<QQ", 1 << r, 1 << w))
        assert guest.call("select", 64, BUFFER, BUFFER + 8, 0, 0) == 1
        assert guest.ints("<QQ") == (0, 1 << w)
        guest.write(w, b"x")
        put(guest, struct.pack("<QQ", 1 << r, 1 << w))
        assert guest.call("select", 64, BUFFER, BUFFER + 8, 0, 0) == 2

    def test_closed_descriptor(self, guest):
        put(guest, struct.pack("<Q", 1 << 50))
        guest.fails(Errno.EBADF, "select", 64, BUFFER, 0, 0, 0)

    def test_time_out_clears_and_tells(self, guest):
        r, _ = guest.pipe()
        put(guest, struct.pack("<Qqq", 1 << r, 0, 10_000))
        wait = guest.raw("select", r + 1, BUFFER, 0, 0, BUFFER + 8)
        assert pending(wait)
        time.sleep(0.02)
        assert wait.poll() == 0
        assert guest.ints("<Qqq") == (0, 0, 0)

    def test_only_sleeping(self, guest):
        put(guest, struct.pack("<qq", 0, 0))
        assert guest.call("select", 0, 0, 0, 0, BUFFER) == 0


class TestEpoll:
    def add(self, guest, ep, fd, events, data=None):
        put(guest, struct.pack("<IQ", events, fd if data is None else data))
        return guest.call("epoll_ctl", ep, p.EPOLL_CTL_ADD, fd, BUFFER)

    def wait(self, guest, ep, timeout=0, limit=8):
        n = guest.call("epoll_wait", ep, BUFFER, limit, timeout)
        return list(struct.iter_unpack("<IQ", guest.answer(12 * n)))

    def test_level(self, guest):
        ep = guest.ok("epoll_create1", 0)
        r, w = guest.pipe()
        assert self.add(guest, ep, r, p.POLLIN, 77) == 0
        assert self.wait(guest, ep) == []
        guest.write(w, b"ab")
        assert self.wait(guest, ep) == [(p.POLLIN, 77)] == self.wait(guest, ep)
        guest.read(r, 2)
        assert self.wait(guest, ep) == []
        guest.ok("close", w)
        assert self.wait(guest, ep) == [(p.POLLHUP, 77)]

    def test_edge(self, guest):
        ep = guest.ok("epoll_create1", 0)
        r, w = guest.pipe()
        self.add(guest, ep, r, p.POLLIN | p.EPOLLET)
        guest.write(w, b"a")
        assert len(self.wait(guest, ep)) == 1
        assert self.wait(guest, ep) == []
        guest.write(w, b"b")
        assert len(self.wait(guest, ep)) == 1
        assert self.wait(guest, ep) == []

    def test_one_shot(self, guest):
        ep = guest.ok("epoll_create1", 0)
        r, w = guest.pipe()
        self.add(guest, ep, r, p.POLLIN | p.EPOLLONESHOT)
        guest.write(w, b"a")
        assert len(self.wait(guest, ep)) == 1
        assert self.wait(guest, ep) == []
        put(guest, struct.pack("<IQ", p.POLLIN, 5))
        guest.ok("epoll_ctl", ep, p.EPOLL_CTL_MOD, r, BUFFER)
        assert self.wait(guest, ep) == [(p.POLLIN, 5)]

    def test_closing_the_last_descriptor_removes(self, guest):
        ep = guest.ok("epoll_create1", 0)
        r, w = guest.pipe()
        copy = guest.ok("dup", r)
        self.add(guest, ep, r, p.POLLIN)
        guest.write(w, b"a")
        guest.ok("close", r)
        assert len(self.wait(guest, ep)) == 1  # the description is still open
        guest.ok("close", copy)
        assert self.wait(guest, ep) == []

    def test_errors(self, guest):
        ep = guest.ok("epoll_create1", 0)
        r, _ = guest.pipe()
        file = guest.open(b"/tmp/x", f.O_CREAT)
        assert self.add(guest, ep, r, 1) == 0
        assert self.add(guest, ep, r, 1) == -Errno.EEXIST
        assert self.add(guest, ep, file, 1) == -Errno.EPERM
        assert self.add(guest, ep, ep, 1) == -Errno.EINVAL
        assert self.add(guest, r, ep, 1) == -Errno.EINVAL
        assert self.add(guest, 99, r, 1) == -Errno.EBADF
        guest.ok("epoll_ctl", ep, p.EPOLL_CTL_DEL, r, 0)
        guest.fails(Errno.ENOENT, "epoll_ctl", ep, p.EPOLL_CTL_DEL, r, 0)
        guest.fails(Errno.EINVAL, "epoll_wait", ep, BUFFER, 0, 0)
        other = guest.ok("epoll_create1", 0)
        assert self.add(guest, ep, other, 1) == 0
        assert self.add(guest, other, ep, 1) == -Errno.ELOOP

    def test_nested_and_waiting(self, guest):
        outer, inner = guest.ok("epoll_create1", 0), guest.ok("epoll_create1", 0)
        r, w = guest.pipe()
        self.add(guest, inner, r, p.POLLIN)
        self.add(guest, outer, inner, p.POLLIN)
        wait = guest.raw("epoll_wait", outer, BUFFER, 4, -1)
        assert pending(wait)
        guest.write(w, b"x")
        assert wait.poll() == 1

    def test_round_robin(self, guest):
        ep = guest.ok("epoll_create1", 0)
        pipes = [guest.pipe() for _ in range(3)]
        for r, w in pipes:
            self.add(guest, ep, r, p.POLLIN)
            guest.write(w, b"x")
        seen = {self.wait(guest, ep, limit=1)[0][1] for _ in range(3)}
        assert seen == {r for r, _ in pipes}


class TestEvents:
    def test_eventfd(self, guest):
        fd = guest.ok("eventfd2", 3, f.O_NONBLOCK)
        guest.write(fd, struct.pack("<Q", 4))
        assert guest.read(fd, 8) == struct.pack("<Q", 7)
        guest.fails(Errno.EAGAIN, "read", fd, BUFFER, 8)
        guest.fails(Errno.EINVAL, "read", fd, BUFFER, 4)
        guest.fails(Errno.EINVAL, "write", fd, b"\xff" * 8, 8)
        guest.write(fd, struct.pack("<Q", (1 << 64) - 2))
        guest.fails(Errno.EAGAIN, "write", fd, struct.pack("<Q", 1), 8)

    def test_semaphore(self, guest):
        fd = guest.ok("eventfd2", 2, 1)
        assert guest.read(fd, 8) == guest.read(fd, 8) == struct.pack("<Q", 1)
        assert isinstance(guest.raw("read", fd, BUFFER, 8), Wait)

    def test_timerfd(self, guest):
        fd = guest.ok("timerfd_create", 1, 0)
        put(guest, struct.pack("<qqqq", 0, 5_000_000, 0, 10_000_000))
        guest.ok("timerfd_settime", fd, 0, BUFFER, 0)
        wait = guest.raw("read", fd, BUFFER, 8)
        assert pending(wait) and wait.deadline is not None
        time.sleep(0.022)
        assert wait.poll() == 8
        assert guest.ints("<Q")[0] >= 3
        guest.ok("timerfd_gettime", fd, BUFFER)
        assert guest.ints("<qq") == (0, 5_000_000)

    def test_poll_wakes_for_a_timer(self, guest):
        fd = guest.ok("timerfd_create", 1, 0)
        put(guest, struct.pack("<qqqq", 0, 0, 0, 10_000_000))
        guest.ok("timerfd_settime", fd, 0, BUFFER, 0)
        put(guest, struct.pack("<ihh", fd, 1, 0))
        wait = guest.raw("poll", BUFFER, 1, -1)
        assert pending(wait) and wait.deadline - guest.kernel.monotonic() < 0.011
        time.sleep(0.012)
        assert wait.poll() == 1

    def test_signalfd(self, guest):
        put(guest, struct.pack("<Q", bit(Signal.SIGUSR1) | bit(Signal.SIGTERM)))
        guest.task.set_mask(bit(Signal.SIGUSR1) | bit(Signal.SIGTERM))
        fd = guest.ok("signalfd4", -1, BUFFER, 8, f.O_NONBLOCK)
        guest.fails(Errno.EAGAIN, "read", fd, BUFFER, 128)
        for signal in (Signal.SIGTERM, Signal.SIGUSR1, Signal.SIGHUP):
            send_to_process(guest.process, SigInfo.from_user(signal, 77, 5))
        assert guest.process.files.get(fd).poll_events() & p.POLLIN
        data = guest.read(fd, 1000)
        assert len(data) == 256
        assert struct.unpack_from("<IiiII", data) == (Signal.SIGUSR1, 0, 0, 77, 5)
        assert struct.unpack_from("<I", data, 128) == (Signal.SIGTERM,)
        assert guest.process.pending.mask == bit(Signal.SIGHUP)
        guest.fails(Errno.EINVAL, "read", fd, BUFFER, 100)
