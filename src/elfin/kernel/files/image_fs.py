"""A packed image as a file system in memory whose files are fetched when they are read.

Input:  an `Index`, and a function that gives the bytes of a chunk.  Output: a `MemoryFs`.
What the guest changes stays in memory; nothing is fetched for what it replaces.
"""

from __future__ import annotations

import posixpath
import stat
import zlib
from collections import OrderedDict
from collections.abc import Callable

from elfin.errors import ImageError, shown
from elfin.image.index import CHUNK, Entry, Index
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.files.layered_content import LayeredContent
from elfin.kernel.files.memory_fs import MemoryDirectory, MemoryFs, MemoryNode, MemoryRegular

Fetch = Callable[[str], bytes]
KEPT = 64  # chunks in memory at most: 16 MiB


class Chunks:
    """The stream of an image's contents; the chunks last used are kept."""

    def __init__(self, names: tuple[str, ...], fetch: Fetch) -> None:
        self.names = names
        self.fetch = fetch
        self.kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset: int, n: int) -> bytes:
        """`n` bytes of the stream; EIO where the image does not have them."""
        pieces = []
        while n > 0:
            number, at = divmod(offset, CHUNK)
            piece = self._chunk(number)[at : at + n]
            if not piece:
                raise LinuxError(Errno.EIO)
            pieces.append(piece)
            offset, n = offset + len(piece), n - len(piece)
        return b"".join(pieces)

    def _chunk(self, number: int) -> bytes:
        if number in self.kept:
            self.kept.move_to_end(number)
            return self.kept[number]
        if number >= len(self.names):
            raise LinuxError(Errno.EIO)
        data = self.kept[number] = _inflated(self.fetch(self.names[number]))
        if len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return data


def _inflated(data: bytes) -> bytes:
    """At most a chunk; EIO for what is damaged."""
    try:
        return zlib.decompressobj().decompress(data, CHUNK)
    except zlib.error as error:
        raise LinuxError(Errno.EIO) from error


class ImageContent(LayeredContent):
    """A file's bytes: those of the stream from `at` on, until they are written to."""

    __slots__ = ("at", "chunks")

    def __init__(self, charge: Callable[[int], None], chunks: Chunks, entry: Entry) -> None:
        super().__init__(charge, entry.size)
        self.chunks = chunks
        self.at = entry.at

    def read_below(self, offset: int, n: int) -> bytes:
        return self.chunks.read(self.at + offset, n)


def image_fs(index: Index, fetch: Fetch, clock: Callable[[], int]) -> MemoryFs:
    """The tree of an image.  ImageError where its entries make no tree."""
    fs = MemoryFs(clock)
    chunks = Chunks(index.chunks, fetch)
    for entry in index.entries:
        try:
            _add(fs, chunks, entry)
        except LinuxError as error:
            reason = error.errno.name
            raise ImageError(f"the image has no place for {shown(entry.path)}: {reason}") from error
    return fs


def _add(fs: MemoryFs, chunks: Chunks, entry: Entry) -> None:
    path = posixpath.normpath(b"/" + entry.path.lstrip(b"/"))
    node: MemoryNode = fs.root
    *folders, name = path.strip(b"/").split(b"/")
    for folder in folders:
        node = _folder(node).lookup(folder)
    kind = stat.S_IFMT(entry.mode)
    if not name:
        fs.root.mode = entry.mode
        node = fs.root
    elif kind == stat.S_IFLNK:
        node = _folder(node).create_symlink(name, entry.target, entry.uid, entry.gid)
    else:
        node = _folder(node).create(name, entry.mode, entry.uid, entry.gid, entry.rdev)
    if isinstance(node, MemoryRegular):
        node.content = ImageContent(fs.charge, chunks, entry)
    node.uid, node.gid = entry.uid, entry.gid
    node.atime = node.mtime = node.ctime = node.btime = entry.mtime


def _folder(node: MemoryNode) -> MemoryDirectory:
    if not isinstance(node, MemoryDirectory):
        raise LinuxError(Errno.ENOTDIR)
    return node
