"""`Machine`: one kernel, its files and its engine, and programs that run on it.

Input:  what of the host it may see, which tier runs it.  Output: processes, started and driven until
a condition holds.  Nothing here knows subprocess or the command line; nothing there knows kernels.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Self

from elfin.config import DEFAULT_TIER
from elfin.errors import ElfinError, LoadError
from elfin.hosts.choose import this_host
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.signal import Signal
from elfin.kernel.exec import start
from elfin.kernel.files.file import File
from elfin.kernel.files.host_stdio import HostStreams
from elfin.kernel.files.memory_fs import MemoryFs
from elfin.kernel.files.proc_fs import ProcFs
from elfin.kernel.files.standard import mount_standard
from elfin.kernel.files.vfs import Vfs
from elfin.kernel.kernel import Kernel
from elfin.kernel.lifecycle import exit_process
from elfin.kernel.process import Process
from elfin.kernel.sched import Scheduler
from elfin.layout import GUEST_LIMIT
from elfin.machine import tree
from elfin.machine.bell import BellWorld
from elfin.machine.identity import caller, parse_user
from elfin.machine.mounts import Mount, Root
from elfin.machine.names import Names
from elfin.tiers import policy
from elfin.tiers.jit.engine import Translator

Streams = Sequence[File | None]


class Machine:
    """One machine. Close it, or use it in a `with`, to free its memory and descriptors.

    root    folder of the host (`DIR` or `DIR:rw`) to be the root; without one it is empty, in memory
    image   a tree in memory to be the root instead
    mounts  further folders and files: `HOST:GUEST[:rw]`
    tier    what runs the guest's code: one of `elfin.tiers.policy.TIERS`
    memory  bytes of address space that each process may have
    user    who the first processes are: `UID[:GID]`; without it the caller
    counted count what translated code does, for `--stats`
    kept    keep translations in the user's cache folder, for later runs
    """

    def __init__(
        self,
        *,
        root: str | Root | None = None,
        image: MemoryFs | None = None,
        mounts: Iterable[str | Mount] = (),
        tier: str = DEFAULT_TIER,
        memory: int = GUEST_LIMIT,
        user: str | None = None,
        counted: bool = False,
        kept: bool = True,
    ) -> None:
        self.turn = Lock()  # held by whoever drives: programs take turns
        self.user = caller() if user is None else parse_user(user)
        found = Root.parse(root) if isinstance(root, str) else root
        self.is_closed_tree = found is not None or image is not None  # no program of the host's
        if tier not in policy.TIERS:
            raise ElfinError(f"there is no tier {tier!r}: choose from {', '.join(policy.TIERS)}")
        self.host = this_host()
        self.hardware, self.engine = policy.engine(
            tier, self.host, memory, counted=counted, kept=kept
        )
        self.closed = False
        self.world = BellWorld()
        try:
            top = tree.root_node(found, self.user, self.world) if image is None else image.root
            self.vfs = Vfs(self.world, top)
        except BaseException:
            self.world.close()
            raise
        self.kernel = Kernel(self.hardware, self.vfs, self.world)
        self.streams = HostStreams(self.vfs, self.kernel.terminals)
        self.scheduler = Scheduler(self.kernel, self.engine)
        self.names = Names(self.kernel)
        if isinstance(self.engine, Translator):
            self.engine.name = self.names.in_memory
            self.engine.lasts = self.names.is_of_file
        try:
            mount_standard(self.vfs, self.kernel.terminals, ProcFs(self.kernel).root)
            for mount in mounts:
                tree.mount(self.vfs, Mount.parse(mount) if isinstance(mount, str) else mount)
        except BaseException:
            self.close()
            raise

    # -- programs --------------------------------------------------------------------------

    def start(
        self,
        argv: Sequence[bytes],
        *,
        env: Mapping[bytes, bytes],
        files: Callable[[Process], Streams],
        cwd: bytes | None = None,
        umask: int = 0o022,
    ) -> Process:
        """Load a program: the next `drive` runs it.

        `argv[0]` is a path of the host, whose file then appears at the same place in the guest; with
        a root it is a path in there.  `files` gives the descriptors from 0 on.  Raises OSError
        (FileNotFoundError, PermissionError, ENOEXEC ...) as subprocess does, ElfinError when the machine is closed.
        """
        if self.closed:
            raise ElfinError("the machine is closed: make another one")
        path = tree.find_program(self.vfs, self.is_closed_tree, argv[0], env, cwd)
        kernel = self.kernel
        process = kernel.first_process(self.user.copy(), umask=umask)
        kernel.first = process
        try:
            for fd, file in enumerate(files(process)):
                if file is not None:
                    process.files.install(file, lowest=fd)
            process.fs.cwd = tree.working_directory(self.vfs, self.is_closed_tree, process, cwd)
            self._load(process, path, list(argv), [b"%s=%s" % item for item in env.items()])
        except BaseException:
            self.kill(process)
            raise
        self.streams.give_session(process.sid, process.pgid)
        return process

    def _load(self, process: Process, path: bytes, argv: list[bytes], envp: list[bytes]) -> None:
        """Give the process its program; OSError with the best reason there is."""
        name = os.fsdecode(path)
        self.kernel.last_program_error = ""
        try:
            start(process, path, argv, envp)
        except LoadError as error:
            raise OSError(Errno.ENOEXEC, str(error), name) from error
        except LinuxError as error:
            number = error.errno.value
            reason = self.kernel.last_program_error.removeprefix(f"{name}: ")
            if number == Errno.ENOENT:  # the program has been found, so its interpreter has not
                reason = tree.what_is_missing(self.vfs.open_program(process, path))
            raise OSError(number, reason or os.strerror(number), name) from error

    def standard_streams(self) -> list[File | None]:
        """The caller's own descriptors 0, 1 and 2; None for one that is closed."""
        return [self.streams.open(fd, self.user.uid, self.user.gid) for fd in range(3)]

    def drive(self, done: Callable[[], bool], deadline: float | None = None) -> bool:
        """Run until `done()`; False when `time.monotonic()` reached `deadline` before."""
        while not done():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            idle = self.scheduler.turn()
            if idle is not None and not done():
                limits = [limit for limit in (idle.timeout, left) if limit is not None]
                self.world.wait(idle.read, idle.write, min(limits, default=None))
        return True

    def living(self) -> list[Process]:
        """The processes that have not ended."""
        return [p for p in self.kernel.processes.values() if p.exit_status is None]

    def kill(self, process: Process) -> None:
        """End a process and all others of its session, at once."""
        for member in self.living():
            if member.sid == process.sid and member is not process:
                exit_process(member, Signal.SIGKILL)
        exit_process(process, Signal.SIGKILL)

    # -- the end ---------------------------------------------------------------------------

    def close(self) -> None:
        """End what still runs and free everything; closing again does nothing."""
        if self.closed:
            return
        self.closed = True
        for process in self.living():
            exit_process(process, Signal.SIGKILL)
        self.streams.restore()
        self.vfs.close()
        self.world.close()
        if isinstance(self.engine, Translator):
            self.engine.close()
        self.hardware.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
