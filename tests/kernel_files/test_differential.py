"""Random scripts of file calls: the guest answers what the native kernel answers, call by call.

Three file systems (memory, host folder, overlay), as user 0 and as an ordinary user.
"""

from __future__ import annotations

import os
import random

import pytest

from elfin.kernel.abi import fcntl as f
from tests.kernel_files.guest import BUFFER
from tests.kernel_files.native import WORK, Pair

SCRIPTS = int(os.environ.get("ELFIN_SCRIPTS", "40"))
LENGTH = 60

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="acts as two users: needs root")

LONG = b"x" * 256
NAMES = [b"a", b"b", b"c", b"d/a", b"d/b", b"d/e/a", b"d/e", b"d", b"./a", b"d/..", b"d/../b",
         b"d/.", b".", b"..", b"a/", b"d/", b"a/x", b"none/x", b"s", b"s/a", b"t", b"t/", b"",
         b"d//e/", b"../w/a", LONG[1:], LONG, b"d/e/../../c"]  # fmt: skip
USUAL = [b"a", b"b", b"d/a", b"d/b", b"d", b"d/e", b"d/e/a", b"s", b"t"]
TARGETS = [b"a", b"d", b"d/e", b"s", b"t", b"..", b"none", b"d/", b"../w/b", b"/none/x", b"e", b"b"]
FLAGS = [f.O_CREAT, f.O_CREAT, f.O_CREAT, f.O_EXCL, f.O_TRUNC, f.O_APPEND, f.O_DIRECTORY,
         f.O_NOFOLLOW, f.O_PATH, f.O_CLOEXEC, f.O_NONBLOCK, f.O_TMPFILE]  # fmt: skip
MODES = [0o644, 0o644, 0o600, 0o755, 0o000, 0o444, 0o4755, 0o2775, 0o1777, 0o100]
IDS = [-1, 0, 1000, 1001]


class Script:
    """Random calls with their arguments; descriptors are indices into those that are open."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def path(self):
        return self.rng.choice(USUAL if self.rng.random() < 0.6 else NAMES)

    def index(self):
        return self.rng.randrange(6)

    def dirfd(self):
        return self.index() if self.rng.random() < 0.3 else None

    def mode(self):
        return self.rng.choice(MODES)

    def size(self):
        return self.rng.choice([-2, 0, 1, 5, 20, 4096, 65_535, 65_536, 70_000, 140_000])

    def flags(self):
        extra = self.rng.sample(FLAGS, self.rng.choice([0, 1, 1, 1, 2, 2, 3]))
        value = self.rng.randrange(3)
        for bit in extra:
            value |= bit
        return value

    def data(self):
        return bytes([self.rng.randrange(97, 123)]) * max(0, self.size())

    def operation(self):
        r, path, index, dirfd = self.rng, self.path, self.index, self.dirfd
        mode, size, one = self.mode, self.size, self.rng.choice
        table = {
            "open": lambda: (path(), self.flags(), mode()),
            "openat": lambda: (dirfd(), path(), self.flags(), mode()),
            "close": lambda: (index(),),
            "write": lambda: (index(), self.data()),
            "pwrite64": lambda: (index(), self.data(), size()),
            "read": lambda: (index(), max(0, min(size(), 65_536))),
            "pread64": lambda: (index(), max(0, min(size(), 65_536)), size()),
            "lseek": lambda: (index(), size(), r.randrange(6)),
            "ftruncate": lambda: (index(), size()),
            "truncate": lambda: (path(), size()),
            "fallocate": lambda: (index(), one([0, 1, 3, 2]), size(), size()),
            "mkdir": lambda: (path(), mode()),
            "mkdirat": lambda: (dirfd(), path(), mode()),
            "mknod": lambda: (path(), one([0o644, 0o100600, 0o010644, 0o140600, 0o040600])),
            "rmdir": lambda: (path(),),
            "unlink": lambda: (path(),),
            "unlinkat": lambda: (dirfd(), path(), one([0, 0x200, 1])),
            "rename": lambda: (path(), path()),
            "renameat2": lambda: (dirfd(), path(), dirfd(), path(), one([0, 1, 2, 3, 8])),
            "link": lambda: (path(), path()),
            "linkat": lambda: (dirfd(), path(), dirfd(), path(), one([0, 0x400, 1])),
            "symlink": lambda: (one(TARGETS), path()),
            "symlinkat": lambda: (one(TARGETS), dirfd(), path()),
            "readlink": lambda: (path(), r.randrange(-1, 6)),
            "stat": lambda: (path(),),
            "lstat": lambda: (path(),),
            "fstat": lambda: (index(),),
            "newfstatat": lambda: (dirfd(), path(), one([0, 0x100, 0x1000, 1])),
            "chmod": lambda: (path(), mode()),
            "fchmod": lambda: (index(), mode()),
            "fchmodat2": lambda: (dirfd(), path(), mode(), one([0, 0x100, 0x1000])),
            "chown": lambda: (path(), one(IDS), one(IDS)),
            "lchown": lambda: (path(), one(IDS), one(IDS)),
            "access": lambda: (path(), r.randrange(9)),
            "faccessat2": lambda: (dirfd(), path(), r.randrange(9), one([0, 0x100, 0x200, 1])),
            "dup": lambda: (index(),),
            "fcntl": lambda: (index(), one([f.F_GETFL, f.F_GETFD, f.F_DUPFD]), 0),
            "setfl": lambda: (index(), f.F_SETFL, one([0, f.O_APPEND, f.O_NONBLOCK])),
            "getcwd": lambda: (one([0, 1, 2, 4096]),),
            "chdir": lambda: (one([b"d", b".", b"..", b"../w", b"none", b"a"]),),
            "utimensat": lambda: (dirfd(), path(), one([0, 0x100])),
            "copy_file_range": lambda: (index(), index(), max(0, size())),
            "sendfile": lambda: (index(), index(), max(0, size())),
            "flock": lambda: (index(), one([5, 6, 8, 3])),
            "setxattr": lambda: (path(), r.randrange(4)),
            "getxattr": lambda: (path(),),
            "statfs": lambda: (path(),),
        }
        name = "open" if r.random() < 0.15 else one(list(table))
        return (name.replace("setfl", "fcntl"), *table[name]())


def is_fifo(pair, path_):
    try:
        return os.path.exists(path_) and not os.path.isdir(path_) and not os.path.isfile(path_)
    except (OSError, ValueError):
        return False


def step(pair, op, *args):
    match op:
        case "open":
            if not is_fifo(pair, args[0]):
                pair.open(op, *args)
        case "openat":
            if args[0] is None and not is_fifo(pair, args[1]):
                pair.open(op, *args, fds=(0,))
            elif args[0] is not None:
                pair.open(op, args[0], args[1], args[2] | f.O_NONBLOCK, args[3], fds=(0,))
        case "close":
            pair.shut(args[0])
        case "write":
            pair.same(op, args[0], args[1], len(args[1]), fds=(0,))
        case "pwrite64":
            pair.same(op, args[0], args[1], len(args[1]), args[2], fds=(0,))
        case "read":
            pair.same(op, args[0], BUFFER, args[1], fds=(0,), answer=None)
        case "pread64":
            pair.same(op, args[0], BUFFER, args[1], args[2], fds=(0,), answer=None)
        case "lseek":
            # Directories: the offset of an end is the file system's business. Holes: so is a block.
            native = pair.fd(args[0])[0]
            if args[2] in {3, 4} or (native >= 0 and os.path.isdir(f"/proc/self/fd/{native}")):
                return
            pair.same(op, *args, fds=(0,))
        case "fallocate" if pair.backend == "host" and args[1]:
            return
        case "ftruncate" | "fchmod" | "dup" | "flock" | "fallocate":
            if op == "dup":
                pair.open(op, *args, fds=(0,))
            else:
                pair.same(op, *args, fds=(0,))
        case "fcntl":
            if args[1] == f.F_DUPFD:
                pair.open(op, *args, fds=(0,))
            else:
                pair.same(op, *args, fds=(0,))
        case "mkdirat" | "unlinkat" | "fchmodat2" | "faccessat2":
            pair.same(op, *args, fds=(0,))
        case "mknod":
            pair.same(op, *args, 0)
        case "renameat2" | "linkat":
            if op == "renameat2" and args[4] & 2 and pair.backend == "host":
                return  # Python cannot exchange names on the host: EINVAL
            pair.same(op, *args, fds=(0, 2))
        case "symlinkat":
            pair.same(op, *args, fds=(1,))
        case "readlink":
            pair.same(op, args[0], BUFFER, args[1], answer=None)
        case "stat" | "lstat":
            pair.stat(args[0], follow=op == "stat")
        case "fstat":
            want = pair.same(op, args[0], BUFFER, fds=(0,))
            if want >= 0:
                a, b = pair.native.answer(144), pair.guest.answer(144)
                assert pair.picture(a) == pair.picture(b), pair.story()
        case "newfstatat":
            pair.same(op, args[0], args[1], BUFFER, args[2], fds=(0,))
        case "getcwd":
            want, got = pair.both(op, BUFFER, args[0])
            assert (want < 0) == (got < 0) or args[0] == 2, pair.story()
        case "utimensat":
            pair.same(op, args[0], args[1], bytes(32), args[2], fds=(0,))
        case "copy_file_range":
            pair.same(op, args[0], 0, args[1], 0, args[2], 0, fds=(0, 2))
        case "sendfile":
            pair.same(op, args[0], args[1], 0, args[2], fds=(0, 1))
        case "setxattr":
            if pair.backend != "host":
                pair.same(op, args[0], b"user.x", b"value", 5, args[1])
        case "getxattr":
            if pair.backend != "host":
                pair.same(op, args[0], b"user.x", BUFFER, 100, answer=None)
        case "statfs":
            pair.same(op, args[0], BUFFER)
        case "chdir":
            if args[0] == b".." and os.getcwd().endswith("/w"):
                return
            pair.same(op, *args)
        case _:
            pair.same(op, *args)


def run(backend, uid, script):
    def populate(top):
        """What lies below an overlay, or in a host folder, before the script starts."""
        os.makedirs(f"{top}/d/e")
        for name, size in (("a", 10), ("d/a", 70_000), ("d/e/a", 0)):
            with open(f"{top}/{name}", "wb") as file:
                file.write(b"0123456789" * (size // 10))
        os.link(f"{top}/d/a", f"{top}/d/b")
        os.symlink("d/e", f"{top}/s")
        for where, _, names in os.walk(top):
            os.chown(where, uid, uid)
            for name in names:
                os.chown(f"{where}/{name}", uid, uid, follow_symlinks=False)

    with Pair(backend, uid=uid, populate=None if backend == "memory" else populate) as pair:
        pair.backend = backend
        for op in script:
            step(pair, *op)
        os.chdir(os.path.join(pair.home, WORK))
        pair.uid = pair.guest.process.credentials.fsuid = 0
        assert pair.guest.call("chdir", b"/" + WORK.encode()) == 0
        pair.compare_trees()


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("backend", ["memory", "host", "overlay"])
def test_scripts_agree(backend, uid):
    for seed in range(SCRIPTS):
        script = Script(seed)
        run(backend, uid, [script.operation() for _ in range(LENGTH)])
