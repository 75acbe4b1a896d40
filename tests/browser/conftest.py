"""Real browsers on packed sites: a site is packed once for all tests, and a page is shared where that can be.

Without a browser, or without what builds the page, the tests are skipped and say why; with
ELFIN_BROWSER=required, as in CI, that is an error instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

from elfin.cli.main import main
from elfin.cli.web_server import Handler, new_server
from elfin.pack.site import WEB, has_snapshot, make_site, package_zip
from tests.browser.terminal import SECONDS, Shell

ROOT = Path(__file__).parents[2]
SHELL = (
    "/bin/busybox", "--entry", "sh", "--keep", "/root", "--title", "A shell", "--translations", "3000",
)  # fmt: skip
# As root in a sandbox, and quiet: without these Chromium asks its maker for news at every start.
CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
VIEW = ViewportSize(width=900, height=600)


def missing(what: str) -> NoReturn:
    """This machine cannot run the tests."""
    if os.environ.get("ELFIN_BROWSER") == "required":
        pytest.fail(what)
    pytest.skip(what)


def build_page() -> None:
    """`./dev web`, if what it made is not of today's sources."""
    sources = [path for name in ("src", "static") for path in (ROOT / "web" / name).iterdir()]
    sources += (ROOT / "web").glob("*.*")
    built = WEB / "worker.js"
    newest = max(path.stat().st_mtime for path in sources)
    if built.exists() and built.stat().st_mtime > newest and has_snapshot(package_zip()):
        return
    if not shutil.which("npm"):
        missing("building the page needs node and npm")
    subprocess.run([sys.executable, ROOT / "dev", "web"], check=True, timeout=600)


def pack(site: Path, *words: str) -> None:
    """A site, made by the command."""
    assert main(["pack", *words, "-o", str(site)]) == 0


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is served; a packed shell and the page for any program are in it, below sub-paths."""
    folder = tmp_path_factory.mktemp("sites")
    build_page()
    pack(folder / "shell", *SHELL)
    make_site(folder / "drop", has_image=False, title="elfin")
    return folder


@pytest.fixture(scope="session")
def server(sites: Path) -> Iterator[str]:
    """The address of all sites."""
    with serving(sites) as address:
        yield address


@contextmanager
def serving(folder: Path, handler: type[Handler] = Handler) -> Iterator[str]:
    """A folder's address as long as it is wanted."""
    server = new_server(folder, handler=handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing("there is no chromium here")
    browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM))
    yield browser
    browser.close()


def pages(browser: Browser) -> Iterator[Page]:
    """An empty page of a visitor who was never here; an error in its scripts fails the test."""
    errors: list[str] = []
    context = browser.new_context(viewport=VIEW)
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    yield from pages(chromium)


@pytest.fixture(scope="session")
def visit(chromium: Browser) -> Iterator[Page]:
    """The page that tests of the running shell share."""
    yield from pages(chromium)


@pytest.fixture
def shell(visit: Page, server: str) -> Shell:
    """A shell at its prompt on an empty screen: loaded for the first test, and after one that broke it."""
    found = Shell(visit)
    if visit.url != f"{server}/shell/" or not found.is_ready():
        found.open(f"{server}/shell/")
    return found
