"""Firefox, driven by WebDriver BiDi, which it speaks itself: no driver program stands between.

Input:  an address.  Output: a page to evaluate expressions in and to type into.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

SECONDS = 120.0
ENTER = "\ue007"  # WebDriver's name of the key


class FirefoxPage:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._last = 0
        self.call("session.new", capabilities={})
        self.tab = self.call("browsingContext.create", type="tab")["context"]

    def call(self, method: str, **params: Any) -> Any:
        """A command's result; events are dropped."""
        self._last += 1
        self.socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv(SECONDS))
            if answer.get("id") == self._last:
                assert answer["type"] == "success", answer
                return answer["result"]

    def goto(self, address: str) -> None:
        self.call("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression that is text, a number or a truth value."""
        target = {"context": self.tab}
        result = self.call(
            "script.evaluate", expression=expression, target=target, awaitPromise=True
        )
        assert result["type"] == "success", result
        return result["result"].get("value")

    def type(self, text: str) -> None:
        text = text.replace("\n", ENTER)
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": keys}
        self.call("input.performActions", context=self.tab, actions=[source])

    def wait_until(self, expression: str) -> None:
        end = time.monotonic() + SECONDS
        while not self.evaluate(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.2)


@contextmanager
def firefox(program: str, profile: Path) -> Iterator[FirefoxPage]:
    """A headless Firefox with a new profile."""
    command = [program, "--headless", "--remote-debugging-port", "0", "--profile", str(profile)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                break
        else:
            raise AssertionError("firefox ended before it listened")
        address = f"{found[1]}/session"
        with connect(address, max_size=None, open_timeout=SECONDS, compression=None) as socket:
            yield FirefoxPage(socket)
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()
