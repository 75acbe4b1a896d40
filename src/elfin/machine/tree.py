"""The guest's tree of files: its root, what is mounted, and where its first program stands."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from elfin.errors import ElfError, shown
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.files.host_fs import HostFs
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.files.overlay import OverlayFs
from elfin.kernel.files.standard import default_root
from elfin.kernel.files.vfs import Installer
from elfin.loader.image import parse
from elfin.machine.identity import name_of
from elfin.machine.mounts import Mount, MountError, Root

if TYPE_CHECKING:
    from elfin.kernel.credentials import Credentials
    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location
    from elfin.kernel.files.node import Node
    from elfin.kernel.files.vfs import Vfs
    from elfin.kernel.process import Process
    from elfin.kernel.world import World

DEFAULT_PATH = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def root_node(root: Root | None, user: Credentials, world: World) -> Node:
    """The root of the guest's tree: a folder of the host, or the least that programs expect."""
    if root is None:
        fs = MemoryFs(world.wall_ns)
        default_root(fs, user=name_of(user.uid), uid=user.uid, gid=user.gid)
        return fs.root
    if not os.path.isdir(root.host):
        raise MountError(f"root {root.host!r}: no such folder")
    lower = HostFs(root.host, read_only=not root.writable).root
    return lower if root.writable else OverlayFs(lower, world.wall_ns).root


def mount(vfs: Vfs, what: Mount) -> None:
    """Put a folder or file of the host into the tree, making the folders it stands in."""
    if not os.path.exists(what.host):
        raise MountError(f"mount {what.host!r}: no such file or folder")
    place = os.fsencode(what.guest)
    try:
        vfs.make_place(place, directory=os.path.isdir(what.host))
        fs = HostFs(what.host, read_only=not what.writable)
        vfs.mount(place, fs.root, read_only=not what.writable, source=os.fsencode(what.host))
    except (LinuxError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else os.strerror(error.errno.value)
        raise MountError(f"mount {what.host!r} at {what.guest!r}: {reason}") from error


# --- the program ------------------------------------------------------------------------------


def find_program(
    vfs: Vfs, closed: bool, name: bytes, env: Mapping[bytes, bytes], cwd: bytes | None
) -> bytes:
    """The absolute path in the guest of the program called `name`.

    What the guest has comes first.  Unless the tree is `closed`, a file of the host is put into the guest at the
    same place, alone, and `name` is relative to the caller's directory.  A bare name is looked up in
    PATH.
    """
    base = cwd or b"/" if closed else os.getcwdb()
    folders = [base]
    if b"/" not in name:
        folders += env.get(b"PATH", DEFAULT_PATH).split(b":")
    paths = [os.path.normpath(os.path.join(base, folder, name)) for folder in folders]
    if name:
        for path in paths:
            if _is_file(vfs, path):
                return path
        for path in () if closed else paths:
            if os.path.isfile(path):
                mount(vfs, Mount(os.fsdecode(path), os.fsdecode(path)))
                return path
    if not closed:
        _refuse(paths[0])
    raise FileNotFoundError(Errno.ENOENT, "no such program", os.fsdecode(name))


def _refuse(path: bytes) -> None:
    """Say why a path of the host is no program, unless it is simply not there."""
    with suppress(FileNotFoundError):
        kind = "folder" if stat.S_ISDIR(os.stat(path).st_mode) else "special file"
        raise PermissionError(Errno.EACCES, f"it is a {kind}, not a program", os.fsdecode(path))


def _find(vfs: Vfs, path: bytes, caller: Caller | None = None) -> Location | None:
    try:
        return vfs.resolve(caller or Installer(vfs), path)
    except LinuxError:
        return None


def _is_file(vfs: Vfs, path: bytes) -> bool:
    found = _find(vfs, path)
    return found is not None and not found.node.is_directory


def working_directory(vfs: Vfs, closed: bool, process: Process, cwd: bytes | None) -> Location:
    """Where a program starts: `cwd`, else the caller's if the guest has it, else the root."""
    if cwd is not None:
        found = _find(vfs, cwd, process)
        if found is None:
            raise FileNotFoundError(Errno.ENOENT, "no such folder in the guest", os.fsdecode(cwd))
        if not found.node.is_directory:
            raise NotADirectoryError(Errno.ENOTDIR, "it is no folder", os.fsdecode(cwd))
        return found
    here = None if closed else _find(vfs, os.getcwdb())
    return here if here is not None and here.node.is_directory else vfs.root


def what_is_missing(file: File) -> str:
    """Why a program that exists cannot be found: the name of its interpreter, and what to do."""
    try:
        return _what_is_missing(file)
    finally:
        file.release()


def _what_is_missing(file: File) -> str:
    first = file.pread(0, 256)
    if first.startswith(b"#!"):
        words = first[2:].split(b"\n")[0].split()
        name = shown(words[0]) if words else "without a name"
        return f"its interpreter {name} is not in the guest: add it with --mount, or use --root"
    try:
        image = parse(file.pread, file.stat().size)
    except ElfError as error:
        return str(error)
    name = shown(image.interpreter or b"")
    return f"it is dynamically linked and {name} is not in the guest: use a static program"
