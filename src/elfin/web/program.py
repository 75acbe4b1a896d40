"""A program that the page started, and what it reads and writes: a terminal, or three streams."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Protocol

from elfin.kernel.abi.errno import LinuxError
from elfin.kernel.abi.fcntl import O_RDONLY, O_RDWR, O_WRONLY
from elfin.kernel.files.file import File
from elfin.kernel.files.pipe import Pipe, PipeEnd
from elfin.kernel.files.pty import PtyTerminal
from elfin.kernel.files.stream import OutputStream, pipe_location
from elfin.kernel.files.terminal import TerminalFile
from elfin.kernel.files.terminals import Terminals
from elfin.kernel.files.vfs import Vfs
from elfin.kernel.process import Process
from elfin.records import dataclass

Output = Callable[[int, bytes], object]  # descriptor (1 or 2) and what was written


class Side(Protocol):
    """The page's side of a program's streams."""

    def files(self, process: Process) -> list[File | None]:
        """Descriptors 0, 1 and 2."""
        ...

    def type(self, data: bytes) -> None:
        """More input."""
        ...

    def end_input(self) -> None: ...
    def resize(self, rows: int, columns: int) -> None: ...
    def move(self) -> None:
        """Between turns: hand on what waits on either way."""
        ...

    def show(self) -> None:
        """Hand on what was printed."""
        ...


class TerminalSide:
    """A pseudo-terminal whose master is the page's."""

    def __init__(
        self, vfs: Vfs, terminals: Terminals, output: Output, size: tuple[int, int]
    ) -> None:
        self.vfs = vfs
        self.terminal = PtyTerminal(terminals)
        self.terminal.locked = False
        self.terminal.number = terminals.register(self.terminal, 0, 0)
        self.output = output
        self.waiting = bytearray()  # typed, and not yet taken
        self.resize(*size)

    def files(self, process: Process) -> list[File | None]:
        self.terminal.session, self.terminal.foreground = process.sid, process.pgid
        place = self.terminal.terminals.place(self.vfs, self.terminal.number)
        file = TerminalFile(self.terminal, place, O_RDWR)
        return [file, file, file]

    def type(self, data: bytes) -> None:
        self.waiting += data
        self.move()

    def end_input(self) -> None:
        self.type(b"\x04")

    def resize(self, rows: int, columns: int) -> None:
        self.terminal.set_window(struct.pack("<4H", rows, columns, 0, 0))

    def move(self) -> None:
        try:
            while self.waiting:
                del self.waiting[: self.terminal.type(bytes(self.waiting))]
        except LinuxError:
            pass  # the reader is behind: the rest goes later
        self.show()

    def show(self) -> None:
        printed = self.terminal.output
        if printed:
            self.output(1, bytes(printed))
            printed.clear()
            self.terminal.drained += 1


class StreamSide:
    """A pipe in, two functions out."""

    def __init__(self, vfs: Vfs, output: Output) -> None:
        self.vfs = vfs
        self.output = output
        self.pipe = Pipe()
        self.writer: File | None = None
        self.waiting = bytearray()
        self.ended = False

    def files(self, process: Process) -> list[File | None]:
        reader = PipeEnd(self.pipe, pipe_location(self.vfs), O_RDONLY)
        self.writer = PipeEnd(self.pipe, pipe_location(self.vfs), O_WRONLY).retain()
        out = OutputStream(lambda data: self.output(1, data), pipe_location(self.vfs))
        err = OutputStream(lambda data: self.output(2, data), pipe_location(self.vfs))
        return [reader, out, err]

    def type(self, data: bytes) -> None:
        self.waiting += data
        self.move()

    def end_input(self) -> None:
        self.ended = True
        self.move()

    def resize(self, rows: int, columns: int) -> None:
        pass  # no terminal, no window

    def move(self) -> None:
        if self.writer is None:
            return
        try:
            while self.waiting:
                del self.waiting[: self.writer.write(bytes(self.waiting))]
        except LinuxError:
            return  # full, or nobody reads: the rest goes later
        if self.ended:
            self.writer.release()
            self.writer = None

    def show(self) -> None:
        pass  # a stream keeps nothing


@dataclass(slots=True)
class Program:
    """One that runs."""

    number: int
    process: Process
    side: Side
