"""A web server for a packed site.  Apart from `serve`, because Python's takes 30 ms to import."""

from __future__ import annotations

import functools
import http.server
from pathlib import Path

TYPES = {".wasm": "application/wasm", ".mjs": "text/javascript", ".js": "text/javascript"}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files with the right types, quietly."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


def new_server(
    folder: Path, port: int = 0, handler: type[Handler] = Handler
) -> http.server.ThreadingHTTPServer:
    """On this machine only; port 0: any free one.  OSError if the port is taken."""
    made = functools.partial(handler, directory=str(folder))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), made)
