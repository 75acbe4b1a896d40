"""One machine in a page: programs that are started, typed to and ended, driven between messages.

Input:  calls from the page's worker.  Output: a `Listener` is told what programs print and how they end.
Nothing here knows Pyodide; on a desktop the same session runs on wasmtime.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Protocol, cast

from elfin.errors import ElfinError
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.sched import Idle
from elfin.machine.machine import Machine
from elfin.machine.status import return_code
from elfin.runtime.cpu import RegisterFile
from elfin.web.files import Files
from elfin.web.keep import Keeper
from elfin.web.program import Program, Side, StreamSide, TerminalSide

SLICE = 0.012  # seconds of turns before the page's messages are looked at
TURN_NS = 8_000_000  # of one turn of all tasks
# While somebody types, a slice is one turn of this length: a key waits for its end.
TYPING_NS = 3_000_000
TYPING = 1.0  # seconds that somebody is thought to type after a key
SAVE_AFTER = 0.5  # seconds between looks at what is to be kept
USER = "0:0"


class Listener(Protocol):
    """The page."""

    def output(self, number: int, fd: int, data: bytes) -> None:
        """A program printed: descriptor 1 or 2; a terminal has only 1."""
        ...

    def exit(self, number: int, status: int) -> None:
        """A program has ended: its exit status, or minus the signal."""
        ...


class Session:
    """A machine on a tree in memory, and the programs that were started in it."""

    def __init__(
        self, listener: Listener, image: MemoryFs | None = None, tier: str = "jit"
    ) -> None:
        self.listener = listener
        self.machine = Machine(image=image, tier=tier, user=USER, kept=False)
        self.machine.scheduler.after_each = self._show
        self.files = Files(self.machine.vfs)
        self.programs: dict[int, Program] = {}
        self.keeper: Keeper | None = None
        self._save_at = 0.0
        self._typing_until = 0.0
        self._numbers = count(1)

    def run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        folder: str = "/",
        terminal: tuple[int, int] | None = None,
    ) -> int:
        """Start a program, with a terminal of rows and columns or with streams; its number.

        ElfinError, in one line, if that cannot be.
        """
        number = next(self._numbers)

        def output(fd: int, data: bytes) -> None:
            self.listener.output(number, fd, data)

        side: Side
        if terminal is None:
            side = StreamSide(self.machine.vfs, output)
        else:
            side = TerminalSide(self.machine.vfs, self.machine.kernel.terminals, output, terminal)
        try:
            process = self.machine.start(
                [os.fsencode(word) for word in argv],
                env={os.fsencode(k): os.fsencode(v) for k, v in env.items()},
                files=side.files,
                cwd=os.fsencode(folder),
            )
        except OSError as error:
            raise ElfinError(f"{error.filename or argv[0]}: {error.strerror}") from error
        self.programs[number] = Program(number, process, side)
        return number

    def turn(self) -> Idle | None:
        """Let programs run for a slice of time; `Idle` if there is nothing to do now."""
        now = time.monotonic()
        types = now < self._typing_until
        self.machine.scheduler.longest_ns = TYPING_NS if types else TURN_NS
        end = now if types else now + SLICE
        idle = None
        while idle is None and now <= end:
            idle = self.machine.scheduler.turn()
            self._report()
            now = time.monotonic()
        wait = self._save()
        if idle is None or wait is None:
            return idle
        return Idle(idle.read, idle.write, min(wait, idle.timeout or wait))

    def type(self, number: int, data: bytes) -> None:
        """More input for a program."""
        program = self.programs.get(number)
        if program is None:
            return
        program.side.type(data)
        if isinstance(program.side, TerminalSide):
            self._typing_until = time.monotonic() + TYPING

    def _save(self) -> float | None:
        """Keep what has changed, now and then; seconds until the next look if there was a change."""
        if self.keeper is None:
            return None
        left = self._save_at - time.monotonic()
        if left > 0:
            return left
        self._save_at = time.monotonic() + SAVE_AFTER
        return SAVE_AFTER if self.keeper.save() else None

    def kill(self, number: int) -> None:
        """End a program and all it started."""
        program = self.programs.get(number)
        if program is not None:
            self.machine.kill(program.process)
            self._report()

    def instructions(self, number: int) -> int:
        """How many the threads of a program have executed; 0 when it has ended."""
        program = self.programs.get(number)
        tasks = program.process.tasks if program is not None else ()
        return sum(cast(RegisterFile, task.cpu).instructions for task in tasks)

    def close(self) -> None:
        self.machine.close()

    def _show(self) -> None:
        """What was printed is not kept until all others had their turn."""
        for program in self.programs.values():
            program.side.show()

    def _report(self) -> None:
        for program in list(self.programs.values()):
            program.side.move()
            status = program.process.exit_status
            if status is not None:
                del self.programs[program.number]
                self.listener.exit(program.number, return_code(status))
