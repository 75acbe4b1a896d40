"""Programs in the browser's host: one headless Chromium, one page, one machine for all.

Input:  commands, and folders of this machine that they find at the same absolute paths.  They go in and out as tar
        archives, which a busybox in the guest unpacks and packs, so that links, modes and times are as natively.
Output: status, both streams, the folder's files.
"""

from __future__ import annotations

import base64
import io
import shutil
import stat
import tarfile
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from elfin.cli.web_server import new_server
from elfin.pack.site import make_site

SCRIPT = Path(__file__).with_name("guest.js").read_text()
TOOLS = Path("/bin/busybox")
SECONDS = 1200  # for one program: the interpreter on a loaded machine
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip
Found = tuple[int, bytes, bytes]
KINDS = {
    tarfile.REGTYPE: stat.S_IFREG, tarfile.LNKTYPE: stat.S_IFREG, tarfile.SYMTYPE: stat.S_IFLNK,
    tarfile.DIRTYPE: stat.S_IFDIR, tarfile.FIFOTYPE: stat.S_IFIFO,
}  # fmt: skip


class Guest:
    """The machine in a page of the site in `folder`."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder / "given"
        self.folder.mkdir(exist_ok=True)
        self._known: dict[Path, tuple[int, int]] = {}  # what of `bin` folders is there
        shutil.copy(TOOLS, self.folder)
        self._ask("boot", f"given/{TOOLS.name}")

    def run(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path | str, stdin: bytes = b""
    ) -> Found:
        """A program with streams: its status and what it wrote."""
        words = [[*command], dict(env), str(cwd), base64.b64encode(stdin).decode()]
        status, out, err = self._ask("run", words)
        return status, base64.b64decode(out), base64.b64decode(err)

    def fill(self, root: Path, work: Path) -> None:
        """Bring `bin` of a playground up to date, and make its working folder what it is here."""
        new = [path for path in (root / "bin").rglob("*") if self._is_new(path)]
        if new:
            self._ask("unpack", self._archive("bin", new))
        time = int(work.stat().st_mtime)
        self._ask("fill", [str(work), self._archive("work", [work]), time])

    def install(self, program: Path) -> None:
        """Put one file into the guest, at its place here."""
        if self._is_new(program):
            self._ask("unpack", self._archive("program", [program]))

    def tree(self, work: Path) -> dict[str, tuple[int, bytes]]:
        """As `runner.tree`, of the guest's folder."""
        found = {}
        data = base64.b64decode(self._ask("pack", str(work)))
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                name = member.name.removeprefix(".").removeprefix("/")
                content = b""
                if member.issym():
                    content = member.linkname.encode()
                elif member.isreg() or member.islnk():
                    file = archive.extractfile(member)
                    assert file is not None
                    content = file.read()
                if name:
                    found[name] = KINDS[member.type] | member.mode, content
        return found

    def _is_new(self, path: Path) -> bool:
        state = path.lstat()
        now = state.st_mtime_ns, state.st_size
        if path.is_dir() or self._known.get(path) == now:
            return False
        self._known[path] = now
        return True

    def _archive(self, name: str, paths: Sequence[Path]) -> str:
        with tarfile.open(self.folder / f"{name}.tar", "w", format=tarfile.GNU_FORMAT) as archive:
            for path in paths:
                archive.add(path)
        return f"given/{name}.tar"

    def _ask(self, function: str, argument: object) -> Any:
        return self.page.evaluate(f"(given) => {SCRIPT.strip()}.{function}(given)", argument)


@cache
def guest() -> Guest:
    """The one of this process: everything it needs lives as long as the process."""
    folder = Path(tempfile.mkdtemp(prefix="elfin-browser-"))
    make_site(folder, has_image=False, title="programs")
    server = new_server(folder)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    driver = sync_playwright().start()
    browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM))
    page = browser.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(f"http://127.0.0.1:{server.server_port}/page.css")
    return Guest(page, folder)
