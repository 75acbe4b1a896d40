"""Folders whose changes outlive a visit: found out by comparing, stored as blobs by name.

Input:  a tree in memory, the folders to keep, a `Store`.  Output: `restore` makes the folders what they were;
`save` stores what has changed since.  One blob lists everything in the folders; each content that is not the
image's own is a blob of its own.  A page may vanish while a blob is written: the list is written to the two TREES
in turn, so that the one before is whole and what it names is still there.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from typing import Any, Protocol

from elfin.kernel.abi.errno import LinuxError
from elfin.kernel.files.memory_fs import (
    MemoryDirectory,
    MemoryNode,
    MemoryRegular,
    MemorySymlink,
)

TREES = ("tree0.json", "tree1.json")
KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
FRESH = 20_000_000  # nanoseconds: what changed just now may change again at the same time
State = tuple[int, int, int]  # inode, change time, size


class Store(Protocol):
    """Where blobs stay: the browser's private files, or its database."""

    def put(self, name: str, data: bytes) -> None: ...
    def remove(self, name: str) -> None: ...


class Keeper:
    """Keeps `folders` below the root of one tree."""

    def __init__(self, root: MemoryDirectory, folders: tuple[bytes, ...], store: Store) -> None:
        self.root = root
        self.folders = folders
        self.store = store
        self._stored: dict[
            bytes, tuple[State, str]
        ] = {}  # path -> state and blob ("": the image's)
        self._names = count(1)
        self._rows: list[list[Any]] = []
        self._turn = 0  # of the list that was written or read last
        for path, node in self._walk():
            self._stored[path] = _state(node), ""

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Make the folders what they were; damaged blobs leave what the image has."""
        trees = [_tree(blobs.get(name, b"")) for name in TREES]
        self._turn, rows = max(trees, key=lambda tree: tree[0])
        if not rows:
            return
        used = {row[7] for row in rows if row[7]}
        self._names = count(1 + max((int(name, 36) for name in used), default=0))
        there = {row[0].encode("latin-1") for row in rows}
        for path, _ in reversed(list(self._walk())):
            if path not in there:
                self._remove(path)
        for row in rows:
            self._restore(row, blobs)

    def save(self) -> bool:
        """Store what has changed; whether anything had."""
        rows = []
        now = self.root.fs.clock()
        stored: dict[bytes, tuple[State, str]] = {}
        for path, node in self._walk():
            state, blob = _state(node), ""
            known = self._stored.get(path)
            if known is not None and known[0] == state:
                blob = known[1]
            elif isinstance(node, MemoryRegular):
                blob = self._new_name()
                self.store.put(blob, node.content.read(0, node.content.size))
            stored[path] = (-1, 0, 0) if 0 <= now - node.ctime < FRESH else state, blob
            target = node.target.decode("latin-1") if isinstance(node, MemorySymlink) else ""
            place = path.decode("latin-1")
            rows.append(
                [place, node.mode, node.uid, node.gid, node.mtime, node.size(), target, blob]
            )
        if rows == self._rows:
            return False
        self._rows = rows
        self._turn += 1
        tree = json.dumps({"turn": self._turn, "entries": rows}).encode()
        self.store.put(TREES[self._turn % 2], tree)
        for name in {blob for _, blob in self._stored.values()} - {b for _, b in stored.values()}:
            self.store.remove(name)
        self._stored = stored
        return True

    # -- the tree --------------------------------------------------------------------------
    def _walk(self) -> Iterator[tuple[bytes, MemoryNode]]:
        """All in the folders, a folder before what is in it."""
        for folder in self.folders:
            node = self._find(folder)
            if isinstance(node, MemoryDirectory):
                yield from _below(folder.rstrip(b"/"), node)

    def _find(self, path: bytes) -> MemoryNode | None:
        node: MemoryNode | None = self.root
        for name in path.strip(b"/").split(b"/"):
            node = node.find(name) if isinstance(node, MemoryDirectory) else None
        return node

    def _remove(self, path: bytes) -> None:
        folder, _, name = path.rpartition(b"/")
        parent = self._find(folder) if folder else self.root
        if isinstance(parent, MemoryDirectory):
            parent.take(name)
        self._stored.pop(path, None)

    def _restore(self, row: list[Any], blobs: Mapping[str, bytes]) -> None:
        place, mode, uid, gid, mtime, _, target, blob = row
        path = place.encode("latin-1")
        old = self._find(path)
        if old is not None and (blob or stat.S_IFMT(old.mode) != stat.S_IFMT(mode)):
            if isinstance(old, MemoryDirectory):
                return
            self._remove(path)
            old = None
        folder, _, name = path.rpartition(b"/")
        parent = self._find(folder) if folder else self.root
        if not isinstance(parent, MemoryDirectory):
            return
        with suppress(LinuxError):
            if old is None and stat.S_ISLNK(mode):
                old = parent.create_symlink(name, target.encode("latin-1"), uid, gid)
            elif old is None:
                old = parent.create(name, mode, uid, gid)
            if isinstance(old, MemoryRegular) and blob:
                old.content.write(0, blobs.get(blob, b""))
            old.mode, old.uid, old.gid, old.mtime = mode, uid, gid, mtime
            self._stored[path] = _state(old), blob

    def _new_name(self) -> str:
        number, text = next(self._names), ""
        while number:
            number, digit = divmod(number, 36)
            text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
        return text


def _tree(blob: bytes) -> tuple[int, list[list[Any]]]:
    """The turn and the rows of a list; of a damaged one, a turn before all others."""
    with suppress(ValueError, KeyError, TypeError):
        found = json.loads(blob)
        return int(found["turn"]), list(found["entries"])
    return 0, []


def _state(node: MemoryNode) -> State:
    return node.ino, node.ctime, node.size()


def _below(path: bytes, folder: MemoryDirectory) -> Iterator[tuple[bytes, MemoryNode]]:
    for name, node in sorted(folder.children.items()):
        if stat.S_IFMT(node.mode) in KINDS:
            yield path + b"/" + name, node
            if isinstance(node, MemoryDirectory):
                yield from _below(path + b"/" + name, node)
