"""Which programs of a tree are translated ahead of time (pack/programs.py)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from elfin.cli.main import parser
from elfin.cli.pack import translate
from elfin.loader.writer import RW, Piece, write_elf
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


def test_what_cannot_be_loaded_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tree may hold anything: it is packed all the same, and the translations of the rest are made."""
    root, out = tmp_path / "tree", tmp_path / "site"
    out.mkdir()
    (root / "bin").mkdir(parents=True)
    loop = bytes.fromhex("b964000000 ffc9 75fc 0f05")
    files = {
        "nowhere": write_elf([Piece(0x40_0000, loop)], 1 << 60),
        "cut": write_elf([Piece(0x40_0000, loop * 1000, RW, 20_000)], 0x40_0000)[:5000],
        "beyond": write_elf([Piece(0x7000_0000_0000, loop)], 0x7000_0000_0000),
        "data": write_elf([Piece(0x40_0000, loop * 10, RW)], 0x40_0000),
        "sound": write_elf([Piece(0x40_0000, loop)], 0x40_0000),
    }
    for name, data in files.items():
        (root / "bin" / name).write_bytes(data)
        (root / "bin" / name).chmod(0o755)
    words = ["pack", "--root", str(root), "--entry", "cut", "-o", str(out)]
    assert translate(parser().parse_args(words), "cut", out)
    told = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[:3] for line in told] == [
        ["elfin", "not translated", f"/bin/{name}"] for name in ("cut", "nowhere")
    ]
