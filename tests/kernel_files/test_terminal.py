"""Pseudo-terminals: the line discipline against the native one, byte by byte; job control."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import time

import pytest

from elfin.kernel.abi import fcntl as f
from elfin.kernel.abi import ioctl as req
from elfin.kernel.abi import termios as tio
from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.poll import POLLHUP, POLLIN
from elfin.kernel.abi.signal import SIG_IGN, Signal, bit
from elfin.kernel.abi.termios import Termios
from elfin.kernel.process import SigAction
from tests.kernel_files.guest import BUFFER, Guest, pending

LOCAL = [tio.ICANON, tio.ECHO, tio.ECHOE, tio.ECHOK, tio.ECHOCTL, tio.ECHOKE, tio.ISIG,
         tio.IEXTEN, tio.NOFLSH, tio.ECHONL]  # fmt: skip
INPUT = [tio.ICRNL, tio.INLCR, tio.IGNCR, tio.ISTRIP, tio.IUTF8]
OUTPUT = [tio.OPOST, tio.ONLCR, tio.OCRNL, tio.ONLRET, tio.OLCUC]
KEYS = [b"a", b"b", b" ", b"_", b"9", b"\n", b"\n", b"\r", b"\x7f", b"\x7f", b"\x15", b"\x17",
        b"\x04", b"\x12", b"\x16", b"\x01", b"\x1b", b"\t", "ä".encode(), b"."]  # fmt: skip

SIGNALS = [b"\x03", b"\x1a", b"\x1c"]


class NativePty:
    def __init__(self):
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        os.set_blocking(self.slave, False)

    def close(self):
        os.close(self.slave)
        os.close(self.master)

    def modes(self):
        return Termios.unpack(fcntl.ioctl(self.slave, req.TCGETS, bytes(36)))

    def set_modes(self, modes):
        fcntl.ioctl(self.slave, req.TCSETS, modes.pack())

    def type(self, data):
        os.write(self.master, data)
        time.sleep(0.001)  # the native kernel hands input on in a work queue

    def print(self, data):
        os.write(self.slave, data)

    def look(self, wanted=0):
        """What the master shows; waits while there is less than wanted."""
        data, end = self._read(self.master), time.monotonic() + 0.5
        while len(data or b"") < wanted and time.monotonic() < end:
            time.sleep(0.002)
            more = self._read(self.master)
            data = data if more is None else (data or b"") + more
        return data

    def take(self, n=100):
        return self._read(self.slave, n)

    @staticmethod
    def _read(fd, n=4096):
        try:
            return os.read(fd, n)
        except BlockingIOError:
            return None


class GuestPty:
    def __init__(self, guest=None):
        self.guest = guest or Guest()
        flags = f.O_RDWR | f.O_NONBLOCK | f.O_NOCTTY
        self.master = self.guest.ok("open", b"/dev/ptmx", flags, 0)
        self.guest.ok("ioctl", self.master, req.TIOCSPTLCK, bytes(4))
        self.guest.ok("ioctl", self.master, req.TIOCGPTN, BUFFER)
        self.number = self.guest.ints("<i")[0]
        self.slave = self.guest.ok("open", b"/dev/pts/%d" % self.number, flags, 0)

    def close(self):
        pass

    def modes(self):
        self.guest.ok("ioctl", self.slave, req.TCGETS, BUFFER)
        return Termios.unpack(self.guest.answer(36))

    def set_modes(self, modes):
        self.guest.ok("ioctl", self.slave, req.TCSETS, modes.pack())

    def type(self, data):
        self.guest.write(self.master, data)

    def print(self, data):
        self.guest.write(self.slave, data)

    def look(self):
        return self._read(self.master)

    def take(self, n=100):
        return self._read(self.slave, n)

    def _read(self, fd, n=4096):
        n = self.guest.call("read", fd, BUFFER, n)
        return None if n == -Errno.EAGAIN else self.guest.answer(n)


def test_new_terminals_have_the_native_modes():
    native, guest = NativePty(), GuestPty()
    assert guest.modes() == native.modes()
    native.close()


def change(rng, modes):
    for bits, name in ((LOCAL, "lflag"), (INPUT, "iflag"), (OUTPUT, "oflag")):
        for flag in rng.sample(bits, rng.choice([0, 0, 1, 2])):
            setattr(modes, name, getattr(modes, name) ^ flag)
    return modes


@pytest.mark.parametrize("seed", range(60))
def test_line_discipline_is_the_native_one(seed):
    """What is echoed, what can be read, in random modes under random typing."""
    rng = random.Random(seed)
    native, guest = NativePty(), GuestPty()
    story = []
    try:
        modes = change(rng, native.modes())
        for pty in (native, guest):
            pty.set_modes(modes)
        story.append(str(modes))
        for _ in range(12):
            kind = rng.random()
            if kind < 0.7:
                data = b"".join(rng.choices(KEYS, k=rng.randrange(1, 9)))
                if rng.random() < 0.2:
                    data = rng.choice(SIGNALS)  # alone: they drop what is still to be echoed
                story.append(f"type {data!r}")
                for pty in (native, guest):
                    pty.type(data)
            else:
                data = b"".join(rng.choices([b"out", b"\n", b"\r", b"A"], k=3))
                story.append(f"print {data!r}")
                for pty in (native, guest):
                    pty.print(data)
            got = guest.look()
            want = native.look(len(got or b""))
            story.append(f"  shown {want!r}")
            assert got == want, "\n".join(story)
            if rng.random() < 0.6:
                n = rng.choice([1, 3, 100])
                want, got = native.take(n), guest.take(n)
                story.append(f"  read({n}) {want!r}")
                assert got == want, "\n".join(story)
    finally:
        native.close()


def test_special_characters_reach_the_foreground_group():
    guest = Guest()
    pty = GuestPty(guest)
    guest.ok("ioctl", pty.slave, req.TIOCSCTTY, 0)
    assert guest.call("open", b"/dev/tty", f.O_RDWR, 0) >= 0
    pty.type(b"half\x03")
    assert guest.process.pending.mask & bit(Signal.SIGINT)
    assert pty.take() is None  # and what was typed is gone
    pty.type(b"\x1c\x1a")
    assert guest.process.pending.mask & bit(Signal.SIGQUIT)
    assert guest.process.pending.mask & bit(Signal.SIGTSTP)


def test_window_size_and_its_signal():
    guest = Guest()
    pty = GuestPty(guest)
    guest.ok("ioctl", pty.slave, req.TIOCSCTTY, 0)
    guest.process.signal_actions[Signal.SIGWINCH] = SigAction(0x1000)  # else it is not even sent
    guest.ok("ioctl", pty.master, req.TIOCSWINSZ, struct.pack("<4H", 24, 80, 0, 0))
    assert guest.process.pending.mask & bit(Signal.SIGWINCH)
    guest.ok("ioctl", pty.slave, req.TIOCGWINSZ, BUFFER)
    assert guest.ints("<4H") == (24, 80, 0, 0)


def test_hang_up():
    guest = Guest()
    pty = GuestPty(guest)
    guest.ok("ioctl", pty.slave, req.TIOCSCTTY, 0)
    guest.ok("close", pty.master)
    pending_signals = guest.process.pending.mask
    assert pending_signals & bit(Signal.SIGHUP)
    assert guest.read(pty.slave, 10) == b""
    guest.fails(Errno.EIO, "write", pty.slave, b"x", 1)
    assert guest.process.files.get(pty.slave).poll_events() & POLLHUP
    guest.fails(Errno.ENXIO, "open", b"/dev/tty", f.O_RDWR, 0)
    guest.fails(Errno.ENOENT, "open", b"/dev/pts/%d" % pty.number, f.O_RDWR, 0)


def test_master_ends_with_the_last_slave():
    pty = GuestPty()
    pty.print(b"bye\n")
    pty.guest.ok("close", pty.slave)
    assert pty.look() == b"bye\r\n"
    pty.guest.fails(Errno.EIO, "read", pty.master, BUFFER, 10)
    assert pty.guest.process.files.get(pty.master).poll_events() & POLLHUP


def test_locked_until_unlocked():
    guest = Guest()
    master = guest.ok("open", b"/dev/ptmx", f.O_RDWR, 0)
    guest.fails(Errno.EIO, "open", b"/dev/pts/0", f.O_RDWR, 0)
    guest.ok("ioctl", master, req.TIOCSPTLCK, bytes(4))
    slave = guest.ok("ioctl", master, req.TIOCGPTPEER, f.O_RDWR | f.O_NOCTTY)
    n = guest.ok("readlink", b"/proc/self/fd/%d" % slave, BUFFER, 100)
    assert guest.answer(n) == b"/dev/pts/0"


class TestBackground:
    """A group that is not in the foreground."""

    def make(self):
        guest = Guest()
        pty = GuestPty(guest)
        guest.ok("ioctl", pty.slave, req.TIOCSCTTY, 0)
        child = guest.fork()
        child.process.pgid = child.process.pid
        return guest, pty, child

    def test_read_stops(self):
        _, pty, child = self.make()
        wait = child.raw("read", pty.slave, BUFFER, 10)
        assert child.process.pending.mask & bit(Signal.SIGTTIN)
        pty.type(b"x\n")
        assert pending(wait)
        pty.guest.ok("ioctl", pty.slave, req.TIOCSPGRP, struct.pack("<i", child.process.pgid))
        assert wait.poll() == 2

    def test_ignored_signal_is_an_error(self):
        _, pty, child = self.make()
        child.process.signal_actions[Signal.SIGTTIN] = SigAction(SIG_IGN)
        child.fails(Errno.EIO, "read", pty.slave, BUFFER, 10)

    def test_write_only_with_tostop(self):
        _, pty, child = self.make()
        child.write(pty.slave, b"x")
        modes = pty.modes()
        modes.lflag |= tio.TOSTOP
        pty.set_modes(modes)
        assert pending(child.raw("write", pty.slave, b"x", 1))
        assert child.process.pending.mask & bit(Signal.SIGTTOU)

    def test_changing_modes_stops(self):
        _, pty, child = self.make()
        modes = pty.modes().pack()
        assert pending(child.raw("ioctl", pty.slave, req.TCSETS, modes))
        assert child.process.pending.mask & bit(Signal.SIGTTOU)

    def test_foreground_group(self):
        guest, pty, child = self.make()
        guest.ok("ioctl", pty.slave, req.TIOCGPGRP, BUFFER)
        assert guest.ints("<i") == (guest.process.pgid,)
        guest.fails(Errno.ESRCH, "ioctl", pty.slave, req.TIOCSPGRP, struct.pack("<i", 4000))
        guest.ok("ioctl", pty.slave, req.TIOCSPGRP, struct.pack("<i", child.process.pgid))
        pty.type(b"\x03")
        assert child.process.pending.mask & bit(Signal.SIGINT)
        assert not guest.process.pending.mask & bit(Signal.SIGINT)


class TestTimes:
    """VMIN and VTIME (man 3 termios)."""

    def make(self, minimum, tenths):
        pty = GuestPty()
        pty.guest.ok("fcntl", pty.slave, f.F_SETFL, 0)
        modes = pty.modes()
        modes.lflag &= ~(tio.ICANON | tio.ECHO)
        controls = bytearray(modes.controls)
        controls[tio.VMIN], controls[tio.VTIME] = minimum, tenths
        modes.controls = bytes(controls)
        pty.set_modes(modes)
        return pty

    def test_polling_read(self):
        pty = self.make(0, 0)
        assert pty.guest.read(pty.slave, 10) == b""
        pty.type(b"ab")
        assert pty.guest.read(pty.slave, 10) == b"ab"

    def test_read_timeout(self):
        pty = self.make(0, 1)
        wait = pty.guest.raw("read", pty.slave, BUFFER, 10)
        assert pending(wait) and wait.deadline is not None
        time.sleep(0.11)
        assert wait.poll() == 0

    def test_minimum(self):
        pty = self.make(3, 0)
        wait = pty.guest.raw("read", pty.slave, BUFFER, 10)
        pty.type(b"ab")
        assert pending(wait)
        pty.type(b"cd")
        assert wait.poll() == 4
        pty.type(b"ab")
        assert pty.guest.read(pty.slave, 2) == b"ab"

    def test_between_bytes(self):
        pty = self.make(10, 1)
        wait = pty.guest.raw("read", pty.slave, BUFFER, 20)
        assert pending(wait) and wait.deadline is None
        pty.type(b"a")
        assert pending(wait) and wait.deadline is not None
        time.sleep(0.11)
        assert wait.poll() == 1


def test_switching_modes_keeps_what_was_typed():
    native, guest = NativePty(), GuestPty()
    for pty in (native, guest):
        modes = pty.modes()
        pty.type(b"half")
        modes.lflag &= ~tio.ICANON
        pty.set_modes(modes)
    assert guest.take() == native.take() == b"half"
    assert guest.guest.process.files.get(guest.slave).poll_events() & POLLIN == 0
    native.close()
