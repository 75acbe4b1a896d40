"""The tree: mounts, /proc, /dev, permissions, openat2, directories that change, unnamed files."""

from __future__ import annotations

import os
import struct
import time

import pytest

from elfin.kernel.abi import fcntl as f
from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.stat import S_IFCHR, STAT, STATX
from elfin.kernel.files.host_fs import HostFs
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.files.overlay import OverlayFs
from tests.kernel_files.guest import BUFFER, Guest
from tests.kernel_files.native import list_guest


@pytest.fixture
def guest():
    return Guest()


def stat(guest, path):
    guest.ok("stat", path, BUFFER)
    return STAT.unpack(guest.answer(144))


def cwd(guest):
    return guest.answer(guest.ok("getcwd", BUFFER, 4096))[:-1]


class TestDevices:
    def test_memory_devices(self, guest):
        zero, null = guest.open(b"/dev/zero", 2), guest.open(b"/dev/null", 2)
        assert guest.read(zero, 5) == bytes(5)
        assert guest.read(null, 5) == b""
        assert guest.write(null, b"abc") == 3
        full = guest.open(b"/dev/full", 2)
        guest.fails(Errno.ENOSPC, "write", full, b"x", 1)
        assert guest.read(full, 3) == bytes(3)
        random = guest.open(b"/dev/urandom")
        assert guest.read(random, 16) != guest.read(random, 16)
        guest.fails(Errno.ENXIO, "open", b"/dev/tty", 2, 0)

    def test_what_they_are(self, guest):
        assert sorted(list_guest(guest, b"/dev")) == sorted(
            b"null zero full random urandom tty ptmx pts shm fd stdin stdout stderr".split()
        )
        entry = stat(guest, b"/dev/null")
        assert entry[3] == S_IFCHR | 0o666
        assert entry[6] == 0x103


class TestProc:
    def test_self(self, guest):
        guest.process.argv = [b"prog", b"arg"]
        guest.task.comm = b"prog"
        assert guest.read_file(b"/proc/self/cmdline") == b"prog\0arg\0"
        assert guest.read_file(b"/proc/self/comm") == b"prog\n"
        fields = guest.read_file(b"/proc/self/stat").split()
        assert fields[:2] == [b"%d" % guest.process.pid, b"(prog)"] and len(fields) == 52
        status = guest.read_file(b"/proc/self/status")
        assert b"Uid:\t0\t0\t0\t0\n" in status
        guest.ok("chdir", b"/tmp")
        n = guest.ok("readlink", b"/proc/self/cwd", BUFFER, 100)
        assert guest.answer(n) == b"/tmp"
        assert b"/proc" in guest.read_file(b"/proc/mounts")
        assert guest.read_file(b"/proc/sys/kernel/ostype") == b"Linux\n"
        assert b"%d" % guest.process.pid in list_guest(guest, b"/proc")

    def test_every_text_can_be_read(self, guest):
        def walk(path):
            for name in list_guest(guest, path):
                child = path + b"/" + name
                if guest.call("lstat", child, BUFFER) == -Errno.ENOENT:
                    continue  # the descriptor that read the directory
                mode = STAT.unpack(guest.answer(144))[3] & 0o170000
                if mode == 0o040000:
                    walk(child)
                elif mode == 0o100000:
                    guest.read_file(child)

        walk(b"/proc")

    def test_descriptors(self, guest):
        fd = guest.open(b"/tmp/x", f.O_CREAT | f.O_RDWR)
        guest.write(fd, b"data")
        again = guest.open(b"/proc/self/fd/%d" % fd)
        assert guest.read(again, 10) == b"data"
        guest.ok("unlink", b"/tmp/x")
        n = guest.ok("readlink", b"/dev/fd/%d" % fd, BUFFER, 100)
        assert guest.answer(n) == b"/tmp/x (deleted)"
        assert guest.read_file(b"/proc/self/fd/%d" % fd) == b"data"
        assert b"pos:\t4\n" in guest.read_file(b"/proc/self/fdinfo/%d" % fd)
        r, _ = guest.pipe()
        assert guest.open(b"/proc/self/fd/%d" % r, f.O_WRONLY | f.O_NONBLOCK) >= 0

    def test_other_users_see_less(self):
        guest = Guest(uid=1000, gid=1000)
        other = guest.fork()
        other.process.credentials.uid = other.process.credentials.euid = 0
        place = b"/proc/%d/" % other.process.pid
        guest.fails(Errno.EACCES, "readlink", place + b"cwd", BUFFER, 100)
        guest.fails(Errno.EACCES, "open", place + b"environ", 0, 0)
        assert guest.read_file(place + b"cmdline") == b""

    def test_nothing_there_can_be_made_or_removed(self, guest):
        guest.fails(Errno.ENOENT, "open", b"/proc/new", f.O_CREAT | f.O_WRONLY, 0o644)
        guest.fails(Errno.EPERM, "unlink", b"/proc/version")
        guest.fails(Errno.EPERM, "rename", b"/proc/version", b"/proc/x")


class TestPermissions:
    @pytest.fixture
    def user(self):
        guest = Guest(uid=1000, gid=1000, groups=(50,))
        boss = guest.fork()
        boss.process.credentials.fsuid = boss.process.credentials.euid = 0
        return guest, boss

    def test_sticky(self, user):
        guest, boss = user
        boss.write_file(b"/tmp/theirs", b"x", 0o666)
        guest.fails(Errno.EPERM, "unlink", b"/tmp/theirs")
        guest.fails(Errno.EPERM, "rename", b"/tmp/theirs", b"/tmp/mine")
        guest.write_file(b"/tmp/mine", b"x")
        guest.fails(Errno.EPERM, "rename", b"/tmp/mine", b"/tmp/theirs")
        guest.ok("unlink", b"/tmp/mine")

    def test_groups(self, user):
        guest, boss = user
        boss.write_file(b"/tmp/g", b"x", 0o640)
        boss.ok("chown", b"/tmp/g", 0, 0)
        guest.fails(Errno.EACCES, "open", b"/tmp/g", 0, 0)
        boss.ok("chown", b"/tmp/g", 0, 50)
        guest.open(b"/tmp/g")
        guest.fails(Errno.EACCES, "open", b"/tmp/g", 1, 0)

    def test_group_of_a_directory(self, user):
        guest, boss = user
        boss.ok("mkdir", b"/tmp/d", 0o777)
        boss.ok("chown", b"/tmp/d", 0, 50)
        boss.ok("chmod", b"/tmp/d", 0o2777)
        guest.ok("mkdir", b"/tmp/d/e", 0o755)
        entry = stat(guest, b"/tmp/d/e")
        assert (entry[3] & 0o7777, entry[4], entry[5]) == (0o2755, 1000, 50)


class TestResolve:
    """openat2 (man 2 openat2)."""

    @pytest.fixture
    def guest(self):
        guest = Guest()
        guest.ok("mkdir", b"/tmp/in", 0o755)
        guest.write_file(b"/tmp/in/file", b"inside")
        guest.write_file(b"/tmp/file", b"outside")
        for target, name in [(b"file", b"good"), (b"../file", b"up"), (b"/tmp/file", b"abs")]:
            guest.ok("symlink", target, b"/tmp/in/" + name)
        self.fd = guest.open(b"/tmp/in", f.O_PATH | f.O_DIRECTORY)
        return guest

    def how(self, guest, path, resolve, flags=0):
        return guest.call("openat2", self.fd, path, struct.pack("<QQQ", flags, 0, resolve), 24)

    def test_beneath(self, guest):
        assert self.how(guest, b"good", f.RESOLVE_BENEATH) >= 0
        for path in (b"up", b"abs", b"..", b"../in/file", b"/tmp/in/file"):
            assert self.how(guest, path, f.RESOLVE_BENEATH) == -Errno.EXDEV

    def test_in_root(self, guest):
        for path in (b"good", b"up", b"../../file", b"/file"):
            fd = self.how(guest, path, f.RESOLVE_IN_ROOT)
            assert guest.read(fd, 10) == b"inside"
        assert self.how(guest, b"abs", f.RESOLVE_IN_ROOT) == -Errno.ENOENT

    def test_links_and_mounts(self, guest):
        assert self.how(guest, b"good", f.RESOLVE_NO_SYMLINKS) == -Errno.ELOOP
        magic = b"/proc/self/fd/%d/file" % self.fd
        assert self.how(guest, magic, 0) >= 0
        assert self.how(guest, magic, f.RESOLVE_NO_MAGICLINKS) == -Errno.ELOOP
        assert self.how(guest, b"../../dev/null", f.RESOLVE_NO_XDEV) == -Errno.EXDEV

    def test_arguments(self, guest):
        assert self.how(guest, b"file", 0x100) == -Errno.EINVAL
        assert self.how(guest, b"file", 0, 1 << 40) == -Errno.EINVAL
        guest.fails(Errno.EINVAL, "openat2", self.fd, b"file", bytes(24), 16)
        guest.fails(Errno.E2BIG, "openat2", self.fd, b"file", bytes(24) + b"\1" * 8, 32)


class TestDirectories:
    def test_removing_while_reading(self, guest):
        for i in range(500):
            guest.write_file(b"/tmp/f%d" % i, b"")
        fd = guest.open(b"/tmp", f.O_DIRECTORY)
        seen = 0
        while n := guest.ok("getdents64", fd, BUFFER, 512):
            data = guest.answer(n)
            while data:
                length = int.from_bytes(data[16:18], "little")
                name = data[19:length].split(b"\0")[0]
                data = data[length:]
                if name not in {b".", b".."}:
                    guest.ok("unlink", b"/tmp/" + name)
                    seen += 1
        assert seen == 500
        guest.ok("lseek", fd, 0, 0)
        assert list_guest(guest, b"/tmp") == []

    def test_working_directory_that_is_removed(self, guest):
        guest.ok("mkdir", b"/tmp/d", 0o755)
        guest.ok("chdir", b"/tmp/d")
        guest.ok("rmdir", b"/tmp/d")
        guest.fails(Errno.ENOENT, "getcwd", BUFFER, 100)
        guest.fails(Errno.ENOENT, "open", b"x", f.O_CREAT | f.O_WRONLY, 0o644)
        guest.fails(Errno.ENOENT, "mkdir", b"x", 0o755)
        guest.ok("chdir", b"..")
        assert cwd(guest) == b"/tmp"

    def test_working_directory_that_moves(self, guest):
        guest.ok("mkdir", b"/tmp/d", 0o755)
        guest.ok("mkdir", b"/tmp/d/e", 0o755)
        guest.ok("chdir", b"/tmp/d/e")
        guest.ok("rename", b"/tmp/d", b"/tmp/z")
        assert cwd(guest) == b"/tmp/z/e"

    def test_chroot(self, guest):
        guest.ok("mkdir", b"/tmp/root", 0o755)
        guest.write_file(b"/tmp/root/file", b"in")
        guest.ok("chroot", b"/tmp/root")
        assert guest.read_file(b"/file") == b"in"
        assert guest.read_file(b"/../../file") == b"in"
        assert cwd(guest) == b"(unreachable)/"
        guest.ok("chdir", b"/")
        assert cwd(guest) == b"/"
        guest.fails(Errno.ENOENT, "open", b"/tmp", 0, 0)


class TestUnnamed:
    def test_tmpfile_can_be_linked(self, guest):
        fd = guest.ok("open", b"/tmp", f.O_TMPFILE | f.O_RDWR, 0o600)
        guest.write(fd, b"data")
        assert list_guest(guest, b"/tmp") == []
        guest.ok("linkat", -100, b"/proc/self/fd/%d" % fd, -100, b"/tmp/named", 0x400)
        assert guest.read_file(b"/tmp/named") == b"data"

    def test_memfd_and_its_seals(self, guest):
        fd = guest.ok("memfd_create", b"name", 2)
        guest.write(fd, b"0123456789")
        guest.ok("fcntl", fd, f.F_ADD_SEALS, f.F_SEAL_SHRINK | f.F_SEAL_GROW)
        guest.fails(Errno.EPERM, "ftruncate", fd, 5)
        guest.fails(Errno.EPERM, "ftruncate", fd, 50)
        guest.fails(Errno.EPERM, "write", fd, b"x", 1)
        assert guest.call("pwrite64", fd, b"x", 1, 0) == 1
        guest.ok("fcntl", fd, f.F_ADD_SEALS, f.F_SEAL_WRITE | f.F_SEAL_SEAL)
        guest.fails(Errno.EPERM, "pwrite64", fd, b"x", 1, 0)
        guest.fails(Errno.EPERM, "fcntl", fd, f.F_ADD_SEALS, 1)
        n = guest.ok("readlink", b"/proc/self/fd/%d" % fd, BUFFER, 100)
        assert guest.answer(n) == b"/memfd:name (deleted)"


class TestSizes:
    def test_holes_cost_nothing(self, guest):
        fd = guest.open(b"/tmp/x", f.O_CREAT | f.O_RDWR)
        guest.ok("ftruncate", fd, 1 << 40)
        guest.call("pwrite64", fd, b"end", 3, (1 << 40) - 3)
        assert guest.ok("lseek", fd, 0, f.SEEK_DATA) >= (1 << 40) - (1 << 16)
        assert guest.ok("lseek", fd, 0, f.SEEK_HOLE) == 0
        assert guest.vfs.root.node.fs.used < 1 << 20
        guest.ok("ftruncate", fd, 0)
        guest.fails(Errno.ENXIO, "lseek", fd, 0, f.SEEK_DATA)

    def test_full(self):
        fs = MemoryFs(time.time_ns, capacity=100_000)
        guest = Guest(root=fs.root, standard=False)
        fd = guest.open(b"/x", f.O_CREAT | f.O_RDWR)
        assert guest.call("write", fd, b"x" * 150_000, 150_000) < 150_000
        guest.fails(Errno.ENOSPC, "write", fd, b"x" * 65536, 65536)
        guest.ok("ftruncate", fd, 0)
        assert fs.used == 0
        guest.write(fd, b"x")
        guest.ok("close", fd)
        guest.ok("unlink", b"/x")
        assert fs.used == 0

    def test_limit(self, guest):
        guest.process.limits[1] = (10, 10)
        fd = guest.open(b"/tmp/x", f.O_CREAT | f.O_RDWR)
        assert guest.write(fd, b"x" * 20) == 10
        guest.fails(Errno.EFBIG, "write", fd, b"x", 1)
        guest.fails(Errno.EFBIG, "ftruncate", fd, 11)

    def test_descriptors(self, guest):
        guest.process.files.limit = 3
        for fd in range(3):
            assert guest.open(b"/dev/null") == fd
        guest.fails(Errno.EMFILE, "open", b"/dev/null", 0, 0)
        guest.fails(Errno.EMFILE, "open", b"/tmp/new", f.O_CREAT | f.O_WRONLY, 0)
        guest.fails(Errno.ENOENT, "stat", b"/tmp/new", BUFFER)
        guest.ok("close", 1)
        assert guest.ok("dup", 0) == 1
        guest.fails(Errno.EBADF, "dup2", 0, 3)


class TestOverlayFiles:
    @pytest.fixture
    def guest(self, tmp_path):
        (tmp_path / "big").write_bytes(b"0123456789" * 100_000)
        (tmp_path / "d").mkdir()
        (tmp_path / "d" / "f").write_bytes(b"low")
        (tmp_path / "l1").write_bytes(b"linked")
        os.link(tmp_path / "l1", tmp_path / "l2")
        self.fs = OverlayFs(HostFs(tmp_path).root, time.time_ns)
        return Guest(root=self.fs.root, standard=False)

    def test_only_changed_blocks_are_copied(self, guest):
        fd = guest.open(b"/big", f.O_RDWR)
        guest.call("pwrite64", fd, b"X", 1, 500_000)
        assert self.fs.used <= 1 << 16
        data = guest.read_file(b"/big")
        assert len(data) == 1_000_000 and data[499_999:500_002] == b"9X1"
        guest.ok("ftruncate", fd, 10)
        guest.ok("ftruncate", fd, 1000)
        assert guest.read_file(b"/big") == b"0123456789" + bytes(990)

    def test_numbers_stay(self, guest):
        before = stat(guest, b"/d/f")[1]
        guest.ok("chmod", b"/d/f", 0o600)
        guest.write_file(b"/d/f", b"new")
        assert stat(guest, b"/d/f")[1] == before
        guest.ok("rename", b"/d", b"/e")
        assert stat(guest, b"/e/f")[1] == before

    def test_hard_links_below_stay_links(self, guest):
        guest.write_file(b"/l1", b"changed")
        assert guest.read_file(b"/l2") == b"changed"
        guest.ok("unlink", b"/l1")
        assert stat(guest, b"/l2")[2] == 1
        assert guest.read_file(b"/l2") == b"changed"

    def test_removed_and_made_again(self, guest):
        guest.ok("unlink", b"/d/f")
        guest.ok("rmdir", b"/d")
        guest.ok("mkdir", b"/d", 0o755)
        assert list_guest(guest, b"/d") == []

    def test_nothing_is_kept_of_what_is_only_read(self, guest):
        assert guest.read_file(b"/d/f") == b"low"
        list_guest(guest, b"/d")
        assert not self.fs.root.children


def test_statx(guest):
    guest.write_file(b"/tmp/x", b"abc")
    guest.ok("statx", -100, b"/tmp/x", 0, 0xFFF, BUFFER)
    x = STATX.unpack(guest.answer(256))
    assert x[0] & 0xFFF == 0xFFF
    assert (x[6], x[8]) == (0o100644, 3)
    guest.ok("statx", -100, b"/proc", 0, 0xFFF, BUFFER)
    assert STATX.unpack(guest.answer(256))[2] & 0x2000  # the root of a mount


def test_times_are_kept_to_the_nanosecond(guest):
    guest.write_file(b"/tmp/x", b"")
    times = struct.pack("<qqqq", 5, 123456789, 7, 987654321)
    guest.ok("utimensat", -100, b"/tmp/x", times, 0)
    entry = stat(guest, b"/tmp/x")
    assert entry[10:14] == (5, 123456789, 7, 987654321)
    guest.ok("utimensat", -100, b"/tmp/x", struct.pack("<qqqq", 0, (1 << 30) - 2, 9, 1), 0)
    assert stat(guest, b"/tmp/x")[10:14] == (5, 123456789, 9, 1)


def test_mounting_is_not_for_guests(guest):
    guest.fails(Errno.EPERM, "mount", b"x", b"/tmp", b"tmpfs", 0, 0)
    guest.fails(Errno.EPERM, "umount2", b"/proc", 0)


def test_cloexec(guest):
    r, _ = guest.pipe(f.O_CLOEXEC)
    kept = guest.ok("fcntl", r, f.F_DUPFD, 10)
    assert kept == 10
    guest.process.files.close_on_exec(guest.process)
    assert [fd for fd, _ in guest.process.files.items()] == [10]
    guest.ok("fcntl", 10, f.F_SETFD, 1)
    assert guest.call("fcntl", 10, f.F_GETFD, 0) == 1
    guest.ok("close_range", 0, 0xFFFFFFFF, 0)
    assert not list(guest.process.files.items())
