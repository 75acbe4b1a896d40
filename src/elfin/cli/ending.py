"""How a guest ended, told to whoever waits for elfin."""

from __future__ import annotations

import os
import resource
import signal
import sys

from elfin.machine.status import return_code


def end_as(status: int) -> int:
    """The exit status for a wait status; after a deadly signal this process dies of it too."""
    code = return_code(status)
    if code >= 0:
        return code
    sys.stdout.flush()
    sys.stderr.flush()
    # The guest's core would be wanted, not elfin's.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if -code not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(-code, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
    os.kill(os.getpid(), -code)
    return 128 - code
