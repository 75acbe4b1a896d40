"""From a description that cannot go on yet (EAGAIN) to a `Wait`; no calls of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.files.file import Background
from elfin.kernel.wait import Restart, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from elfin.kernel.call import Result
    from elfin.kernel.files.file import File

NO_FDS: frozenset[int] = frozenset()


def attempt(
    file: File,
    action: Callable[[], int],
    *,
    write: bool = False,
    nonblocking: bool | None = None,
    partial: Callable[[], int] | None = None,
) -> Result:
    """Do it now, or wait until it can be done.

    `action` raises EAGAIN while it cannot; `partial` says how much it has done when a signal ends
    the wait. The description is kept open meanwhile.
    """
    impatient = file.nonblocking if nonblocking is None else nonblocking
    try:
        return action()
    except LinuxError as error:
        if error.errno is not Errno.EAGAIN or impatient:
            raise
    except Background:
        pass
    file.retain()

    def poll() -> int | None:
        try:
            done = action()
        except Background:
            return None
        except LinuxError as error:
            if error.errno is not Errno.EAGAIN:
                file.release()
                raise
            wait.deadline = file.read_deadline()
            return None
        file.release()
        return done

    def on_interrupt() -> int | None:
        done = partial() if partial else 0
        file.release()
        return done or None

    wait = Wait(
        poll,
        deadline=None if write else file.read_deadline(),
        host_read=NO_FDS if write else file.host_read(),
        host_write=file.host_write() if write else NO_FDS,
        restart=Restart.SYS,
        on_interrupt=on_interrupt,
    )
    return wait
