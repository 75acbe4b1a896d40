"""The index of an image: what is in the tree, and where the bytes of its files are.

The contents of all files are one stream, cut into chunks of equal size; chunk `i` of the stream is a file of
its own, so a reader fetches only what a program reads.  The index is JSON; paths are bytes as
latin-1, because a guest's names need not be text.
"""

from __future__ import annotations

import json
from typing import Any, Final

from elfin.errors import ImageError
from elfin.records import dataclass, field

VERSION: Final = 1
CHUNK: Final = 1 << 18  # bytes of a chunk before compression
TRANSLATIONS: Final = "translations"  # in `extra`: the name of the index of translations


@dataclass(frozen=True, slots=True)
class Entry:
    """One object: `mode` with its type, `size` and `at` (in the stream) of a regular file, `target` of a link.

    `rdev` is a device's number; `mtime` is in nanoseconds.
    """

    path: bytes
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    size: int = 0
    at: int = 0
    target: bytes = b""
    rdev: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """The tree in an order in which folders stand before what is in them, and what to start in it."""

    entries: tuple[Entry, ...] = ()
    chunks: tuple[str, ...] = ()  # names, in the stream's order
    command: tuple[bytes, ...] = ()
    environment: tuple[bytes, ...] = ()  # NAME=value
    folder: bytes = b"/"
    keep: tuple[bytes, ...] = ()  # folders whose changes outlive a visit
    extra: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """As JSON."""
        rows = [
            [_text(e.path), e.mode, e.uid, e.gid, e.mtime, e.size, e.at, _text(e.target), e.rdev]
            for e in self.entries
        ]
        data = {
            "version": VERSION,
            "chunk": CHUNK,
            "chunks": self.chunks,
            "command": [_text(word) for word in self.command],
            "environment": [_text(word) for word in self.environment],
            "folder": _text(self.folder),
            "keep": [_text(path) for path in self.keep],
            "extra": self.extra,
            "entries": rows,
        }
        return json.dumps(data, separators=(",", ":")).encode()

    @staticmethod
    def decode(data: bytes) -> Index:
        """The index of these bytes.  ImageError where they are none, or of another version."""
        try:
            found = json.loads(data)
            if found["version"] != VERSION or found["chunk"] != CHUNK:
                raise ImageError("the image was packed by another version of elfin: pack it again")
            return Index(
                tuple(_entry(row) for row in found["entries"]),
                tuple(map(str, found["chunks"])),
                tuple(_bytes(word) for word in found["command"]),
                tuple(_bytes(word) for word in found["environment"]),
                _bytes(found["folder"]),
                tuple(_bytes(path) for path in found["keep"]),
                dict(found["extra"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ImageError(f"the image's index is damaged: {error}") from error


def _entry(row: list[Any]) -> Entry:
    path, mode, uid, gid, mtime, size, at, target, rdev = row
    found = Entry(_bytes(path), mode, uid, gid, mtime, size, at, _bytes(target), rdev)
    for number in (mode, uid, gid, mtime, size, at, rdev):
        if type(number) is not int or number < 0:
            raise ValueError(f"{path}: {number} is no size, place or mode")
    return found


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
