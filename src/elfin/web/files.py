"""Files of the guest for the page: whole files in and out, folders, as user 0.

Input:  paths and bytes.  Errors are OSError with the guest's error number and the path.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from elfin.kernel.abi.errno import LinuxError
from elfin.kernel.abi.fcntl import O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY
from elfin.kernel.abi.stat import S_IFDIR, S_IFMT
from elfin.kernel.files import naming
from elfin.kernel.files.location import Location
from elfin.kernel.files.vfs import Installer, Vfs
from elfin.kernel.files.walk import Last
from elfin.web.tar import FILE, FOLDER, SYMLINK, Member, members

PIECE = 1 << 20


class Files:
    """The tree of one machine."""

    def __init__(self, vfs: Vfs) -> None:
        self.vfs = vfs

    def read(self, path: str) -> bytes:
        """All bytes of a file."""
        with self._errors(path):
            file = self.vfs.open(Installer(self.vfs), os.fsencode(path), O_RDONLY).retain()
            try:
                pieces = []
                while piece := file.read(PIECE):
                    pieces.append(piece)
                return b"".join(pieces)
            finally:
                file.release()

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Make or replace a file, and the folders it stands in."""
        self.make_folder(posixpath.dirname(path))
        with self._errors(path):
            flags = O_WRONLY | O_CREAT | O_TRUNC
            file = self.vfs.open(Installer(self.vfs), os.fsencode(path), flags, mode).retain()
            try:
                done = 0
                while done < len(data):
                    done += file.write(data[done : done + PIECE])
            finally:
                file.release()
            self._find(path).node.set_mode(mode)

    def unpack(self, archive: bytes) -> None:
        """Put what is in a tar archive into the tree; what has those names is replaced, but for folders."""
        for member in members(archive):
            path = posixpath.normpath("/" + os.fsdecode(member.name))
            if member.kind == FOLDER:
                self.make_folder(path)
                with self._errors(path):
                    self._find(path).node.set_mode(member.mode)
                continue
            with suppress(OSError):
                self.remove(path)
            if member.kind == FILE:
                self.write(path, member.data, member.mode)
            else:
                self._link(path, member)

    def _link(self, path: str, member: Member) -> None:
        self.make_folder(posixpath.dirname(path))
        caller = Installer(self.vfs)
        with self._errors(path):
            found = self.vfs.find(caller, os.fsencode(path), Last.PARENT, follow=False)
            if member.kind == SYMLINK:
                naming.make_symlink(self.vfs, caller, found, member.target)
            else:
                source = self._find("/" + os.fsdecode(member.target), follow=False)
                naming.link(self.vfs, caller, source, found)

    def names(self, path: str) -> list[tuple[str, bool, int]]:
        """What is in a folder: names, whether they are folders, bytes; in the alphabet's order."""
        with self._errors(path):
            folder = self._find(path).node
            rows = [
                (name, kind & S_IFMT == S_IFDIR, folder.lookup(name).stat().size)
                for name, _, kind in folder.entries()
            ]
            return sorted((n.decode(errors="replace"), is_dir, size) for n, is_dir, size in rows)

    def make_folder(self, path: str) -> None:
        """Make a folder and those it stands in; one that is there stays."""
        caller = Installer(self.vfs)
        at = ""
        for name in posixpath.normpath("/" + path).strip("/").split("/"):
            at += f"/{name}"
            with self._errors(at):
                if name and self.vfs.find(caller, os.fsencode(at), Last.MAY).location is None:
                    found = self.vfs.find(caller, os.fsencode(at), Last.PARENT)
                    naming.make(self.vfs, caller, found, S_IFDIR | 0o755)

    def remove(self, path: str) -> None:
        """Remove a file or a folder with all that is in it."""
        with self._errors(path):
            folder = self._find(path, follow=False).node
            for name, _, _ in list(folder.entries()) if folder.is_directory else ():
                self.remove(posixpath.join(path, os.fsdecode(name)))
            caller = Installer(self.vfs)
            found = self.vfs.find(caller, os.fsencode(path), Last.PARENT, follow=False)
            (naming.rmdir if folder.is_directory else naming.unlink)(self.vfs, caller, found)

    def _find(self, path: str, *, follow: bool = True) -> Location:
        return self.vfs.resolve(Installer(self.vfs), os.fsencode(path), follow=follow)

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except LinuxError as error:
            raise OSError(error.errno.value, error.errno.name, path) from error
