"""Names for the numbers in file calls: the rest of the UPPERCASE kinds (see `names.py`)."""

from __future__ import annotations

from elfin.kernel.abi import fcntl, ioctl, poll
from elfin.kernel.names import Show, constants, flags_in, one_in


def _named(prefix: str, *unwanted: str) -> dict[int, str]:
    """The constants of a family, without masks and others that only look alike."""
    wanted = {k: v for k, v in vars(fcntl).items() if not k.startswith(unwanted)}
    return constants(wanted, prefix)


def _access(mode: int) -> str:
    return flags_in(constants(vars(fcntl), "R_OK", "W_OK", "X_OK"))(mode) if mode else "F_OK"


FILE_NAMES: dict[str, Show] = {
    "O": flags_in(_named("O_", "O_ACCMODE", "O_TMPFILE_BIT"), mask=fcntl.O_ACCMODE),
    "AT": flags_in(_named("AT_", "AT_REMOVEDIR", "AT_STATX_SYNC_TYPE")),
    "AT_REMOVE": flags_in({fcntl.AT_REMOVEDIR: "AT_REMOVEDIR"}),
    "F": one_in(_named("F_", "F_OK", "F_SEAL", "F_RDLCK", "F_WRLCK", "F_UNLCK")),
    "ACCESS": _access,
    "RWF": flags_in(_named("RWF_", "RWF_KNOWN")),
    "SEEK": one_in(_named("SEEK_")),
    "LOCK": flags_in(_named("LOCK_")),
    "FALLOC": flags_in(_named("FALLOC_")),
    "RENAME": flags_in(_named("RENAME_")),
    "CLOSE_RANGE": flags_in(_named("CLOSE_RANGE_")),
    "MFD": flags_in(_named("MFD_")),
    "XATTR": flags_in(_named("XATTR_")),
    "IOCTL": one_in(constants(vars(ioctl), "TC", "TIOC", "FI", "FS_")),
    "EPOLL_CTL": one_in(constants(vars(poll), "EPOLL_CTL_")),
    "EPOLL_CREATE": flags_in({fcntl.O_CLOEXEC: "EPOLL_CLOEXEC"}),
    "EFD": flags_in(
        {1: "EFD_SEMAPHORE", fcntl.O_NONBLOCK: "EFD_NONBLOCK", fcntl.O_CLOEXEC: "EFD_CLOEXEC"}
    ),
}
