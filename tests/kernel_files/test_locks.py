"""File locks against the native kernel: two processes, random ranges; flock; deadlock."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import struct

import pytest

from elfin.kernel.abi import fcntl as f
from elfin.kernel.abi.errno import Errno
from tests.kernel_files.guest import Guest, pending


def lock(kind, start=0, length=0, whence=0, pid=0):
    return struct.pack(f.FLOCK_FORMAT, kind, whence, start, length, pid)


class NativeProcess:
    """A child that takes and asks for locks by command, through pipes."""

    def __init__(self, path):
        self.to, self.back = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            self._serve(path)
        os.close(self.to[0])
        os.close(self.back[1])

    def _serve(self, path):
        fd = os.open(path, os.O_RDWR)
        os.close(self.to[1])
        while command := os.read(self.to[0], 40):
            (number,) = struct.unpack("<q", command[:8])
            try:
                answer = struct.pack("<q", 0) + fcntl.fcntl(fd, number, command[8:])
            except OSError as error:
                answer = struct.pack("<q", -error.errno) + command[8:]
            os.write(self.back[1], answer)
        os._exit(0)

    def ask(self, command, flock):
        os.write(self.to[1], struct.pack("<q", command) + flock)
        answer = os.read(self.back[0], 40)
        return struct.unpack("<q", answer[:8])[0], answer[8:]

    def end(self):
        os.close(self.to[1])
        os.close(self.back[0])
        os.kill(self.pid, signal.SIGKILL)  # the other child may hold its pipe open
        os.waitpid(self.pid, 0)


class GuestProcess:
    def __init__(self, guest):
        self.guest = guest
        self.fd = guest.open(b"/tmp/locked", f.O_RDWR)

    def ask(self, command, flock):
        result = self.guest.call("fcntl", self.fd, command, flock)
        return result, bytes(self.guest.memory[0x1000 : 0x1000 + 32])


@pytest.mark.parametrize("seed", range(8))
def test_record_locks_are_the_native_ones(seed, tmp_path):
    rng = random.Random(seed)
    (tmp_path / "f").write_bytes(b"x" * 100)
    natives = [NativeProcess(tmp_path / "f") for _ in range(2)]
    guest = Guest()
    guest.write_file(b"/tmp/locked", b"x" * 100)
    guests = [GuestProcess(guest), GuestProcess(guest.fork())]
    story = []
    try:
        for _ in range(60):
            who = rng.randrange(2)
            command = rng.choice([f.F_SETLK, f.F_SETLK, f.F_GETLK])
            kind = rng.choice([f.F_RDLCK, f.F_WRLCK, f.F_UNLCK, 7])
            flock = lock(
                kind, rng.randrange(-2, 12), rng.randrange(-3, 6), rng.choice([0, 0, 1, 2])
            )
            want, theirs = natives[who].ask(command, flock)
            got, ours = guests[who].ask(command, flock)
            story.append((who, command, struct.unpack(f.FLOCK_FORMAT, flock), want, got))
            assert want == got, story
            if command == f.F_GETLK and want == 0:
                a, b = struct.unpack(f.FLOCK_FORMAT, theirs), struct.unpack(f.FLOCK_FORMAT, ours)
                assert a[:4] == b[:4], (story, a, b)
    finally:
        for native in natives:
            native.end()


@pytest.fixture
def two():
    guest = Guest()
    guest.write_file(b"/tmp/locked", b"x" * 100)
    return guest, guest.fork()


def test_closing_any_descriptor_drops_the_locks(two):
    a, b = two
    fd, again = a.open(b"/tmp/locked", 2), a.open(b"/tmp/locked")
    other = b.open(b"/tmp/locked", 2)
    a.ok("fcntl", fd, f.F_SETLK, lock(f.F_WRLCK))
    b.fails(Errno.EAGAIN, "fcntl", other, f.F_SETLK, lock(f.F_RDLCK))
    a.ok("close", again)
    b.ok("fcntl", other, f.F_SETLK, lock(f.F_RDLCK))


def test_waiting_and_deadlock(two):
    a, b = two
    fa, fb = a.open(b"/tmp/locked", 2), b.open(b"/tmp/locked", 2)
    a.ok("fcntl", fa, f.F_SETLK, lock(f.F_WRLCK, 0, 1))
    b.ok("fcntl", fb, f.F_SETLK, lock(f.F_WRLCK, 1, 1))
    wait = b.raw("fcntl", fb, f.F_SETLKW, lock(f.F_WRLCK, 0, 1))
    assert pending(wait)
    a.fails(Errno.EDEADLK, "fcntl", fa, f.F_SETLKW, lock(f.F_WRLCK, 1, 1))
    a.ok("fcntl", fa, f.F_SETLK, lock(f.F_UNLCK))
    assert wait.poll() == 0


def test_description_locks(two):
    a, _ = two
    first, second = a.open(b"/tmp/locked", 2), a.open(b"/tmp/locked", 2)
    a.ok("fcntl", first, f.F_OFD_SETLK, lock(f.F_WRLCK))
    a.fails(Errno.EAGAIN, "fcntl", second, f.F_OFD_SETLK, lock(f.F_WRLCK))
    a.fails(Errno.EINVAL, "fcntl", second, f.F_OFD_SETLK, lock(f.F_WRLCK, pid=5))
    copy = a.ok("dup", first)
    a.ok("close", first)
    a.fails(Errno.EAGAIN, "fcntl", second, f.F_OFD_SETLK, lock(f.F_WRLCK))
    a.ok("close", copy)
    a.ok("fcntl", second, f.F_OFD_SETLK, lock(f.F_WRLCK))


def test_access_mode(two):
    a, _ = two
    fd = a.open(b"/tmp/locked")
    a.fails(Errno.EBADF, "fcntl", fd, f.F_SETLK, lock(f.F_WRLCK))
    a.ok("fcntl", fd, f.F_SETLK, lock(f.F_RDLCK))


def test_flock_belongs_to_the_description(two):
    a, b = two
    fd, other = a.open(b"/tmp/locked"), b.open(b"/tmp/locked")
    a.ok("flock", fd, f.LOCK_EX)
    b.fails(Errno.EAGAIN, "flock", other, f.LOCK_SH | f.LOCK_NB)
    wait = b.raw("flock", other, f.LOCK_SH)
    assert pending(wait)
    copy = a.ok("dup", fd)
    a.ok("close", fd)
    assert pending(wait)
    a.ok("flock", copy, f.LOCK_SH)
    assert wait.poll() == 0
    a.fails(Errno.EAGAIN, "flock", copy, f.LOCK_EX | f.LOCK_NB)
