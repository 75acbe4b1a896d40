"""busybox-static command lines: bytes, status and files equal to native."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.program.busybox import cases, fill
from tests.program.runner import BROWSER, CHOSEN, Playground, same

BUSYBOX = Path("/bin/busybox")
CASES = cases()
OF_A_DISK = ("ls", "stat", "tar create")  # sizes and order of folders
pytestmark = pytest.mark.skipif(not BUSYBOX.exists(), reason="busybox-static is not installed")


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    """A folder with busybox under each of its names in PATH."""
    root = tmp_path_factory.mktemp("busybox")
    place = Playground(root, fill)
    binaries = root / "bin"
    binaries.mkdir()
    shutil.copy(BUSYBOX, binaries / "busybox")
    names = place.native([str(BUSYBOX), "--list"]).out.decode().split()
    for name in names:
        if name != "busybox":
            (binaries / name).symlink_to("busybox")
    return place


@pytest.mark.parametrize("name", CASES)
def test_command(playground: Playground, name: str) -> None:
    if CHOSEN == BROWSER and name in OF_A_DISK:
        pytest.skip("folders in a page have another size and order than those on a disk")
    same(playground, [f"{playground.root}/bin/busybox", "sh", "-c", CASES[name]])
