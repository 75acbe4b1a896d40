"""A tree of the host -> an image: the index, and the chunks of all contents, compressed.

Input:  folders and files of the host with their places in the guest.  Output: files in a folder.
Equal contents are stored once; the same tree gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from elfin.errors import ImageError
from elfin.image.index import CHUNK, Entry, Index

FOLDER_MODE = stat.S_IFDIR | 0o755
KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
INDEX = "index.json"


class Builder:
    """Collects entries and writes chunks as they fill."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.entries: dict[bytes, Entry] = {}
        self.chunks: list[str] = []
        self._open = bytearray()
        self._at = 0
        self._known: dict[bytes, int] = {}  # digest of a content -> where it is
        out.mkdir(parents=True, exist_ok=True)

    def add_tree(self, root: str, place: bytes = b"/") -> None:
        """A folder of the host with all that is in it."""
        for path in _below(root):
            inside = os.fsencode(os.path.relpath(path, root))
            self.add(path, os.path.normpath(os.path.join(place, inside)))

    def add(self, path: str, place: bytes, *, mode: int | None = None) -> None:
        """One object of the host, and the folders it stands in."""
        found = os.lstat(path)
        kind = stat.S_IFMT(found.st_mode)
        if kind not in KINDS:
            raise ImageError(f"{path}: it is no file, folder or link, so it cannot be packed")
        self._add_folders(place)
        size = at = 0
        target = b""
        if kind == stat.S_IFLNK:
            target = os.fsencode(os.readlink(path))
        elif kind == stat.S_IFREG:
            data = Path(path).read_bytes()
            size, at = len(data), self._store(data)
        self.entries[place] = Entry(
            place,
            found.st_mode if mode is None else mode,
            found.st_uid,
            found.st_gid,
            found.st_mtime_ns,
            size,
            at,
            target,
        )

    def add_folder(self, place: bytes) -> None:
        """An empty folder, if there is none."""
        self._add_folders(place + b"/")

    def finish(self, index: Index) -> Index:
        """Write what is left, and the index with the entries."""
        if self._open:
            self._write(bytes(self._open))
        rows = tuple(self.entries[place] for place in sorted(self.entries))
        whole = Index(
            rows,
            tuple(self.chunks),
            index.command,
            index.environment,
            index.folder,
            index.keep,
            index.extra,
        )
        (self.out / f"{INDEX}.gz").write_bytes(compressed(whole.encode()))
        return whole

    def _add_folders(self, place: bytes) -> None:
        parent = os.path.dirname(place)
        if parent != place and parent not in self.entries:
            self._add_folders(parent)
            self.entries[parent] = Entry(parent, FOLDER_MODE)

    def _store(self, data: bytes) -> int:
        digest = hashlib.sha256(data).digest()
        if digest not in self._known:
            self._known[digest] = self._at
            self._at += len(data)
            self._open += data
            while len(self._open) >= CHUNK:
                self._write(bytes(self._open[:CHUNK]))
                del self._open[:CHUNK]
        return self._known[digest]

    def _write(self, data: bytes) -> None:
        name = f"{hashlib.sha256(data).hexdigest()[:24]}.z"
        (self.out / name).write_bytes(zlib.compress(data, 9))
        self.chunks.append(name)


def compressed(data: bytes) -> bytes:
    """As gzip, without a date."""
    return gzip.compress(data, 9, mtime=0)


def _below(root: str) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files):
            yield os.path.join(folder, name)
