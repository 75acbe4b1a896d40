"""A site: the page's parts, elfin's Python, and an image, in a folder that any web server can serve.

Input:  what to pack.  Output: files below a folder; everything is referred to by relative names.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from pathlib import Path
from typing import Final

from elfin.errors import ElfinError
from elfin.pack.image import compressed
from elfin.tiers.interp.artifact import BUILT, PACKAGE, core_wasm

WEB: Final = Path(BUILT) / "web"
PYTHON: Final = "pyodide"  # the folder of the runtime, here and in the site
LEFT_OUT: Final = ("cli", "pack", "built", "__pycache__")  # what a page has no use for
COMPRESSED: Final = (".wasm", ".zip", ".asm.mjs", "screen.js")
LATER: Final = ("stdlib.zip", "elfin.zip")  # compressed inside: a page reads them in a hurry
# Of the runtime's files: what starts from a snapshot needs, and what starts without one.
SNAPSHOT: Final = ("python.snapshot.zst", *LATER)
STARTED: Final = ("python_stdlib.zip",)
KEY: Final = "python.key"  # which sources the snapshot was made of
MARK: Final = "<html "


def make_site(out: Path, *, has_image: bool, title: str) -> None:
    """Write all but the image, which belongs into `out/image`."""
    if not WEB.is_dir():
        raise ElfinError("the page's parts are not built: run ./dev web (it needs node and npm)")
    out.mkdir(parents=True, exist_ok=True)
    sources = package_zip()
    left_out = (KEY, *(STARTED if has_snapshot(sources) else SNAPSHOT))
    for source in sorted(WEB.rglob("*")):
        target = out / source.relative_to(WEB)
        if source.is_dir():
            target.mkdir(exist_ok=True)
        elif source.name in left_out:
            continue
        elif source.name.endswith(COMPRESSED) and source.name not in LATER:
            target.with_name(f"{target.name}.gz").write_bytes(compressed(source.read_bytes()))
        else:
            shutil.copyfile(source, target)
    page = (WEB / "index.html").read_text()
    if has_image:
        page = page.replace(MARK, f'{MARK}data-image="image/" ')
    (out / "index.html").write_text(page.replace("<title>elfin<", f"<title>{title}<"))
    (out / "core.wasm.gz").write_bytes(compressed(core_wasm(True)))
    if not has_snapshot(sources):
        (out / "elfin.zip.gz").write_bytes(compressed(sources))


def has_snapshot(sources: bytes) -> bool:
    """Whether the snapshot among the page's parts is of these sources: it is made by ./dev web."""
    key = WEB / PYTHON / KEY
    return key.exists() and key.read_text() == key_of(sources)


def key_of(sources: bytes) -> str:
    """What is the same when the snapshot would be."""
    return hashlib.sha256(sources).hexdigest()


def package_zip() -> bytes:
    """elfin's Python."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(Path(PACKAGE).rglob("*.py")):
            inside = path.relative_to(PACKAGE)
            if not set(inside.parts) & set(LEFT_OUT):
                archive.writestr(_dated(f"elfin/{inside}"), path.read_bytes())
    return out.getvalue()


def _dated(name: str) -> zipfile.ZipInfo:
    """Without the date of today: the same sources give the same bytes."""
    return zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
