"""The packed shell in Firefox: it starts, answers, and is stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.browser.bidi import firefox
from tests.browser.conftest import missing
from tests.browser.terminal import SHOWN


def test_smoke(server: str, tmp_path: Path) -> None:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        missing("there is no firefox here")
    shown = f"('\\n' + ({SHOWN})())"
    with firefox(program, tmp_path) as page:
        page.goto(f"{server}/shell/")
        page.wait_until(f"{shown}.includes('\\n/root #')")
        page.type("seq 1 100 | wc -l; uname -m\n")
        page.wait_until(f"{shown}.includes('\\n100\\nx86_64\\n')")
        page.type("while :; do :; done\n")
        page.evaluate("document.getElementById('stop').click()")
        page.wait_until("document.getElementById('status').textContent === 'Stopped'")
