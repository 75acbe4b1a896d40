"""Who the process is: users, groups, capabilities (man 7 credentials, man 2 setresuid).

User 0 may become anybody; others may move among their real, effective and saved identity.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.call import syscall
from elfin.kernel.credentials import ALL_CAPABILITIES, Credentials

if TYPE_CHECKING:
    from elfin.kernel.task import Task

_KEEP = 0xFFFF_FFFF  # -1: leave as it is
_NGROUPS_MAX = 65536
_CAPABILITY_VERSIONS = {0x19980330: 1, 0x20071026: 2, 0x20080522: 2}  # words of each mask
_CAPABILITY_CURRENT = 0x20080522


@syscall(102, "getuid", quick="uid")
def getuid(t: Task) -> int:
    return t.process.credentials.uid


@syscall(104, "getgid", quick="gid")
def getgid(t: Task) -> int:
    return t.process.credentials.gid


@syscall(107, "geteuid", quick="euid")
def geteuid(t: Task) -> int:
    return t.process.credentials.euid


@syscall(108, "getegid", quick="egid")
def getegid(t: Task) -> int:
    return t.process.credentials.egid


@syscall(118, "getresuid", "ruid:ptr", "euid:ptr", "suid:ptr")
def getresuid(t: Task, ruid: int, euid: int, suid: int) -> int:
    c = t.process.credentials
    for at, value in ((ruid, c.uid), (euid, c.euid), (suid, c.suid)):
        t.write_struct(at, "<I", value)
    return 0


@syscall(120, "getresgid", "rgid:ptr", "egid:ptr", "sgid:ptr")
def getresgid(t: Task, rgid: int, egid: int, sgid: int) -> int:
    c = t.process.credentials
    for at, value in ((rgid, c.gid), (egid, c.egid), (sgid, c.sgid)):
        t.write_struct(at, "<I", value)
    return 0


def _check(c: Credentials, wanted: set[int], allowed: set[int]) -> None:
    if not c.privileged and wanted - {_KEEP} - allowed:
        raise LinuxError(Errno.EPERM)


def _or(wanted: int, now: int) -> int:
    return now if wanted == _KEEP else wanted


@syscall(117, "setresuid", "ruid:uint", "euid:uint", "suid:uint")
def setresuid(t: Task, ruid: int, euid: int, suid: int) -> int:
    c = t.process.credentials
    _check(c, {ruid, euid, suid}, {c.uid, c.euid, c.suid})
    c.uid, c.euid, c.suid = _or(ruid, c.uid), _or(euid, c.euid), _or(suid, c.suid)
    c.fsuid = c.euid
    return 0


@syscall(119, "setresgid", "rgid:uint", "egid:uint", "sgid:uint")
def setresgid(t: Task, rgid: int, egid: int, sgid: int) -> int:
    c = t.process.credentials
    _check(c, {rgid, egid, sgid}, {c.gid, c.egid, c.sgid})
    c.gid, c.egid, c.sgid = _or(rgid, c.gid), _or(egid, c.egid), _or(sgid, c.sgid)
    c.fsgid = c.egid
    return 0


@syscall(105, "setuid", "uid:uint")
def setuid(t: Task, uid: int) -> int:
    c = t.process.credentials
    if uid == _KEEP:
        raise LinuxError(Errno.EINVAL)
    _check(c, {uid}, {c.uid, c.suid})
    if c.privileged:
        c.uid = c.suid = uid
    c.euid = c.fsuid = uid
    return 0


@syscall(106, "setgid", "gid:uint")
def setgid(t: Task, gid: int) -> int:
    c = t.process.credentials
    if gid == _KEEP:
        raise LinuxError(Errno.EINVAL)
    _check(c, {gid}, {c.gid, c.sgid})
    if c.privileged:
        c.gid = c.sgid = gid
    c.egid = c.fsgid = gid
    return 0


@syscall(113, "setreuid", "ruid:uint", "euid:uint")
def setreuid(t: Task, ruid: int, euid: int) -> int:
    c = t.process.credentials
    _check(c, {ruid}, {c.uid, c.euid})
    _check(c, {euid}, {c.uid, c.euid, c.suid})
    old_uid = c.uid
    c.uid, c.euid = _or(ruid, c.uid), _or(euid, c.euid)
    if ruid != _KEEP or (euid != _KEEP and euid != old_uid):
        c.suid = c.euid
    c.fsuid = c.euid
    return 0


@syscall(114, "setregid", "rgid:uint", "egid:uint")
def setregid(t: Task, rgid: int, egid: int) -> int:
    c = t.process.credentials
    _check(c, {rgid}, {c.gid, c.egid})
    _check(c, {egid}, {c.gid, c.egid, c.sgid})
    old_gid = c.gid
    c.gid, c.egid = _or(rgid, c.gid), _or(egid, c.egid)
    if rgid != _KEEP or (egid != _KEEP and egid != old_gid):
        c.sgid = c.egid
    c.fsgid = c.egid
    return 0


@syscall(122, "setfsuid", "uid:uint")
def setfsuid(t: Task, uid: int) -> int:
    """Answers the old one, whether or not it changed anything."""
    c = t.process.credentials
    old = c.fsuid
    if c.privileged or uid in {c.uid, c.euid, c.suid, c.fsuid}:
        c.fsuid = _or(uid, old)
    return old


@syscall(123, "setfsgid", "gid:uint")
def setfsgid(t: Task, gid: int) -> int:
    c = t.process.credentials
    old = c.fsgid
    if c.privileged or gid in {c.gid, c.egid, c.sgid, c.fsgid}:
        c.fsgid = _or(gid, old)
    return old


@syscall(115, "getgroups", "size:int", "list:ptr")
def getgroups(t: Task, size: int, at: int) -> int:
    groups = t.process.credentials.groups
    if size < 0 or 0 < size < len(groups):
        raise LinuxError(Errno.EINVAL)
    if size:
        t.write_struct(at, f"<{len(groups)}I", *groups)
    return len(groups)


@syscall(116, "setgroups", "size:int", "list:ptr")
def setgroups(t: Task, size: int, at: int) -> int:
    if not t.process.credentials.privileged:
        raise LinuxError(Errno.EPERM)
    if not 0 <= size <= _NGROUPS_MAX:
        raise LinuxError(Errno.EINVAL)
    t.process.credentials.groups = tuple(sorted(t.read_struct(at, f"<{size}I")))
    return 0


# -- capabilities --------------------------------------------------------------------------


def _capability_words(t: Task, header: int) -> tuple[int, int]:
    """How many words the masks have, and whose they are."""
    version, pid = t.read_struct(header, "<Ii")
    words = _CAPABILITY_VERSIONS.get(version)
    if words is None:
        t.write_struct(header, "<I", _CAPABILITY_CURRENT)
        raise LinuxError(Errno.EINVAL)
    return words, pid


@syscall(125, "capget", "header:ptr", "data:ptr", note="user 0 has all capabilities, others none")
def capget(t: Task, header: int, data: int) -> int:
    try:
        words, pid = _capability_words(t, header)
    except LinuxError as error:
        if error.errno == Errno.EINVAL and not data:
            return 0  # the caller only asks for the version
        raise
    if pid < 0:
        raise LinuxError(Errno.EINVAL)
    process = t.kernel.processes.get(pid) if pid else t.process
    if process is None:
        raise LinuxError(Errno.ESRCH)
    mask = ALL_CAPABILITIES if process.credentials.privileged else 0
    if data:
        for i in range(words):
            word = mask >> 32 * i & 0xFFFF_FFFF
            t.write_memory(data + 12 * i, struct.pack("<III", word, word, 0))
    return 0


@syscall(126, "capset", "header:ptr", "data:ptr", note="accepted as far as allowed, no effect")
def capset(t: Task, header: int, data: int) -> int:
    words, pid = _capability_words(t, header)
    if pid not in {0, t.process.pid}:
        raise LinuxError(Errno.EPERM)
    for i in range(words):
        effective, permitted, _ = t.read_struct(data + 12 * i, "<III")
        if (effective | permitted) and not t.process.credentials.privileged:
            raise LinuxError(Errno.EPERM)
    return 0
