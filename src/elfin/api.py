"""The public Python API: `run` as in `subprocess`, and `Machine` for several programs on one tree.

Input:  command lines in Python's types.  Output: `subprocess.CompletedProcess`; TimeoutExpired,
CalledProcessError, FileNotFoundError ... are raised where subprocess raises them.
Everything can be used from any thread; the programs of one machine take turns.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from subprocess import DEVNULL, PIPE, STDOUT, CalledProcessError, CompletedProcess, TimeoutExpired
from typing import IO, Any, TypedDict, Unpack

from elfin.config import DEFAULT_TIER
from elfin.kernel.abi.fcntl import O_RDWR
from elfin.kernel.files.file import File
from elfin.kernel.files.location import Location
from elfin.kernel.files.stream import InputStream, OutputStream, pipe_location
from elfin.kernel.process import Process
from elfin.layout import GUEST_LIMIT
from elfin.machine.identity import current_umask
from elfin.machine.machine import Machine as Bare
from elfin.machine.mounts import Mount, Root
from elfin.machine.status import return_code

Word = str | bytes | os.PathLike[str]
Stream = int | IO[Any] | None


class Capture(OutputStream):
    """What a program writes to a pipe whose other end is here."""

    def __init__(self, location: Location) -> None:
        self.data = bytearray()
        self.closed = False
        super().__init__(self.data.extend, location)

    def close(self) -> None:
        self.closed = True


class Machine(Bare):
    """Programs that share one tree of files; `machine.Machine` says what it is made from."""

    def run(
        self,
        args: Word | Sequence[Word],
        *,
        input: bytes | str | None = None,  # noqa: A002 - subprocess.run's name
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
        capture_output: bool = False,
        text: bool | None = None,
        encoding: str | None = None,
        errors: str | None = None,
        check: bool = False,
        timeout: float | None = None,
        env: Mapping[str, str] | Mapping[bytes, bytes] | None = None,
        cwd: Word | None = None,
        umask: int = -1,
    ) -> CompletedProcess[Any]:
        """Run one program to its end; each argument means what it means for `subprocess.run`."""
        if capture_output and (stdout is not None or stderr is not None):
            raise ValueError("capture_output makes the pipes itself: leave stdout and stderr out")
        if input is not None and stdin is not None:
            raise ValueError("input makes the pipe itself: leave stdin out")
        if capture_output:
            stdout = stderr = PIPE
        if text or errors:
            encoding = encoding or "utf-8"
        given = input.encode(encoding or "utf-8", errors or "strict") if isinstance(input, str) else input  # fmt: skip
        words = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
        captures: dict[int, Capture] = {}

        def files(process: Process) -> list[File | None]:
            first = self._stdin(process, stdin, given)
            second = self._output(process, 1, stdout, captures)
            third = second if stderr == STDOUT else self._output(process, 2, stderr, captures)
            return [first, second, third]

        def output(fd: int) -> Any:
            if fd not in captures:
                return None
            data = bytes(captures[fd].data)
            return data.decode(encoding, errors or "strict") if encoding else data

        variables = os.environb if env is None else env
        with self.turn:
            deadline = None if timeout is None else time.monotonic() + timeout
            process = self.start(
                [os.fsencode(word) for word in words],
                env={os.fsencode(k): os.fsencode(v) for k, v in variables.items()},
                files=files,
                cwd=None if cwd is None else os.fsencode(cwd),
                umask=current_umask() if umask < 0 else umask,
            )
            try:
                # As with subprocess, a background child that holds a pipe open is waited for.
                in_time = self.drive(
                    lambda: (
                        process.exit_status is not None
                        and all(capture.closed for capture in captures.values())
                    ),
                    deadline,
                )
            except BaseException:
                self.kill(process)
                raise
            if not in_time:
                self.kill(process)
                assert timeout is not None
                raise TimeoutExpired(args, timeout, output(1), output(2))
            assert process.exit_status is not None
            done = CompletedProcess(args, return_code(process.exit_status), output(1), output(2))
        if check and done.returncode:
            raise CalledProcessError(done.returncode, args, done.stdout, done.stderr)
        return done

    def _stdin(self, process: Process, stream: Stream, given: bytes | None) -> File | None:
        if given is not None or stream == PIPE:
            return InputStream(given or b"", pipe_location(self.vfs))
        return self._host(process, 0, stream)

    def _output(
        self, process: Process, fd: int, stream: Stream, captures: dict[int, Capture]
    ) -> File | None:
        if stream == PIPE:
            captures[fd] = Capture(pipe_location(self.vfs))
            return captures[fd]
        return self._host(process, fd, stream)

    def _host(self, process: Process, fd: int, stream: Stream) -> File | None:
        """A descriptor of the host: the caller's own, a given one, or that of a Python file."""
        if stream == DEVNULL:
            return self.vfs.open(process, b"/dev/null", O_RDWR)
        if stream is not None:
            fd = stream if isinstance(stream, int) else stream.fileno()
        return self.streams.open(fd, self.user.uid, self.user.gid)


class RunOptions(TypedDict, total=False):
    """The keywords of `Machine.run`, for type checkers."""

    input: bytes | str | None
    stdin: Stream
    stdout: Stream
    stderr: Stream
    capture_output: bool
    text: bool | None
    encoding: str | None
    errors: str | None
    check: bool
    timeout: float | None
    env: Mapping[str, str] | Mapping[bytes, bytes] | None
    cwd: Word | None
    umask: int


def run(
    args: Word | Sequence[Word],
    *,
    root: str | Root | None = None,
    mounts: Iterable[str | Mount] = (),
    tier: str = DEFAULT_TIER,
    memory: int = GUEST_LIMIT,
    user: str | None = None,
    **options: Unpack[RunOptions],
) -> CompletedProcess[Any]:
    """Run one program on a machine of its own: `Machine(root, mounts, ...)`, then its `run`."""
    with Machine(root=root, mounts=mounts, tier=tier, memory=memory, user=user) as machine:
        return machine.run(args, **options)


__all__ = ["Machine", "Mount", "Root", "run"]
