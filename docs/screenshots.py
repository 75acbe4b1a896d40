"""Pictures of the page, made anew: `PYTHONPATH=src python3 docs/screenshots.py`.

Needs: what ./dev web built, Chromium, Playwright.
Output: docs/screenshots/*.png - a packed shell in dark and light, on a phone, and the page for any program.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from elfin.cli.main import main as elfin
from elfin.cli.serve import Handler
from elfin.pack.site import make_site

OUT = Path(__file__).parent / "screenshots"
TYPED = "uname -srm; seq 5 | awk '{ print $1 * $1 }' | sort -rn | head -2\n"
SHOWN = "document.querySelector('.xterm-accessibility-tree').innerText.includes('25')"
PHONE = {"viewport": {"width": 390, "height": 700}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 820, "height": 420}}


def shell(browser: Browser, address: str, name: str, *, scheme: str, size: dict) -> None:
    context = browser.new_context(color_scheme=scheme, **size)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("document.documentElement.dataset.state === 'running'", timeout=120_000)
    page.focus(".xterm-helper-textarea")
    page.keyboard.type(TYPED)
    page.wait_for_function(SHOWN, timeout=120_000)
    page.screenshot(path=OUT / name)
    context.close()


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        site = Path(made)
        words = ["pack", "/bin/busybox", "--entry", "sh", "--keep", "/root", "-o", f"{made}/shell"]
        elfin(words)
        make_site(site / "drop", has_image=False, title="elfin")
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=made))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        shell(browser, f"{address}/shell/", "shell-dark.png", scheme="dark", size=DESK)
        shell(browser, f"{address}/shell/", "shell-light.png", scheme="light", size=DESK)
        shell(browser, f"{address}/shell/", "shell-phone.png", scheme="dark", size=PHONE)
        page = browser.new_page(**DESK)
        page.goto(f"{address}/drop/")
        page.wait_for_function("document.querySelector('#status').textContent.startsWith('Drop')")
        page.screenshot(path=OUT / "drop.png")
        browser.close()
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
