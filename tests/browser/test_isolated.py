"""A page whose server asks for cross-origin isolation: everything is there as in any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from elfin.cli.web_server import Handler
from tests.browser.conftest import serving
from tests.browser.terminal import Shell


class Isolating(Handler):
    """A server that lets nothing of others into the page."""

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


@pytest.fixture
def isolating(sites: Path) -> Iterator[str]:
    with serving(sites, Isolating) as address:
        yield address


def test_an_isolated_page_works(page: Page, isolating: str) -> None:
    shell = Shell(page)
    shell.open(f"{isolating}/shell/")
    assert page.evaluate("crossOriginIsolated")
    shell.type("seq 1 100000 | sort -r | tail -n 1 | tr 1 x\n")
    shell.wait_for("\nx\n")
