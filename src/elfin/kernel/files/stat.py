"""What a file system says of one of its objects, before it is packed into a guest structure.

Times are nanoseconds since the epoch, sizes bytes, `blocks` units of 512 bytes (man 7 inode).
"""

from __future__ import annotations

from elfin.records import dataclass


@dataclass(slots=True)
class Stat:
    """The attributes of a file, as stat and statx report them."""

    dev: int
    ino: int
    mode: int
    nlink: int = 1
    uid: int = 0
    gid: int = 0
    rdev: int = 0
    size: int = 0
    blocks: int = 0
    atime: int = 0
    mtime: int = 0
    ctime: int = 0
    btime: int = 0
    blksize: int = 4096


@dataclass(slots=True, frozen=True)
class StatFs:
    """The figures of a mounted file system (man 2 statfs)."""

    type: int
    blocks: int
    free: int
    files: int
    files_free: int
    block_size: int = 4096
    name_max: int = 255
