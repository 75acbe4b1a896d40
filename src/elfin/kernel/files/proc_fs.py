"""/proc (man 5 proc): the processes of one kernel, and what is known about the machine."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.stat import PROC_MAGIC
from elfin.kernel.files import proc_process
from elfin.kernel.files.proc_node import (
    ProcDirectory,
    ProcFileSystem,
    ProcLink,
    ProcNode,
    ProcText,
)
from elfin.kernel.files.proc_system import SYSCTL, SYSTEM
from elfin.kernel.files.stat import StatFs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from elfin.kernel.files.caller import Caller
    from elfin.kernel.files.location import Location
    from elfin.kernel.kernel import Kernel
    from elfin.kernel.process import Process
    from elfin.kernel.task import Task

Makers = dict[bytes, "Callable[[], ProcNode]"]

_TEXTS = {
    b"cmdline": proc_process.cmdline,
    b"limits": proc_process.limits,
    b"maps": proc_process.maps,
    b"mountinfo": proc_process.mountinfo,
    b"mounts": proc_process.mounts,
    b"statm": proc_process.statm,
}
_PRIVATE = {b"auxv": proc_process.auxv, b"environ": proc_process.environ}
_FIXED = {b"cgroup": b"0::/\n", b"oom_score": b"0\n", b"wchan": b"0"}


class ProcFs(ProcFileSystem):
    """One /proc."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel.wall_ns)
        self.kernel = kernel
        self._machine = self._make_machine()
        self.root = ProcDirectory(self, "root", self._root_children)

    def statfs(self) -> StatFs:
        return StatFs(PROC_MAGIC, 0, 0, 0, 0)

    def _make_machine(self) -> Makers:
        makers: Makers = {}
        for name, text in SYSTEM.items():
            makers[name] = partial(ProcText, self, name, partial(text, self.kernel))
        tree: dict[bytes, Makers] = {}
        for path, text in SYSCTL.items():
            folder, _, name = path.rpartition(b"/")
            tree.setdefault(folder, {})[name] = partial(
                ProcText, self, path, partial(text, self.kernel)
            )
        makers[b"sys"] = partial(self._sysctl, b"", tree)
        return makers

    def _sysctl(self, path: bytes, tree: dict[bytes, Makers]) -> ProcNode:
        """The directory of /proc/sys with that path."""
        children = dict(tree.get(path, {}))
        for folder in tree:
            if folder.startswith(path + b"/" if path else b"") and folder != path:
                name = folder[len(path) :].lstrip(b"/").partition(b"/")[0]
                below = path + b"/" + name if path else name
                children[name] = partial(self._sysctl, below, tree)
        return ProcDirectory(self, b"sys/" + path, lambda: children)

    # -- the root --------------------------------------------------------------------------

    def _root_children(self) -> Mapping[bytes, Callable[[], ProcNode]]:
        makers: Makers = dict(self._machine)
        makers[b"self"] = partial(ProcLink, self, "self", self._self)
        makers[b"thread-self"] = partial(ProcLink, self, "thread-self", self._thread_self)
        makers[b"mounts"] = partial(ProcLink, self, "mounts", lambda: b"self/mounts")
        for pid, process in self.kernel.processes.items():
            makers[b"%d" % pid] = partial(self._process, process)
        return makers

    def _caller(self) -> Process:
        process = self.kernel.current
        if process is None:
            raise LinuxError(Errno.ENOENT)
        return process

    def _self(self) -> bytes:
        return b"%d" % self._caller().pid

    def _thread_self(self) -> bytes:
        process = self._caller()
        return b"%d/task/%d" % (process.pid, process.leader.tid)

    # -- one process -----------------------------------------------------------------------

    def _process(self, process: Process) -> ProcNode:
        owner = process.credentials.euid, process.credentials.egid
        children = partial(self._process_children, process, process.leader)
        return ProcDirectory(self, process.pid, children, owner=owner)

    def _process_children(
        self, process: Process, task: Task, *, thread: bool = False
    ) -> Mapping[bytes, Callable[[], ProcNode]]:
        if not process.zombie and self.kernel.processes.get(process.pid) is not process:
            raise LinuxError(Errno.ENOENT)  # it is gone: the directory was held open
        owner = process.credentials.euid, process.credentials.egid
        where = (process.pid, task.tid if thread else 0)
        makers: Makers = {}

        def add(name: bytes, text: Callable[[], bytes], mode: int = 0o444) -> None:
            what = (*where, name)
            makers[name] = partial(ProcText, self, what, text, owner=owner, mode=mode)

        for name, text in _TEXTS.items():
            add(name, partial(text, process))
        for name, text in _PRIVATE.items():
            add(name, partial(text, process), 0o400)
        for name, fixed in _FIXED.items():
            add(name, partial(bytes, fixed))
        add(b"stat", partial(proc_process.stat, process, task))
        add(b"status", partial(proc_process.status, process, task))
        makers[b"comm"] = partial(
            ProcText,
            self,
            (*where, "comm"),
            partial(proc_process.comm, task),
            owner=owner,
            mode=0o644,
            store=partial(_set_comm, task),
        )
        makers[b"oom_score_adj"] = partial(
            ProcText, self, (*where, "oom"), lambda: b"0\n", owner=owner, mode=0o644, store=_ignore
        )
        for name, place in (
            (b"cwd", lambda: process.fs.cwd),
            (b"root", lambda: process.fs.root),
            (b"exe", lambda: process.exe),
        ):
            makers[name] = partial(self._place, process, (*where, name), place)
        makers[b"fd"] = partial(
            ProcDirectory,
            self,
            (*where, "fd"),
            partial(self._descriptors, process),
            owner=owner,
            mode=0o500,
        )
        makers[b"fdinfo"] = partial(
            ProcDirectory,
            self,
            (*where, "fdinfo"),
            partial(self._descriptor_infos, process),
            owner=owner,
        )
        if not thread:
            makers[b"task"] = partial(
                ProcDirectory, self, (*where, "task"), partial(self._tasks, process), owner=owner
            )
        return makers

    def _tasks(self, process: Process) -> Makers:
        owner = process.credentials.euid, process.credentials.egid
        return {
            b"%d" % task.tid: partial(
                ProcDirectory,
                self,
                (process.pid, task.tid),
                partial(self._process_children, process, task, thread=True),
                owner=owner,
            )
            for task in process.tasks
        }

    # -- links -----------------------------------------------------------------------------

    def _link(
        self, process: Process, what: object, find: Callable[[], Location | None], mode: int
    ) -> ProcNode:
        def place(_: Caller) -> Location:
            location = find()
            if location is None or process.zombie:
                raise LinuxError(Errno.ENOENT)
            return location

        def text() -> bytes:
            location = find()
            if location is None or process.zombie:
                raise LinuxError(Errno.ENOENT)
            caller = self.kernel.current or process
            return self.kernel.vfs.path_of(location, caller.fs.root)

        owner = process.credentials.euid, process.credentials.egid
        return ProcLink(self, what, text, place=place, owner=owner, mode=mode)

    def _place(
        self, process: Process, what: object, find: Callable[[], Location | None]
    ) -> ProcNode:
        return self._link(process, what, find, 0o777)

    def _descriptors(self, process: Process) -> Makers:
        makers: Makers = {}
        for fd, file in process.files.items():
            find = partial(_location_of, process, fd)
            # The permissions tell how it was opened: r-x, -wx or both.
            mode = 0o100 | (0o400 if file.readable else 0) | (0o200 if file.writable else 0)
            what = process.pid, "fd", fd
            makers[b"%d" % fd] = partial(self._link, process, what, find, mode)
        return makers

    def _descriptor_infos(self, process: Process) -> Makers:
        owner = process.credentials.euid, process.credentials.egid
        return {
            b"%d" % fd: partial(
                ProcText,
                self,
                (process.pid, "fdinfo", fd),
                partial(proc_process.file_info, process, fd),
                owner=owner,
            )
            for fd, _ in process.files.items()
        }


def _location_of(process: Process, fd: int) -> Location | None:
    file = process.files.find(fd)
    return file.location if file is not None else None


def _set_comm(task: Task, data: bytes) -> None:
    task.comm = data.rstrip(b"\n")[:15]


def _ignore(_: bytes) -> None:
    """A knob that elfin has no use for."""
