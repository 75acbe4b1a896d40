"""Which programs of a tree are translated ahead of time (pack/programs.py)."""

from __future__ import annotations

import shutil
from pathlib import Path

from elfin.pack.programs import programs

BUSYBOX = Path("/bin/busybox")


def test_programs_of_a_tree(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    for folder in (root / "usr" / "bin", root / "bin"):
        folder.mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "usr" / "bin" / "tool")
    (root / "bin" / "sh").symlink_to("/usr/bin/tool")
    (root / "usr" / "bin" / "script").write_text("#!/bin/sh\n")
    (root / "usr" / "bin" / "script").chmod(0o755)
    assert programs(str(root), "sh") == ["/usr/bin/tool"]


def test_nothing_beside_the_tree(tmp_path: Path) -> None:
    """Not even what is named like it."""
    root, beside = tmp_path / "tree", tmp_path / "tree2"
    (root / "bin").mkdir(parents=True)
    beside.mkdir()
    shutil.copy(BUSYBOX, beside / "other")
    (root / "bin" / "sh").symlink_to("../../tree2/other")
    assert programs(str(root), "sh") == []
