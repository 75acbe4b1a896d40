"""How soon a key that is typed in the page's terminal is seen there, while guests compute.

Input:  a browser and a packed shell's address.  Output: for each state of the machine the milliseconds of each key,
from the browser's event to the change of the terminal's rows, which the same frame paints.
The shell itself echoes, as its line editor does: it has to get its turn between the others.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

import report
from chromium import Chromium
from playwright.sync_api import Page

SCRIPT: Final = Path(__file__).with_name("echo.js").read_text()
PROMPT: Final = "/root #"
LINES, KEYS = 4, 20  # of each state; a line is shorter than the terminal is wide
PAUSE: Final = (0.06, 0.25)  # seconds between keys
PIPELINE: Final = "seq 1 20000 | sort -k 1.2 | awk '{ s += $1 % 7 } END { print s }' | sha256sum"
STATES: Final = {
    "nothing else runs": "",
    "a loop in the background": "while :; do :; done &",
    "pipelines there, from the first one on": f"while :; do {PIPELINE}; done >/dev/null &",
}


@dataclass(frozen=True)
class Echo:
    """`lost`: keys that were not seen before the next line was begun."""

    state: str
    times: tuple[float, ...]  # milliseconds
    lost: int


def echoes(browser: Chromium, address: str) -> list[Echo]:
    """Each state in a page of its own, where nothing has been translated yet."""
    return [_echo(browser, address, state, command) for state, command in STATES.items()]


def _echo(browser: Chromium, address: str, state: str, command: str) -> Echo:
    page = browser.browser.new_page()
    try:
        page.set_default_timeout(120_000)
        page.goto(address)
        _wait_for(page, PROMPT)
        page.evaluate(f"() => {SCRIPT.strip()}.begin()")
        page.keyboard.type(f"clear; {command}\n")
        page.wait_for_timeout(500)
        pauses = random.Random(1)
        for _ in range(LINES):
            page.evaluate(f"() => {SCRIPT.strip()}.line()")
            for number in range(KEYS):
                page.keyboard.press(chr(ord("a") + number))
                page.wait_for_timeout(1000 * pauses.uniform(*PAUSE))
            page.wait_for_timeout(500)
            page.keyboard.press("Control+u")
        times, lost = page.evaluate(f"() => {SCRIPT.strip()}.found()")
    finally:
        page.close()
    return Echo(state, tuple(times), lost)


def _wait_for(page: Page, text: str) -> None:
    rows = "document.querySelector('.xterm-rows')?.textContent ?? ''"
    page.wait_for_function(f"text => ({rows}).replaceAll('\\u00a0', ' ').includes(text)", arg=text)


def table(found: Sequence[Echo]) -> str:
    """Milliseconds by state."""
    head = ["a key is seen after ms", "half", "95 %", "at most", "keys"]
    lines = [report.row(head), "|---" * len(head) + "|"]
    for echo in found:
        cells = [f"{part(echo, share):.0f}" for share in (0.5, 0.95, 1.0)]
        count = f"{len(echo.times)}" + f", {echo.lost} lost" * bool(echo.lost)
        lines.append(report.row([echo.state, *cells, count]))
    return "\n".join(lines)


def part(echo: Echo, share: float) -> float:
    """What that share of the keys does not exceed; one that was not seen took for ever."""
    ordered = [*sorted(echo.times), *[inf] * echo.lost]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
