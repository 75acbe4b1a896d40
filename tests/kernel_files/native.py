"""The machine's own kernel as the oracle: raw system calls through libc, numbered like the guest's.

`Native.call` has the shape of `Guest.call`: byte strings become pointers, the result is negative
for an error. Both work in a directory of their own, by relative paths.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import time
from contextlib import contextmanager

from elfin.kernel.abi.errno import Errno
from elfin.kernel.abi.stat import S_IFDIR, S_IFLNK, S_IFMT, STAT
from elfin.kernel.files.host_fs import HostFs
from elfin.kernel.files.overlay import OverlayFs
from elfin.kernel.files.vfs import Installer
from tests.kernel_files.guest import BUFFER, Guest, all_rows

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
WORK = "x/y/z/w"  # deep enough that links to .. do not reach the guest's root
TMPFS = "/dev/shm" if os.path.isdir("/dev/shm") else None


class Native:
    """System calls of this process; the working directory is the caller's business."""

    def __init__(self):
        self.rows = all_rows()
        self.buffer = ctypes.create_string_buffer(1 << 20)

    def call(self, name, *args):
        keep = []
        values = []
        for arg in args:
            if isinstance(arg, (bytes, bytearray)):
                buf = ctypes.create_string_buffer(bytes(arg), len(arg) + 1)
                keep.append(buf)
                values.append(ctypes.c_void_p(ctypes.addressof(buf)))
            elif arg == BUFFER:
                values.append(ctypes.c_void_p(ctypes.addressof(self.buffer)))
            else:
                values.append(ctypes.c_long(arg if arg < 1 << 63 else arg - (1 << 64)))
        result = _libc.syscall(ctypes.c_long(self.rows[name].number), *values)
        return result if result != -1 else -ctypes.get_errno()

    def answer(self, n):
        return self.buffer.raw[:n]


@contextmanager
def acting_as(uid, gid=None):
    """Run as another user, with the way back kept in the saved identity."""
    if not uid:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(gid, gid, 0)
    os.setresuid(uid, uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


class Pair:
    """The same calls to the native kernel and to a guest; every result must agree."""

    def __init__(self, backend="memory", *, uid=0, populate=None):
        self.native = Native()
        self.uid = uid
        self.temp = tempfile.TemporaryDirectory(dir=TMPFS)
        base = self.temp.name
        os.chmod(base, 0o755)
        self.home = os.path.join(base, "native")
        other = os.path.join(base, "guest")
        for place in (self.home, other):
            os.makedirs(os.path.join(place, WORK), mode=0o755)
            if populate:
                populate(os.path.join(place, WORK))
            if uid:
                os.chown(os.path.join(place, WORK), uid, uid)
        if backend == "memory":
            assert populate is None
            self.guest = Guest(uid=uid, gid=uid)
            work = b"/" + WORK.encode()
            self.guest.vfs.make_place(work, directory=True)
            self.guest.vfs.resolve(Installer(self.guest.vfs), work).node.set_owner(uid, uid)
        else:
            root = HostFs(other, read_only=backend == "overlay").root
            if backend == "overlay":
                root = OverlayFs(root, time.time_ns).root
            self.guest = Guest(uid=uid, gid=uid, root=root, standard=False)
        assert self.guest.call("chdir", b"/" + WORK.encode()) == 0
        self.cwd = os.getcwd()
        self.umask = os.umask(0o022)
        os.chdir(os.path.join(self.home, WORK))
        self.fds = []  # (native, guest)
        self.log = []

    def close(self):
        for native, _ in self.fds:
            if native >= 0:
                os.close(native)
        os.chdir(self.cwd)
        os.umask(self.umask)
        self.temp.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fd(self, index):
        """A descriptor by index: both numbers, or two that are closed."""
        return self.fds[index % len(self.fds)] if self.fds else (-1, -1)

    def both(self, name, *args, fds=()):
        """Make a call; `fds` are positions of arguments that are indices of descriptors."""
        ours, theirs = list(args), list(args)
        for position in fds:
            if args[position] is not None:
                theirs[position], ours[position] = self.fd(args[position])
            else:
                theirs[position] = ours[position] = -100
        with acting_as(self.uid, self.uid):
            want = self.native.call(name, *theirs)
        got = self.guest.call(name, *ours)
        self.log.append((name, args, want, got))
        return want, got

    def same(self, name, *args, fds=(), answer=0):
        want, got = self.both(name, *args, fds=fds)
        if want != got:
            raise AssertionError(
                f"{name}{brief(args)}: native {show(want)}, guest {show(got)}\n" + self.story()
            )
        if answer is None:
            answer = want
        if answer and want >= 0:
            native, guest = self.native.answer(answer), self.guest.answer(answer)
            assert native == guest, f"{name}{brief(args)}: {native!r} != {guest!r}\n" + self.story()
        return want

    def open(self, name, *args, fds=()):
        """A call that makes a descriptor."""
        want, got = self.both(name, *args, fds=fds)
        agree = want == got if want < 0 or got < 0 else True
        assert agree, (
            f"{name}{brief(args)}: native {show(want)}, guest {show(got)}\n" + self.story()
        )
        if want >= 0:
            self.fds.append((want, got))
        return want

    def shut(self, index):
        if not self.fds:
            return
        native, guest = self.fds.pop(index % len(self.fds))
        assert self.native.call("close", native) == self.guest.call("close", guest) == 0

    def story(self):
        """The calls so far."""
        return "\n".join(f"  {n}{brief(a)} -> {show(w)} / {show(g)}" for n, a, w, g in self.log)

    # -- comparing what is there in the end --------------------------------------------------

    def stat(self, path, *, follow=False):
        """Type, mode, links of files, owner and size, as both see them."""
        name = "stat" if follow else "lstat"
        want = self.same(name, path, BUFFER)
        if want < 0:
            return want
        native, guest = self.native.answer(144), self.guest.answer(144)
        pictures = self.picture(native), self.picture(guest)
        assert pictures[0] == pictures[1], f"{name} {path!r}: {pictures}\n" + self.story()
        return want

    @staticmethod
    def picture(data):
        f = STAT.unpack(data)
        is_dir = f[3] & S_IFMT == S_IFDIR
        mode = f[3] if f[3] & S_IFMT != S_IFLNK else S_IFLNK
        return (mode, f[4], f[5], None if is_dir else f[2], None if is_dir else f[7])

    def compare_trees(self, path=b"."):
        """Everything below: names, attributes, targets, contents."""
        self.stat(path)
        if not os.path.isdir(path) or os.path.islink(path):
            if os.path.islink(path):
                self.same("readlink", path, BUFFER, 4096, answer=None)
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    want = f.read()
                got = self.guest.read_file(path)
                assert got == want, (path, got[:100], want[:100], self.story())
            return
        names = sorted(os.listdir(path))
        assert sorted(list_guest(self.guest, path)) == names, (path, self.story())
        for name in names:
            self.compare_trees(path + b"/" + name)


def list_guest(guest, path):
    fd = guest.open(path, 0o200000)
    names = []
    while n := guest.ok("getdents64", fd, BUFFER, 4096):
        data = guest.answer(n)
        while data:
            length = int.from_bytes(data[16:18], "little")
            names.append(data[19:length].split(b"\0")[0])
            data = data[length:]
    guest.ok("close", fd)
    assert names[:2] == [b".", b".."]
    return names[2:]


def brief(args):
    return tuple(a[:12] + b"..." if isinstance(a, bytes) and len(a) > 12 else a for a in args)


def show(result):
    return Errno(-result).name if result < 0 else str(result)
