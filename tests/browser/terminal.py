"""What a visitor does at a packed shell's terminal.  Every wait is for something that is seen."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TooLong

SECONDS = 90.0  # a loaded two-core machine is slow; nothing waits that long where things work
PROMPT = "/root # "
# The terminal's text as a screen reader gets it, without the spaces that end a row.
SHOWN = """() => (document.querySelector('.xterm-accessibility-tree')?.innerText ?? '')
    .replaceAll('\\u00a0', ' ').replace(/ +$/gm, '')"""


class Shell:
    """The shell on one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.wait_for_prompt()

    def text(self) -> str:
        shown: str = self.page.evaluate(SHOWN)
        return shown

    def wait_for(self, text: str, seconds: float = SECONDS) -> None:
        """Until the terminal shows the text; a line's beginning is written with the newline before it."""
        try:
            self.page.wait_for_function(
                f"text => ('\\n' + ({SHOWN})()).includes(text)", arg=text, timeout=seconds * 1000
            )
        except TooLong:
            status = self.page.inner_text("#status")
            raise AssertionError(f"no {text!r} in {self.text()!r}; {status!r}") from None

    def wait_for_prompt(self) -> None:
        self.wait_for(f"\n{PROMPT.rstrip()}")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def is_ready(self) -> bool:
        """Whether an interrupt and `clear` bring a prompt on an empty screen."""
        if self.page.evaluate("document.documentElement.dataset.state") != "running":
            return False
        self.page.focus(".xterm-helper-textarea")
        self.page.keyboard.press("Control+c")
        self.type("clear\n")
        try:
            self.page.wait_for_function(
                f"text => ({SHOWN})().trim() === text", arg=PROMPT.strip(), timeout=20_000
            )
        except TooLong:
            return False
        return True

    def expect_status(self, text: str) -> None:
        expect(self.page.locator("#status")).to_have_text(text, timeout=SECONDS * 1000)
