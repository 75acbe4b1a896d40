"""`elfin serve`: a packed site, a program, or the page for any program, on this machine's own web server."""

from __future__ import annotations

import argparse
import sys
import tempfile
import webbrowser
from pathlib import Path

from elfin.errors import ElfinError


def add_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("what", nargs="?", metavar="PROGRAM|DIR", help="without it: the page where a "
                     "visitor drops a program")  # fmt: skip
    one.add_argument("--port", type=int, default=0, help="0, the default: any free one")
    one.add_argument("--no-browser", action="store_true", help="only print the address")


def serve(options: argparse.Namespace) -> int:
    """Serve until interrupted; the exit status."""
    from elfin.cli.web_server import new_server

    with tempfile.TemporaryDirectory(prefix="elfin-") as made:
        folder = _site(options.what, Path(made) / "site")
        try:
            server = new_server(folder, options.port)
        except OSError as error:
            raise ElfinError(
                f"port {options.port}: {error.strerror}: choose another one"
            ) from error
        address = f"http://127.0.0.1:{server.server_port}/"
        print(address, flush=True)
        if not options.no_browser and not webbrowser.open(address):
            print("elfin: there is no browser here: open the address yourself", file=sys.stderr)
        with server:
            server.serve_forever()
    return 0


def _site(what: str | None, made: Path) -> Path:
    """The folder to serve."""
    from elfin.cli import pack
    from elfin.pack.site import make_site

    if what is None:
        make_site(made, has_image=False, title="elfin")
    elif Path(what).is_dir():
        if not (Path(what) / "worker.js").exists():
            raise ElfinError(f"{what}: no packed site: make one with `elfin pack`")
        return Path(what)
    else:
        words = argparse.ArgumentParser()
        pack.add_options(words)
        pack.make(words.parse_args([what, "--translations", "0", "-o", str(made)]), made)
    return made
