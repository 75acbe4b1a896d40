"""Kept folders: after a visit, another one finds what the first left; the image's own files are not copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from elfin.image.index import Index
from elfin.kernel.files.image_fs import image_fs
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.pack.image import Builder
from elfin.web.files import Files
from elfin.web.keep import TREES, Keeper
from elfin.web.session import Session


class Blobs(dict[str, bytes]):
    """A store."""

    def put(self, name: str, data: bytes) -> None:
        self[name] = data

    def remove(self, name: str) -> None:
        del self[name]


class Visit:
    """A machine on a fresh copy of the image, with the blobs of the visits before."""

    def __init__(self, image: Path, index: Index, blobs: Blobs) -> None:
        self.now = 0
        self.fs: MemoryFs = image_fs(index, lambda name: (image / name).read_bytes(), self.clock)
        self.session = Session(self, self.fs, tier="interp")
        self.files: Files = self.session.files
        self.keeper = Keeper(self.fs.root, (b"/home",), blobs)
        self.keeper.restore(dict(blobs))

    def clock(self) -> int:
        self.now += 1_000_000_000
        return self.now

    def output(self, number: int, fd: int, data: bytes) -> None: ...
    def exit(self, number: int, status: int) -> None: ...


@pytest.fixture
def image(tmp_path: Path) -> tuple[Path, Index]:
    root = tmp_path / "root"
    (root / "home" / "sub").mkdir(parents=True)
    (root / "home" / "old").write_bytes(b"from the image")
    (root / "home" / "gone").write_bytes(b"will be removed")
    (root / "other").write_bytes(b"not kept")
    builder = Builder(tmp_path / "image")
    builder.add_tree(str(root))
    return tmp_path / "image", builder.finish(Index())


def test_changes_come_back(image: tuple[Path, Index]) -> None:
    blobs = Blobs()
    first = Visit(*image, blobs)
    first.files.write("/home/new", b"1" * 100_000)
    first.files.write("/home/deep/er/file", b"2", 0o750)
    first.files.remove("/home/gone")
    first.files.write("/other", b"lost")
    assert first.keeper.save()
    second = Visit(*image, blobs)
    assert second.files.read("/home/new") == b"1" * 100_000
    assert second.files.read("/home/deep/er/file") == b"2"
    assert second.files.read("/home/old") == b"from the image"
    assert second.files.read("/other") == b"not kept"
    assert [name for name, _, _ in second.files.names("/home")] == ["deep", "new", "old", "sub"]
    second.files.write("/home/new", b"changed")
    assert second.keeper.save()
    third = Visit(*image, blobs)
    assert third.files.read("/home/new") == b"changed"
    assert third.files.read("/home/deep/er/file") == b"2"


def test_only_changes_are_stored(image: tuple[Path, Index]) -> None:
    blobs = Blobs()
    visit = Visit(*image, blobs)
    visit.files.write("/home/a", b"a")
    visit.clock()
    assert visit.keeper.save()
    assert len(blobs) == 2
    assert not visit.keeper.save()
    visit.files.remove("/home/a")
    assert visit.keeper.save()
    assert set(blobs) == set(TREES)


@pytest.mark.parametrize("tree", [b"", b"{}", b"[", b"[]", b'{"turn": 1, "entries": []}'])
def test_damaged_store(image: tuple[Path, Index], tree: bytes) -> None:
    visit = Visit(*image, Blobs({TREES[1]: tree}))
    assert visit.files.read("/home/old") == b"from the image"


@pytest.mark.parametrize("length", [0, 20])
def test_a_page_that_vanishes_while_it_stores(image: tuple[Path, Index], length: int) -> None:
    blobs = Blobs()
    visit = Visit(*image, blobs)
    for last, content in [(b"", b"first"), (b"first", b"second"), (b"second", b"third")]:
        before = Blobs(blobs)
        visit.files.write("/home/a", content)
        visit.clock()
        assert visit.keeper.save()
        [written] = [name for name in TREES if blobs.get(name) != before.get(name)]
        torn = Blobs({**blobs, **before, written: blobs[written][:length]})
        files = Visit(*image, torn).files
        assert ("a", False, len(last)) in files.names("/home") if last else True
        assert not last or files.read("/home/a") == last
