"""What busybox is asked (busybox.test), and the files it finds."""

from __future__ import annotations

import gzip
import os
import random
import re
import tarfile
from pathlib import Path
from typing import Final

WORDS: Final = (
    "apple", "banana", "cherry", "date", "elderberry", "fig", "grape", "lemon", "mango", "nectarine",
)  # fmt: skip
YEAR_2001: Final = 1_000_000_000


def fill(work: Path) -> None:
    """Text, numbers, a table, bytes, a tree, archives: the same every time."""
    rng = random.Random(1)
    lines = [" ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 9))) for _ in range(200)]
    (work / "text").write_text("\n".join(lines) + "\n")
    (work / "numbers").write_text("".join(f"{rng.randrange(-500, 5000)}\n" for _ in range(300)))
    rows = [f"{n},{rng.choice(WORDS)},{rng.randrange(1000) / 8}" for n in range(120)]
    (work / "table.csv").write_text("id,fruit,price\n" + "\n".join(rows) + "\n")
    (work / "bytes").write_bytes(rng.randbytes(20_000))
    (work / "zeros").write_bytes(bytes(50_000))
    (work / "dos").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    tree = work / "tree"
    for name in ("a/one.txt", "a/b/two.txt", "a/b/c/three.c", "d/four.c", "d/.hidden"):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}\n" * 3)
    (tree / "link").symlink_to("a/one.txt")
    (tree / "broken").symlink_to("nowhere")
    os.link(tree / "d/four.c", tree / "d/same.c")
    (tree / "d/four.c").chmod(0o754)
    (work / "packed.gz").write_bytes(gzip.compress((work / "text").read_bytes(), mtime=0))
    _set_times(work)
    with tarfile.open(work / "archive.tar", "w") as archive:
        archive.add(tree, "tree")
    _set_times(work)


def _set_times(work: Path) -> None:
    for path in (*work.rglob("*"), work):
        os.utime(path, (YEAR_2001, YEAR_2001), follow_symlinks=False)


def cases() -> dict[str, str]:
    """The scripts of busybox.test by name."""
    text = Path(__file__).with_suffix(".test").read_text()
    _, *parts = re.split(r"^\[case (.+)]\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))
