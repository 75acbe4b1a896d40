"""Numbers of open, fcntl, the *at calls, seek, locks and fallocate (x86-64 Linux).

Source: man 2 open, openat2, fcntl, flock, lseek, fallocate; uapi/asm-generic/fcntl.h.
"""

from __future__ import annotations

from typing import Final

O_RDONLY: Final = 0
O_WRONLY: Final = 1
O_RDWR: Final = 2
O_ACCMODE: Final = 3
O_CREAT: Final = 0o100
O_EXCL: Final = 0o200
O_NOCTTY: Final = 0o400
O_TRUNC: Final = 0o1000
O_APPEND: Final = 0o2000
O_NONBLOCK: Final = 0o4000
O_DSYNC: Final = 0o10000
O_ASYNC: Final = 0o20000
O_DIRECT: Final = 0o40000
O_LARGEFILE: Final = 0o100000
O_DIRECTORY: Final = 0o200000
O_NOFOLLOW: Final = 0o400000
O_NOATIME: Final = 0o1000000
O_CLOEXEC: Final = 0o2000000
O_SYNC: Final = 0o4010000
O_PATH: Final = 0o10000000
O_TMPFILE: Final = 0o20200000
O_TMPFILE_BIT: Final = 0o20000000
OPEN_KNOWN: Final = 0o37777703  # every bit above: openat2 refuses the others, open ignores them

# What F_SETFL may change, and what a file description keeps of the flags it was opened with.
SETFL_MASK: Final = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_ASYNC
CREATION_FLAGS: Final = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC

AT_FDCWD: Final = -100
AT_SYMLINK_NOFOLLOW: Final = 0x100
AT_REMOVEDIR: Final = 0x200
AT_EACCESS: Final = 0x200
AT_SYMLINK_FOLLOW: Final = 0x400
AT_NO_AUTOMOUNT: Final = 0x800
AT_EMPTY_PATH: Final = 0x1000
AT_STATX_SYNC_TYPE: Final = 0x6000

RESOLVE_NO_XDEV: Final = 0x01
RESOLVE_NO_MAGICLINKS: Final = 0x02
RESOLVE_NO_SYMLINKS: Final = 0x04
RESOLVE_BENEATH: Final = 0x08
RESOLVE_IN_ROOT: Final = 0x10
RESOLVE_CACHED: Final = 0x20
RESOLVE_KNOWN: Final = 0x3F

RENAME_NOREPLACE: Final = 1
RENAME_EXCHANGE: Final = 2
RENAME_WHITEOUT: Final = 4

F_OK: Final = 0
X_OK: Final = 1
W_OK: Final = 2
R_OK: Final = 4

F_DUPFD: Final = 0
F_GETFD: Final = 1
F_SETFD: Final = 2
F_GETFL: Final = 3
F_SETFL: Final = 4
F_GETLK: Final = 5
F_SETLK: Final = 6
F_SETLKW: Final = 7
F_SETOWN: Final = 8
F_GETOWN: Final = 9
F_SETSIG: Final = 10
F_GETSIG: Final = 11
F_OFD_GETLK: Final = 36
F_OFD_SETLK: Final = 37
F_OFD_SETLKW: Final = 38
F_SETLEASE: Final = 1024
F_GETLEASE: Final = 1025
F_DUPFD_CLOEXEC: Final = 1030
F_SETPIPE_SZ: Final = 1031
F_GETPIPE_SZ: Final = 1032
F_ADD_SEALS: Final = 1033
F_GET_SEALS: Final = 1034
FD_CLOEXEC: Final = 1

F_SEAL_SEAL: Final = 1
F_SEAL_SHRINK: Final = 2
F_SEAL_GROW: Final = 4
F_SEAL_WRITE: Final = 8
F_SEAL_FUTURE_WRITE: Final = 16
F_SEAL_EXEC: Final = 32

F_RDLCK: Final = 0
F_WRLCK: Final = 1
F_UNLCK: Final = 2
LOCK_SH: Final = 1
LOCK_EX: Final = 2
LOCK_NB: Final = 4
LOCK_UN: Final = 8
FLOCK_FORMAT: Final = "<hh4xqqi4x"  # struct flock: l_type l_whence l_start l_len l_pid

SEEK_SET: Final = 0
SEEK_CUR: Final = 1
SEEK_END: Final = 2
SEEK_DATA: Final = 3
SEEK_HOLE: Final = 4

FALLOC_FL_KEEP_SIZE: Final = 0x01
FALLOC_FL_PUNCH_HOLE: Final = 0x02
FALLOC_FL_COLLAPSE_RANGE: Final = 0x08
FALLOC_FL_ZERO_RANGE: Final = 0x10
FALLOC_FL_INSERT_RANGE: Final = 0x20

CLOSE_RANGE_UNSHARE: Final = 2
CLOSE_RANGE_CLOEXEC: Final = 4

RWF_HIPRI: Final = 0x01
RWF_DSYNC: Final = 0x02
RWF_SYNC: Final = 0x04
RWF_NOWAIT: Final = 0x08
RWF_APPEND: Final = 0x10
RWF_KNOWN: Final = 0x1F

MFD_CLOEXEC: Final = 1
MFD_ALLOW_SEALING: Final = 2
MFD_HUGETLB: Final = 4
MFD_NOEXEC_SEAL: Final = 8
MFD_EXEC: Final = 16

XATTR_CREATE: Final = 1
XATTR_REPLACE: Final = 2

PATH_MAX: Final = 4096
NAME_MAX: Final = 255
PIPE_BUF: Final = 4096
IOV_MAX: Final = 1024
MAX_RW_COUNT: Final = 0x7FFF_F000  # a single read or write moves no more than this
MAX_SYMLINKS: Final = 40
