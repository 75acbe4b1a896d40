"""A tar archive's contents: files, folders and links, as GNU tar and POSIX write them.

Input:  the archive's bytes.  Output: `Member`s in their order; ElfinError, in one line, if it is damaged.
Python's own module would be a quarter more to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from elfin.errors import ElfinError
from elfin.records import dataclass

BLOCK = 512
FILE, LINK, SYMLINK, FOLDER = b"0", b"1", b"2", b"5"
FILES = (FILE, b"\0", b"7")  # as old archives and contiguous files have it
LONG_NAME, LONG_LINK, PAX = b"L", b"K", b"x"
PAX_ROW = re.compile(rb"\d+ ([^=]+)=")


@dataclass(frozen=True, slots=True)
class Member:
    """`kind` is FILE, LINK, SYMLINK or FOLDER; `target` of links."""

    kind: bytes
    name: bytes
    mode: int
    data: bytes
    target: bytes


def members(data: bytes) -> Iterator[Member]:
    """What is in an archive; devices and the like are left out."""
    at = 0
    told: dict[bytes, bytes] = {}  # by the members before: of the next one
    while (header := data[at : at + BLOCK]).strip(b"\0"):
        if len(header) < BLOCK or _sum(header) != _number(header[148:156]):
            raise ElfinError("this is no tar archive, or a damaged one")
        size, kind = _number(header[124:136]), header[156:157]
        body = data[at + BLOCK : at + BLOCK + size]
        if len(body) < size:
            raise ElfinError("the tar archive ends too early")
        at += BLOCK + -(-size // BLOCK) * BLOCK
        if kind == LONG_NAME:
            told[b"path"] = body.rstrip(b"\0")
        elif kind == LONG_LINK:
            told[b"linkpath"] = body.rstrip(b"\0")
        elif kind == PAX:
            told |= dict(_rows(body))
        else:
            if kind in FILES or kind in {LINK, SYMLINK, FOLDER}:
                name = told.get(b"path") or _name(header)
                target = told.get(b"linkpath") or _text(header[157:257])
                kind = FILE if kind in FILES else kind
                yield Member(kind, name, _number(header[100:108]) & 0o7777, body, target)
            told = {}


def _sum(header: bytes) -> int:
    """With blanks for the sum itself."""
    return sum(header) - sum(header[148:156]) + 8 * ord(" ")


def _number(text: bytes) -> int:
    """Octal digits, or where they are too few GNU's binary."""
    if text[0] & 0x80:
        return int.from_bytes(text, "big") & (1 << 8 * len(text) - 1) - 1
    digits = text.strip(b" \0")
    if digits.strip(b"01234567"):
        return -1
    return int(digits or b"0", 8)


def _text(text: bytes) -> bytes:
    return text.partition(b"\0")[0]


def _name(header: bytes) -> bytes:
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else b""
    name = _text(header[:100])
    return prefix + b"/" + name if prefix else name


def _rows(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A POSIX header's rows: "LENGTH KEY=VALUE\\n"."""
    while found := PAX_ROW.match(body):
        length = int(body.partition(b" ")[0])
        if length <= found.end():
            return
        yield found[1], body[found.end() : length - 1]
        body = body[length:]
