"""Which host this Python runs elfin on: the browser's engine under Pyodide, else wasmtime."""

from __future__ import annotations

import importlib
import sys

from elfin.runtime.host import Host


def this_host() -> Host:
    """A new engine with elfin's settings."""
    if sys.platform == "emscripten":
        browser: Host = importlib.import_module("elfin.hosts.browser").BrowserHost()
        return browser
    desktop: Host = importlib.import_module("elfin.hosts.wasmtime_py").WasmtimeHost()
    return desktop
