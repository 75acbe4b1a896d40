"""The programs of a tree that is packed: which may be translated ahead of time.

Input:  a folder of the host, the command that a visitor starts.
Output: paths in the guest, that of the command first, then the smallest.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from elfin.errors import ElfinError
from elfin.loader.image import parse

FOLDERS = ("usr/local/bin", "usr/bin", "bin")  # where the page's PATH looks


def programs(root: str, command: str) -> list[str]:
    """Static programs of this processor, each once."""
    paths = [_resolve(root, name) for name in _names(command)]
    found = sorted(_executables(root), key=lambda path: (os.path.getsize(path), path))
    both = [path for path in paths if path] + found
    top = os.path.realpath(root)
    real = [p for p in dict.fromkeys(map(os.path.realpath, both)) if Path(p).is_relative_to(top)]
    return ["/" + os.path.relpath(path, top) for path in real if _is_static(path)]


def _names(command: str) -> Iterator[str]:
    if "/" in command:
        yield command
    else:
        yield from (f"{folder}/{command}" for folder in FOLDERS)


def _resolve(root: str, name: str, links: int = 10) -> str:
    """The file of a guest's name, links inside the tree followed; "" if there is none."""
    path = os.path.join(root, name.lstrip("/"))
    while links and os.path.islink(path):
        target = os.readlink(path)
        inside = target.startswith("/")
        path = os.path.join(root, target[1:]) if inside else os.path.join(os.path.dirname(path), target)  # fmt: skip
        links -= 1
    return path if os.path.isfile(path) else ""


def _executables(root: str) -> Iterator[str]:
    for folder, _, files in os.walk(root):
        for name in files:
            path = os.path.join(folder, name)
            state = os.lstat(path)
            if stat.S_ISREG(state.st_mode) and state.st_mode & 0o111:
                yield path


def _is_static(path: str) -> bool:
    """Can elfin load it alone?"""
    try:
        data = Path(path).read_bytes()
        image = parse(lambda offset, n: data[offset : offset + n], len(data))
    except (OSError, ElfinError):
        return False
    return image.interpreter is None and image.header.entry != 0
