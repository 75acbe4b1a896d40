"""What the page's worker calls: a session in JavaScript's terms.

Input:  a `port`, the worker's object with `output(number, fd, bytes)`, `exit(number, status)`, `chunk(name)`,
        `put(name, bytes)`, `remove(name)` and `translate(request, parts)`.
Every call returns plain numbers, strings and typed arrays.  Errors a user can cause are `ElfinError` or OSError: the
worker passes their one line on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pyodide.ffi import JsException, to_js

from elfin.errors import ElfinError
from elfin.image.index import TRANSLATIONS, Index
from elfin.kernel.files.image_fs import image_fs
from elfin.kernel.files.memory_fs import MemoryDirectory
from elfin.tiers.jit.ahead import Ahead
from elfin.tiers.jit.engine import Translator
from elfin.web.keep import Keeper
from elfin.web.session import Session
from elfin.web.translating import Elsewhere

BUSY, ASLEEP = 0.0, -1.0  # results of `turn`


class Port:
    """The session's listener: the worker, with bytes as typed arrays."""

    def __init__(self, js_port: Any) -> None:
        self.js = js_port

    def output(self, number: int, fd: int, data: bytes) -> None:
        self.js.output(number, fd, to_js(data))

    def exit(self, number: int, status: int) -> None:
        self.js.exit(number, status)

    def put(self, name: str, data: bytes) -> None:
        self.js.put(name, to_js(data))

    def remove(self, name: str) -> None:
        self.js.remove(name)

    def translate(self, request: str, parts: Any) -> None:
        self.js.translate(request, parts)

    def chunk(self, name: str) -> bytes:
        data: bytes = self.js.chunk(name).to_bytes()
        return data

    def file(self, name: str) -> bytes:
        """The same; OSError where it cannot be fetched."""
        try:
            return self.chunk(name)
        except JsException as error:
            raise OSError(str(error)) from error


class Bridge:
    """One session.  `kept` holds the blobs of an earlier visit by name."""

    def __init__(self, js_port: Any, index: Any = None, kept: Any = None) -> None:
        port = Port(js_port)
        self.index = Index() if index is None else Index.decode(index.to_bytes())
        image = None
        if index is not None:
            image = image_fs(self.index, port.chunk, time.time_ns)
        self.session = Session(port, image)
        translator = self.session.machine.engine
        assert isinstance(translator, Translator)
        self.translator = translator
        if name := str(self.index.extra.get(TRANSLATIONS, "")):
            translator.store = Ahead(name, port.file)
        self.elsewhere = translator.maker = Elsewhere(port, translator)
        if self.index.keep and kept is not None:
            self._keep(port, {name: bytes(data) for name, data in kept.to_py().items()})

    def _keep(self, port: Port, blobs: Mapping[str, bytes]) -> None:
        for folder in self.index.keep:
            self.session.files.make_folder(folder.decode())
        root = self.session.machine.vfs.root.node
        assert isinstance(root, MemoryDirectory)
        keeper = self.session.keeper = Keeper(root, self.index.keep, port)
        keeper.restore(blobs)

    def start(self) -> Any:
        """The command that the image was packed with: words, environment, folder, and whether
        it keeps folders."""
        words = [word.decode() for word in self.index.command]
        pairs = [word.decode().split("=", 1) for word in self.index.environment]
        return to_js([words, pairs, self.index.folder.decode(), bool(self.index.keep)])

    def run(self, argv: Any, env: Any, folder: str, rows: int, columns: int) -> int:
        """Start a program; without rows it has streams instead of a terminal."""
        size = (rows, columns) if rows else None
        return self.session.run(argv.to_py(), dict(env.to_py()), folder=folder, terminal=size)

    def turn(self) -> float:
        """Let programs run for a moment: BUSY if there is more to do, ASLEEP until a message comes, or seconds
        to sleep."""
        idle = self.session.turn()
        if idle is None:
            return BUSY
        return ASLEEP if idle.timeout is None else max(idle.timeout, 0.001)

    # -- to a program ----------------------------------------------------------------------
    def feed(self, number: int, data: Any) -> None:
        self.session.type(number, data.to_bytes())

    def end_input(self, number: int) -> None:
        if program := self.session.programs.get(number):
            program.side.end_input()

    def resize(self, number: int, rows: int, columns: int) -> None:
        if program := self.session.programs.get(number):
            program.side.resize(rows, columns)

    def kill(self, number: int) -> None:
        self.session.kill(number)

    def instructions(self, number: int) -> int:
        return self.session.instructions(number)

    def units(self) -> int:
        """How many units of translated code there are."""
        return self.translator.units.count()

    # -- the translator's worker ---------------------------------------------------------------
    def translated(self, made: Any) -> None:
        """It has made what was asked for; None: there is nothing to make."""
        self.elsewhere.answer(made)

    def translate_here(self) -> None:
        """It cannot start."""
        self.translator.maker = None

    # -- files -----------------------------------------------------------------------------
    def read_file(self, path: str) -> Any:
        return to_js(self.session.files.read(path))

    def write_file(self, path: str, data: Any, mode: int) -> None:
        self.session.files.write(path, data.to_bytes(), mode)

    def unpack(self, archive: Any) -> None:
        self.session.files.unpack(archive.to_bytes())

    def names(self, path: str) -> Any:
        return to_js([list(row) for row in self.session.files.names(path)])

    def make_folder(self, path: str) -> None:
        self.session.files.make_folder(path)

    def remove(self, path: str) -> None:
        self.session.files.remove(path)


def message_of(error: BaseException) -> str:
    """The one line for a person; a bug of elfin shows its kind."""
    if isinstance(error, ElfinError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}: {error}"
