"""Tar archives as Python writes them, in a page's tree; damaged ones are one clear error."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest

from elfin.errors import ElfinError
from elfin.web.tar import FILE, FOLDER, LINK, SYMLINK, Member, members

LONG = "a long name of a folder/" * 9
FORMATS = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}


def archive(folder: Path, kind: str) -> bytes:
    deep = folder / (LONG if kind != "ustar" else LONG[:120])
    deep.mkdir(parents=True)
    (deep / "x").write_bytes(b"x" * 1000)
    (folder / "program").write_bytes(b"\x7fELF")
    (folder / "program").chmod(0o4755)
    (folder / "link").symlink_to("nowhere/ü")
    (folder / "same").hardlink_to(folder / "program")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=FORMATS[kind]) as made:
        for name in sorted(path.name for path in folder.iterdir()):
            made.add(folder / name, name)
    return out.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_members_are_what_was_packed(tmp_path: Path, kind: str) -> None:
    found = {m.name.decode().rstrip("/"): m for m in members(archive(tmp_path, kind))}
    for path in tmp_path.rglob("*"):
        one = found[str(path.relative_to(tmp_path))]
        if path.is_symlink():
            assert (one.kind, one.target) == (SYMLINK, "nowhere/ü".encode())
        elif path.is_dir():
            assert one.kind == FOLDER
        elif one.kind == LINK:
            assert found[one.target.decode()].data == path.read_bytes()
        else:
            assert (one.kind, one.data) == (FILE, path.read_bytes())
            assert one.mode == path.stat().st_mode & 0o7777
    assert len(found) == len(list(tmp_path.rglob("*")))


def test_damaged_archives(tmp_path: Path) -> None:
    whole = archive(tmp_path, "pax")
    r = random.Random(1)
    for _ in range(500):
        data = bytearray(whole[: r.randrange(len(whole))] if r.random() < 0.3 else whole)
        for _ in range(r.randrange(1, 5)):
            if data:
                data[r.randrange(len(data))] = r.randrange(256)
        try:
            assert all(isinstance(one, Member) for one in members(bytes(data)))
        except ElfinError as error:
            assert "\n" not in str(error)
