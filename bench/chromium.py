"""Chromium for measuring: a browser with its default settings, the folder it is shown, and its workers' CPU time.

Input:  a folder to serve; Playwright and Debian's chromium.
Output: pages, and `cpu()`: seconds that the dedicated workers of this browser have run, by Linux's own count.
Compilation runs in other threads of the browser and is not in it.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from elfin.cli.web_server import new_server

# As root in a sandbox, and quiet: without these Chromium asks its maker for news at every start.
FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
WORKER: Final = "DedicatedWorker"


class Chromium:
    """A running browser and the address of the folder."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address

    @property
    def version(self) -> str:
        return self.browser.version

    def page(self) -> Page:
        """A new page of the folder's origin; nothing runs in it yet."""
        page = self.browser.new_page()
        page.set_default_timeout(0)
        page.goto(f"{self.address}/blank.html")
        return page

    def cpu(self) -> float:
        """Seconds of CPU of the workers, as far as they still live."""
        total = 0
        for process in descendants(os.getpid()):
            for task in threads(process):
                with suppress(OSError):
                    if (task / "comm").read_text().startswith(WORKER):
                        total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9


def can_browse() -> bool:
    return shutil.which("chromium") is not None and Path("/proc/self/schedstat").exists()


@contextmanager
def chromium(folder: Path, *flags: str) -> Iterator[Chromium]:
    """A browser on what `folder` holds."""
    (folder / "blank.html").write_text("<!doctype html><title>bench</title>")
    server = new_server(folder)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with sync_playwright() as driver:
            path = shutil.which("chromium")
            browser = driver.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
            yield Chromium(browser, f"http://127.0.0.1:{server.server_port}")
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def descendants(pid: int) -> Iterator[Path]:
    """The processes below one."""
    for task in threads(Path(f"/proc/{pid}")):
        children = ""
        with suppress(OSError):
            children = (task / "children").read_text()
        for child in children.split():
            yield Path(f"/proc/{child}")
            yield from descendants(int(child))


def threads(process: Path) -> list[Path]:
    try:
        return list((process / "task").iterdir())
    except OSError:
        return []
