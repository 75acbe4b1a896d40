"""An error of the host's operating system as the guest's, by its name: numbers may differ."""

from __future__ import annotations

import errno

from elfin.kernel.abi.errno import Errno, LinuxError


def host_error(error: OSError) -> LinuxError:
    """The same error for the guest; EIO if the guest has no such error."""
    name = errno.errorcode.get(error.errno or 0, "EIO")
    return LinuxError(Errno.__members__.get(name, Errno.EIO))
