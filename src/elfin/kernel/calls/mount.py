"""mount and its kin: the tree is made before the guest starts, and stays (EPERM)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.call import syscall

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_NOTE = "EPERM: the mounts are given when the machine is made"


@syscall(165, "mount", "source:str", "target:str", "type:str", "flags:hex", "data:ptr", note=_NOTE)
def mount(_: Task, *_arguments: int) -> int:
    raise LinuxError(Errno.EPERM)


@syscall(166, "umount2", "target:str", "flags:hex", note=_NOTE)
def umount2(_: Task, *_arguments: int) -> int:
    raise LinuxError(Errno.EPERM)


@syscall(155, "pivot_root", "new:str", "old:str", note=_NOTE)
def pivot_root(_: Task, *_arguments: int) -> int:
    raise LinuxError(Errno.EPERM)
