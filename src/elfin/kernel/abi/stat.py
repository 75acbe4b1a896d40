"""File modes and the structures stat, statx, statfs and getdents64 give (x86-64 Linux).

Source: man 2 stat, statx, statfs, getdents; man 7 inode; uapi/asm/stat.h.
"""

from __future__ import annotations

import struct
from typing import Final

S_IFMT: Final = 0o170000
S_IFSOCK: Final = 0o140000
S_IFLNK: Final = 0o120000
S_IFREG: Final = 0o100000
S_IFBLK: Final = 0o060000
S_IFDIR: Final = 0o040000
S_IFCHR: Final = 0o020000
S_IFIFO: Final = 0o010000
S_ISUID: Final = 0o4000
S_ISGID: Final = 0o2000
S_ISVTX: Final = 0o1000
S_IXGRP: Final = 0o010

STAT: Final = struct.Struct("<QQQIIIxxxxQqqqqqqqqq24x")
STATX: Final = struct.Struct("<IIQIIIHxxQQQQqIxxxxqIxxxxqIxxxxqIxxxxIIIIQ104x")
STATFS: Final = struct.Struct("<qqQQQQQiiqqq32x")
DIRENT64: Final = struct.Struct("<QqHB")  # d_ino d_off d_reclen d_type, then the name
DIRENT: Final = struct.Struct("<QqH")  # the old getdents: the type is the record's last byte

STATX_BASIC_STATS: Final = 0x7FF
STATX_BTIME: Final = 0x800
STATX_MNT_ID: Final = 0x1000
STATX_RESERVED: Final = 0x8000_0000
STATX_ATTR_MOUNT_ROOT: Final = 0x2000

UTIME_NOW: Final = (1 << 30) - 1
UTIME_OMIT: Final = (1 << 30) - 2

ST_RDONLY: Final = 1
ST_NOSUID: Final = 2
ST_NODEV: Final = 4
ST_VALID: Final = 0x20
ST_RELATIME: Final = 0x1000

TMPFS_MAGIC: Final = 0x0102_1994
PROC_MAGIC: Final = 0x9FA0
DEVPTS_MAGIC: Final = 0x1CD1
PIPEFS_MAGIC: Final = 0x5049_5045
OVERLAY_MAGIC: Final = 0x794C_7630
EXT_MAGIC: Final = 0xEF53


def make_device(major: int, minor: int) -> int:
    """The 64-bit dev_t that user programs see (man 3 makedev)."""
    return (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFF) << 12 | (major & ~0xFFF) << 32


def major(device: int) -> int:
    return (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)


def minor(device: int) -> int:
    return (device & 0xFF) | (device >> 12 & ~0xFF)


def dirent_type(mode: int) -> int:
    """DT_* of a file type: the type bits moved down (man 3 readdir)."""
    return (mode & S_IFMT) >> 12
