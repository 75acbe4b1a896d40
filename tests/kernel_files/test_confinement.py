"""No path, link, rename or race leads a guest to a host file that was not mounted."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from elfin.kernel.abi import fcntl as f
from elfin.kernel.abi.errno import Errno
from elfin.kernel.files.host_fs import HostFs
from elfin.kernel.files.overlay import OverlayFs
from elfin.kernel.wait import Wait
from tests.kernel_files.guest import BUFFER, Guest

SECRET = b"the secret of the host"


@pytest.fixture
def host(tmp_path):
    """A folder to be mounted, and a secret beside it."""
    inside = tmp_path / "inside"
    (inside / "d" / "e").mkdir(parents=True)
    (inside / "d" / "file").write_bytes(b"public")
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(SECRET)
    return inside


def guest_on(host, kind):
    if kind == "mounted":
        guest = Guest()
        guest.vfs.make_place(b"/m", directory=True)
        guest.vfs.mount(b"/m", HostFs(host, read_only=False).root)
        return guest, b"/m"
    root = HostFs(host, read_only=kind == "overlay").root
    if kind == "overlay":
        root = OverlayFs(root, time.time_ns).root
    return Guest(root=root), b""


def reads_secret(guest, path, flags=0):
    fd = guest.call("open", path, flags | f.O_NONBLOCK, 0)
    if fd < 0 or isinstance(fd, Wait):
        return False
    n = guest.call("read", fd, BUFFER, 4096)
    found = n > 0 and SECRET in guest.answer(n)
    guest.ok("close", fd)
    return found


KINDS = ["mounted", "root", "overlay"]


@pytest.mark.parametrize("kind", KINDS)
def test_paths_do_not_lead_out(host, kind):
    """`..`, absolute and relative links of the host, and /proc's magic links."""
    out = os.fsencode(host.parent)
    links = {
        b"up": b"../secret",
        b"upper": b"../../../../../../../../../.." + out + b"/secret",
        b"absolute": out + b"/secret",
        b"folder": out,
        b"magic": b"/proc/self/root" + out + b"/secret",
        b"self": b"/proc/self/cwd/../secret",
    }
    for name, target in links.items():
        os.symlink(target, os.path.join(os.fsencode(host), b"d", name))
    guest, top = guest_on(host, kind)
    assert guest.read_file(top + b"/d/file") == b"public"
    tries = [top + b"/d/" + name for name in links]
    tries += [
        top + b"/../secret",
        top + b"/d/../../secret",
        top + b"/d/e/../../../../../../.." + out + b"/secret",
        top + b"/d/folder/secret",
        top + b"/d/folder/outside/file",
        out + b"/secret",
        b"/proc/self/root/../.." + out + b"/secret",
        b"/proc/self/root" + out + b"/secret",
        b"/proc/1/root" + out + b"/secret",
        b"/proc/self/cwd/.." + out + b"/secret",
    ]
    fd = guest.open(top + b"/d", f.O_PATH)
    tries += [b"/proc/self/fd/%d/../../secret" % fd, b"/proc/self/fd/%d/up" % fd]
    for path in tries:
        assert not reads_secret(guest, path), path
        assert not reads_secret(guest, path, f.O_WRONLY | f.O_CREAT), path
    # By descriptor: one step at a time, through O_PATH, and after moving the folder.
    for name in [b"..", b"../..", b"folder", b"up"]:
        place = guest.call("openat", fd, name, f.O_PATH, 0)
        if place >= 0:
            for rest in [b"secret", b"../secret", b"outside/file"]:
                file = guest.call("openat", place, rest, 0, 0)
                assert file < 0 or guest.call("read", file, BUFFER, 100) <= 0
    assert (host.parent / "secret").read_bytes() == SECRET
    assert sorted(os.listdir(host.parent)) == ["inside", "outside", "secret"]


@pytest.mark.parametrize("kind", KINDS)
def test_folder_that_moves_under_an_open_descriptor(host, kind):
    guest, top = guest_on(host, kind)
    fd = guest.open(top + b"/d/e", f.O_DIRECTORY)
    guest.ok("rename", top + b"/d/e", top + b"/e")
    guest.ok("fchdir", fd)
    n = guest.ok("getcwd", BUFFER, 4096)
    assert guest.answer(n) == top + b"/e\0"
    for ups in range(1, 8):
        assert not reads_secret(guest, b"../" * ups + b"secret")


def test_outside_moves_a_folder_out(host):
    """Even when the host moves a folder away, `..` from inside it comes back to the mount."""
    guest, top = guest_on(host, "mounted")
    fd = guest.open(top + b"/d/e", f.O_DIRECTORY)
    guest.ok("fchdir", fd)
    os.rename(host / "d" / "e", host.parent / "outside" / "e")
    for path in [b"../file", b"../../secret", b"../../outside/file"]:
        assert not reads_secret(guest, path)


@pytest.mark.parametrize("kind", KINDS)
def test_hard_links_stay_inside(host, kind):
    guest, top = guest_on(host, kind)
    out = os.fsencode(host.parent)
    for source in [b"../secret", out + b"/secret", b"/proc/self/root" + out + b"/secret"]:
        guest.fails(Errno.ENOENT, "linkat", -100, source, -100, top + b"/got", 0x400)
    os.symlink("../secret", host / "s")
    guest.ok("linkat", -100, top + b"/s", -100, top + b"/again", 0)
    assert not reads_secret(guest, top + b"/again")
    guest.fails(Errno.ENOENT, "linkat", -100, top + b"/s", -100, top + b"/got", 0x400)


@pytest.mark.parametrize("kind", ["mounted", "overlay"])
@pytest.mark.parametrize("what", ["folder", "file"])
def test_race_with_a_link(host, kind, what):
    """A host process flips a name between an object and a link to the outside, without end."""
    name = host / "d" / "flip"
    good, bad = host / "d" / "good", host / "d" / "bad"
    if what == "folder":
        good.mkdir()
        (good / "file").write_bytes(b"public")
        os.symlink(host.parent / "outside", bad)
    else:
        good.write_bytes(b"public")
        os.symlink(host.parent / "outside" / "file", bad)
    stop = threading.Event()

    def flip():
        while not stop.is_set():
            for source in (good, bad):
                os.rename(source, name)
                os.rename(name, source)

    thread = threading.Thread(target=flip)
    thread.start()
    guest, top = guest_on(host, kind)
    path = top + b"/d/flip" + (b"/file" if what == "folder" else b"")
    opened = 0
    try:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            fd = guest.call("open", path, 0, 0)
            if fd >= 0:
                n = guest.call("read", fd, BUFFER, 100)
                assert n <= 0 or guest.answer(n) == b"public"
                guest.ok("close", fd)
                opened += 1
            if kind == "mounted":
                fd = guest.call("open", path + b"2", f.O_CREAT | f.O_WRONLY, 0o600)
                if fd >= 0:
                    guest.ok("close", fd)
                guest.call("chmod", path, 0o640)
                guest.call("truncate", path, 6)
                guest.call("unlink", path + b"2")
                guest.call("mkdir", top + b"/d/flip/sub", 0o700)
                guest.call("rmdir", top + b"/d/flip/sub")
    finally:
        stop.set()
        thread.join()
    assert opened or kind == "overlay"
    assert sorted(os.listdir(host.parent / "outside")) == ["file"]
    assert (host.parent / "outside" / "file").read_bytes() == SECRET
    assert (host.parent / "outside" / "file").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("kind", KINDS)
def test_special_files_of_the_host_are_not_opened(host, kind):
    """Devices, FIFOs and sockets in a mounted folder are names, not ways to the host."""
    os.mkfifo(host / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(host / "socket"))
        if os.geteuid() == 0:
            os.mknod(host / "null", 0o020666, os.makedev(1, 3))
        guest, top = guest_on(host, kind)
        assert guest.call("open", top + b"/socket", 2, 0) == -Errno.ENXIO
        if os.geteuid() == 0:
            assert guest.call("open", top + b"/null", 2, 0) == -Errno.EACCES
        # A FIFO is the guest's own pipe: the host's reader hears nothing.
        reader = os.open(host / "fifo", os.O_RDONLY | os.O_NONBLOCK)
        try:
            fd = guest.ok("open", top + b"/fifo", f.O_RDWR, 0)
            guest.write(fd, b"hello")
            assert guest.read(fd, 10) == b"hello"
            assert os.read(reader, 10) == b""
        finally:
            os.close(reader)
    if kind != "overlay":
        guest.fails(Errno.EPERM, "mknod", top + b"/device", 0o020666, 0x103)


def test_read_only_folder_is_never_changed(host):
    guest = Guest()
    guest.vfs.make_place(b"/m", directory=True)
    guest.vfs.mount(b"/m", HostFs(host, read_only=True).root)
    before = snapshot(host)
    for name, *args in [
        ("open", b"/m/new", f.O_CREAT | f.O_WRONLY, 0o644),
        ("open", b"/m/d/file", f.O_WRONLY, 0),
        ("open", b"/m/d/file", f.O_RDONLY | f.O_TRUNC, 0),
        ("open", b"/m/d", f.O_TMPFILE | f.O_RDWR, 0o600),
        ("truncate", b"/m/d/file", 0),
        ("mkdir", b"/m/x", 0o755),
        ("mknod", b"/m/x", 0o010644, 0),
        ("symlink", b"x", b"/m/x"),
        ("link", b"/m/d/file", b"/m/x"),
        ("unlink", b"/m/d/file"),
        ("rmdir", b"/m/d/e"),
        ("rename", b"/m/d/file", b"/m/x"),
        ("chmod", b"/m/d/file", 0o600),
        ("chown", b"/m/d/file", 1, 1),
        ("utimensat", -100, b"/m/d/file", bytes(32), 0),
    ]:
        guest.fails(Errno.EROFS, name, *args)
    guest.fails(Errno.EOPNOTSUPP, "getxattr", b"/m/d/file", b"user.x", BUFFER, 10)
    assert snapshot(host) == before


def test_overlay_never_changes_what_lies_below(host):
    before = snapshot(host)
    guest, _ = guest_on(host, "overlay")
    guest.write_file(b"/d/file", b"changed")
    fd = guest.open(b"/d/file", f.O_WRONLY | f.O_APPEND)
    guest.write(fd, b"!")
    guest.ok("rename", b"/d", b"/moved")
    guest.ok("mkdir", b"/d", 0o755)
    assert guest.read_file(b"/moved/file") == b"changed!"
    guest.fails(Errno.ENOENT, "open", b"/d/file", 0, 0)
    guest.ok("unlink", b"/moved/file")
    guest.ok("rmdir", b"/moved/e")
    guest.ok("rmdir", b"/moved")
    guest.ok("chmod", b"/", 0o700)
    assert snapshot(host) == before


def test_mounts_hide_what_they_cover(host):
    """A mount over a folder: neither `..` nor renaming nor removing uncovers what is below."""
    guest, _ = guest_on(host, "mounted")
    (host / "d" / "hidden").write_bytes(SECRET)
    cover = host.parent / "cover"
    cover.mkdir()
    guest.vfs.mount(b"/m/d", HostFs(cover, read_only=False).root)
    guest.write_file(b"/m/d/own", b"x")
    assert os.listdir(cover) == ["own"]
    for path in [b"/m/d/hidden", b"/m/d/../d/hidden", b"/m/d/./hidden", b"/m/d/own/../hidden"]:
        assert not reads_secret(guest, path)
    for name, *args in [("rename", b"/m/d", b"/m/z"), ("rmdir", b"/m/d")]:
        guest.fails(Errno.EBUSY, name, *args)
    guest.fails(Errno.EXDEV, "rename", b"/m/d/own", b"/m/own")
    guest.fails(Errno.EXDEV, "link", b"/m/d/own", b"/m/own")
    guest.ok("chdir", b"/m/d")
    n = guest.ok("getcwd", BUFFER, 100)
    assert guest.answer(n) == b"/m/d\0"
    guest.ok("chdir", b"..")
    assert guest.answer(guest.ok("getcwd", BUFFER, 100)) == b"/m\0"


def test_a_single_file_is_all_of_its_folder(host):
    """One file mounted at its own path: its neighbours do not exist."""
    guest = Guest()
    path = os.fsencode(host / "d" / "file")
    guest.vfs.make_place(path, directory=False)
    guest.vfs.mount(path, HostFs(path, read_only=True).root)
    assert guest.read_file(path) == b"public"
    assert not reads_secret(guest, os.fsencode(host.parent / "secret"))
    guest.fails(Errno.ENOTDIR, "open", path + b"/..", 0, 0)
    guest.fails(Errno.ENOENT, "open", os.fsencode(host / "d" / "e"), 0, 0)
    guest.fails(Errno.EBUSY, "unlink", path)


def test_more_objects_than_descriptors(host):
    """Nodes give their descriptors back: thousands of files and deep folders need few."""
    for i in range(600):
        (host / "d" / f"n{i}").write_bytes(b"%d" % i)
    deep = host
    for _ in range(200):
        deep = deep / "x"
    deep.mkdir(parents=True)
    guest, top = guest_on(host, "mounted")
    before = len(os.listdir("/proc/self/fd"))
    nodes = [guest.vfs.resolve(guest.process, top + b"/d/n%d" % i) for i in range(600)]
    bottom = guest.vfs.resolve(guest.process, top + b"/x" * 200)
    assert len(os.listdir("/proc/self/fd")) - before < 200
    assert [n.node.stat().size for n in nodes[:3]] == [1, 1, 1]
    assert bottom.node.stat().nlink == 2
    assert guest.read_file(top + b"/d/n7") == b"7"


def test_everything_is_given_back(host):
    before = len(os.listdir("/proc/self/fd"))
    guest, _ = guest_on(host, "overlay")
    fd = guest.open(b"/d/file", f.O_RDWR)
    guest.write(fd, b"x")
    guest.open(b"/d", f.O_DIRECTORY)
    guest.process.files.close_all(guest.process)
    guest.vfs.close()
    assert len(os.listdir("/proc/self/fd")) == before


def snapshot(top):
    found = {}
    for where, folders, names in os.walk(top):
        for name in [*folders, *names]:
            path = os.path.join(where, name)
            s = os.lstat(path)
            data = Path(path).read_bytes() if os.path.isfile(path) else None
            found[path] = (s.st_mode, s.st_uid, s.st_size, s.st_mtime_ns, s.st_nlink, data)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_very_deep_folders(host, kind):
    """Deeper than Python recurses, and with changes at the bottom."""
    guest, top = guest_on(host, kind)
    guest.ok("chdir", top or b"/")
    for _ in range(1500):
        guest.ok("mkdir", b"x", 0o755)
        guest.ok("chdir", b"x")
    guest.write_file(b"file", b"deep")
    for mount in guest.vfs.mounts():
        fs = getattr(mount.root.fs, "lower_fs", mount.root.fs)
        if isinstance(fs, HostFs):
            fs.fds.clear()
    assert guest.read_file(b"file") == b"deep"
    guest.ok("chmod", b"file", 0o600)
    guest.ok("unlink", b"file")
    for _ in range(1500):  # nothing else could remove it either
        guest.ok("chdir", b"..")
        guest.ok("rmdir", b"x")
    assert guest.call("access", b"d/file", 4) == 0
