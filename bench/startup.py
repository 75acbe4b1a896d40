"""From navigation to a packed shell's first prompt, in Chromium: cold and warm, stage by stage, with bytes.

Input:  how often.  Output: a table on stdout; stages are the marks that the page and its worker leave in the page's
timeline ("elfin: ..."), in seconds after navigation.  Cold: a profile that has seen nothing; warm: the second
visit of the same profile.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserType, sync_playwright

from elfin.cli.main import main as elfin
from elfin.cli.web_server import Handler, new_server

OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
           "--disable-background-networking", "--disable-component-update")  # fmt: skip
MARKS = """() => performance.getEntriesByType('mark').filter(m => m.name.startsWith('elfin: '))
    .map(m => [m.name.slice(7), m.startTime / 1000])"""
LAST = "output"  # the mark of the program's first output
Visit = dict[str, float]


def visits(chromium: BrowserType, address: str, sent: list[int]) -> list[tuple[Visit, int]]:
    """The marks and the bytes of two visits with one new profile."""
    found = []
    path = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as profile:
        browser = chromium.launch_persistent_context(
            profile, executable_path=path, args=list(OPTIONS)
        )
        for _ in range(2):
            sent.clear()
            page = browser.new_page()
            page.goto(address)
            page.wait_for_function(
                f"performance.getEntriesByName('elfin: {LAST}').length", timeout=120_000
            )
            found.append((dict(page.evaluate(MARKS)), sum(sent)))
            page.wait_for_timeout(1500)  # the browser keeps compiled code when it is idle
            page.close()
        browser.close()
    return found


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--site", help="a packed site; without it busybox is packed")
    options = words.parse_args()
    sent: list[int] = []

    class Counter(Handler):
        def copyfile(self, source: Any, outputfile: Any) -> None:
            sent.append(Path(self.translate_path(self.path)).stat().st_size)
            super().copyfile(source, outputfile)

        def end_headers(self) -> None:
            self.send_header("Cache-Control", "max-age=3600")
            super().end_headers()

    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        site = options.site or f"{made}/site"
        if not options.site:
            elfin(["pack", "/bin/busybox", "--entry", "sh", "--keep", "/root", "-o", site])
        server = new_server(Path(site), handler=Counter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/index.html"
        runs = [visits(playwright.chromium, address, sent) for _ in range(options.runs)]
        server.shutdown()
        server.server_close()
    for number, name in enumerate(("cold", "warm")):
        marks = [run[number][0] for run in runs]
        sizes = [run[number][1] for run in runs]
        stages = " ".join(f"{m} {statistics.median(v[m] for v in marks):.2f}" for m in marks[0])
        print(f"{name}: {stages} s, {statistics.median(sizes) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
