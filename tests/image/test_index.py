"""Images: what is packed is what the guest finds, and damage is one clear error."""

from __future__ import annotations

import json
import os
import random
import zlib
from pathlib import Path

import pytest

from elfin.errors import ImageError
from elfin.image.index import CHUNK, Entry, Index
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.files.image_fs import image_fs
from elfin.kernel.files.memory_fs import MemoryDirectory, MemoryFs, MemoryRegular, MemorySymlink
from elfin.pack.image import Builder


def packed(root: Path, out: Path) -> Index:
    builder = Builder(out)
    builder.add_tree(str(root))
    return builder.finish(Index(command=(b"/bin/sh", b"-c", b"\xff"), environment=(b"A=b=c",)))


def opened(index: Index, out: Path) -> MemoryFs:
    return image_fs(index, lambda name: (out / name).read_bytes(), lambda: 0)


def regular(fs: MemoryFs, *names: bytes) -> MemoryRegular:
    node = fs.root
    for name in names[:-1]:
        child = node.lookup(name)
        assert isinstance(child, MemoryDirectory)
        node = child
    file = node.lookup(names[-1])
    assert isinstance(file, MemoryRegular)
    return file


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    dice = random.Random(1)
    (root / "bin" / "big").write_bytes(dice.randbytes(3 * CHUNK + 1234))
    (root / "bin" / "same").write_bytes((root / "bin" / "big").read_bytes())
    (root / "bin" / "big").chmod(0o751)
    (root / "empty").write_bytes(b"")
    (root / "link").symlink_to("bin/big")
    (root / os.fsdecode(b"odd\xff")).write_bytes(b"name")
    return root


def test_round_trip(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "image"
    index = packed(tree, out)
    assert Index.decode(index.encode()) == index
    fs = opened(index, out)
    big = (tree / "bin" / "big").read_bytes()
    file = regular(fs, b"bin", b"big")
    assert file.mode & 0o7777 == 0o751
    assert file.content.read(0, 1 << 30) == big
    assert file.content.read(CHUNK - 5, 10) == big[CHUNK - 5 : CHUNK + 5]
    assert regular(fs, b"empty").content.read(0, 1) == b""
    assert regular(fs, b"odd\xff").content.read(0, 9) == b"name"
    link = fs.root.lookup(b"link")
    assert isinstance(link, MemorySymlink)
    assert link.target == b"bin/big"


def test_equal_contents_are_stored_once(tree: Path, tmp_path: Path) -> None:
    index = packed(tree, tmp_path / "image")
    assert len(index.chunks) == 4


def test_written_blocks_hide_the_image(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "image"
    content = regular(opened(packed(tree, out), out), b"bin", b"big").content
    big = bytearray((tree / "bin" / "big").read_bytes())
    content.write(100, b"changed")
    big[100:107] = b"changed"
    assert content.read(0, 1 << 30) == big
    content.truncate(50)
    content.truncate(200)
    assert content.read(0, 200) == big[:50] + bytes(150)


def test_only_what_is_read_is_fetched(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "image"
    index = packed(tree, out)
    fetched: list[str] = []

    def fetch(name: str) -> bytes:
        fetched.append(name)
        return (out / name).read_bytes()

    fs = image_fs(index, fetch, lambda: 0)
    assert not fetched
    regular(fs, b"bin", b"big").content.read(2 * CHUNK, 10)
    assert fetched == [index.chunks[2]]


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{}", b"[1]", b"\xff", b'{"version": 99, "chunk": 1}', b"null", b"7"],
)
def test_damaged_index(damaged: bytes) -> None:
    with pytest.raises(ImageError, match=r"\w"):
        Index.decode(damaged)


@pytest.mark.parametrize("row", [[], ["/a"], ["/a", -1, 0, 0, 0, 0, 0, "", 0], [1] * 9])
def test_damaged_entry(row: list[object]) -> None:
    data = json.loads(Index().encode())
    data["entries"] = [row]
    with pytest.raises(ImageError):
        Index.decode(json.dumps(data).encode())


def test_entries_that_make_no_tree() -> None:
    file, inside = Entry(b"/a", 0o100644), Entry(b"/a/b", 0o100644)
    for entries in ((inside,), (file, inside), (file, file)):
        with pytest.raises(ImageError, match="no place for"):
            image_fs(Index(entries), lambda name: b"", lambda: 0)


@pytest.mark.parametrize("chunk", [b"", b"junk", zlib.compress(b"short")])
def test_damaged_chunk_is_an_input_error(chunk: bytes) -> None:
    entry = Entry(b"/a", 0o100644, size=100)
    fs = image_fs(Index((entry,), ("x",)), lambda name: chunk, lambda: 0)
    with pytest.raises(LinuxError) as error:
        regular(fs, b"a").content.read(0, 100)
    assert error.value.errno == Errno.EIO
