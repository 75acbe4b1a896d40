"""A site: the page's parts, elfin's Python, and an image, in a folder that any web server can serve.

Input:  what to pack.  Output: files below a folder; everything is referred to by relative names.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Final

from elfin.errors import ElfinError
from elfin.pack.image import compressed
from elfin.tiers.interp.artifact import BUILT, PACKAGE, core_file, core_wasm

WEB: Final = BUILT / "web"
LEFT_OUT: Final = ("cli", "pack", "built", "__pycache__")  # what a page has no use for
COMPRESSED: Final = (".wasm", ".zip")
MARK: Final = "<html "


def make_site(out: Path, *, has_image: bool, title: str) -> None:
    """Write all but the image, which belongs into `out/image`."""
    if not WEB.is_dir():
        raise ElfinError("the page's parts are not built: run ./dev web (it needs node and npm)")
    out.mkdir(parents=True, exist_ok=True)
    for source in sorted(WEB.rglob("*")):
        target = out / source.relative_to(WEB)
        if source.is_dir():
            target.mkdir(exist_ok=True)
        elif source.suffix in COMPRESSED:
            target.with_name(f"{target.name}.gz").write_bytes(compressed(source.read_bytes()))
        else:
            shutil.copyfile(source, target)
    page = (WEB / "index.html").read_text()
    if has_image:
        page = page.replace(MARK, f'{MARK}data-image="image/" ')
    (out / "index.html").write_text(page.replace("<title>elfin<", f"<title>{title}<"))
    (out / "elfin.zip.gz").write_bytes(compressed(package_zip()))


def package_zip() -> bytes:
    """elfin's Python and its interpreter's Wasm."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(PACKAGE.rglob("*.py")):
            inside = path.relative_to(PACKAGE)
            if not set(inside.parts) & set(LEFT_OUT):
                archive.writestr(_dated(f"elfin/{inside}"), path.read_bytes())
        archive.writestr(_dated(f"elfin/built/{core_file(True, False)}"), core_wasm(True))
    return out.getvalue()


def _dated(name: str) -> zipfile.ZipInfo:
    """Without the date of today: the same sources give the same bytes."""
    return zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
