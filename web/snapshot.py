"""elfin's Python, started once: `python3 web/snapshot.py`, a part of `./dev web`, runs snapshot.mjs on it.

Input:  the page's parts, built.  Output: the snapshot among them, and the key of the sources it was made of.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "src"))

from elfin.pack.site import KEY, PYTHON, WEB, key_of, package_zip  # noqa: E402


def main() -> None:
    sources = package_zip()
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(sources)
        file.flush()
        subprocess.run(["node", HERE / "snapshot.mjs", WEB / PYTHON, file.name], check=True)
    (WEB / PYTHON / KEY).write_text(key_of(sources))


if __name__ == "__main__":
    main()
