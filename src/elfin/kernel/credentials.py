"""Who a process is (man 7 credentials).  User 0 has every capability, others none."""

from __future__ import annotations

from elfin.records import dataclass, replace

ALL_CAPABILITIES = (1 << 41) - 1


@dataclass
class Credentials:
    """Real, effective, saved and file-system identity, and the supplementary groups."""

    uid: int = 0
    gid: int = 0
    euid: int = 0
    egid: int = 0
    suid: int = 0
    sgid: int = 0
    fsuid: int = 0
    fsgid: int = 0
    groups: tuple[int, ...] = ()

    @classmethod
    def of_user(cls, uid: int, gid: int, groups: tuple[int, ...] = ()) -> Credentials:
        return cls(uid, gid, uid, gid, uid, gid, uid, gid, groups)

    @property
    def privileged(self) -> bool:
        return self.euid == 0

    def copy(self) -> Credentials:
        return replace(self)
