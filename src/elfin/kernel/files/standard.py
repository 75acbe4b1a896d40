"""The tree every program may expect: /dev, /tmp, /proc, /etc with the least that libc reads.

What the root already has stays as it is: an image brings its own /etc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.stat import S_IFCHR, S_IFDIR, S_IFREG
from elfin.kernel.files.devices import MEMORY_DEVICES, TTY
from elfin.kernel.files.memory_fs import MemoryDirectory, MemoryFs, MemoryRegular

if TYPE_CHECKING:
    from elfin.kernel.files.node import Node
    from elfin.kernel.files.terminals import Terminals
    from elfin.kernel.files.vfs import Vfs

_LINKS = {
    b"fd": b"/proc/self/fd",
    b"stdin": b"/proc/self/fd/0",
    b"stdout": b"/proc/self/fd/1",
    b"stderr": b"/proc/self/fd/2",
    b"ptmx": b"pts/ptmx",
}


def device_tree(vfs: Vfs) -> Node:
    """/dev."""
    fs = MemoryFs(vfs.world.wall_ns)
    for name, rdev in MEMORY_DEVICES.items():
        fs.root.create(name, S_IFCHR | 0o666, 0, 0, rdev)
    fs.root.create(b"tty", S_IFCHR | 0o666, 0, 0, TTY)
    for name, target in _LINKS.items():
        fs.root.create_symlink(name, target, 0, 0)
    fs.root.create(b"pts", S_IFDIR | 0o755, 0, 0)
    fs.root.create(b"shm", S_IFDIR | 0o1777, 0, 0)
    return fs.root


def write_file(directory: MemoryDirectory, name: bytes, text: bytes) -> None:
    """A small file of the system, owned by user 0."""
    node = directory.create(name, S_IFREG | 0o644, 0, 0)
    assert isinstance(node, MemoryRegular)
    node.content.write(0, text)


def default_root(
    fs: MemoryFs, *, user: bytes, uid: int, gid: int, host_name: bytes = b"elfin"
) -> None:
    """Fill an empty root for one user."""
    for name, mode in ((b"dev", 0o755), (b"proc", 0o555), (b"tmp", 0o1777), (b"etc", 0o755)):
        fs.root.create(name, S_IFDIR | mode, 0, 0)
    etc = fs.root.lookup(b"etc")
    assert isinstance(etc, MemoryDirectory)
    users, groups = [b"root:x:0:0:root:/root:/bin/sh"], [b"root:x:0:"]
    if uid:
        users.append(b"%s:x:%d:%d::/:/bin/sh" % (user, uid, gid))
    if gid:
        groups.append(b"%s:x:%d:" % (user, gid))
    users.append(b"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin")
    groups.append(b"nogroup:x:65534:")
    write_file(etc, b"passwd", b"\n".join(users) + b"\n")
    write_file(etc, b"group", b"\n".join(groups) + b"\n")
    write_file(etc, b"hosts", b"127.0.0.1\tlocalhost\n127.0.1.1\t" + host_name + b"\n")
    write_file(etc, b"nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n")


def mount_standard(vfs: Vfs, terminals: Terminals, proc: Node) -> None:
    """Mount /dev, /dev/pts, /proc, and make a /tmp where the root has none."""
    vfs.devices.terminals = terminals
    for place in (b"/dev", b"/proc", b"/tmp"):
        vfs.make_place(place, directory=True)
    vfs.mount(b"/dev", device_tree(vfs), source=b"udev")
    vfs.mount(b"/dev/pts", terminals.fs.root, source=b"devpts")
    vfs.mount(b"/proc", proc, source=b"proc")
