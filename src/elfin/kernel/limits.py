"""Resource limits of a process (man 2 getrlimit) as numbers; who obeys them asks here."""

from __future__ import annotations

from elfin import config
from elfin.kernel.abi.resource import INFINITY, Rlimit

_DEFAULTS = {
    Rlimit.RLIMIT_STACK: (config.STACK_SIZE, INFINITY),
    Rlimit.RLIMIT_CORE: (0, INFINITY),
    Rlimit.RLIMIT_NPROC: (4096, 4096),
    Rlimit.RLIMIT_NOFILE: (1024, 4096),
    Rlimit.RLIMIT_MEMLOCK: (8 << 20, 8 << 20),
    Rlimit.RLIMIT_SIGPENDING: (4096, 4096),
    Rlimit.RLIMIT_MSGQUEUE: (819_200, 819_200),
    Rlimit.RLIMIT_NICE: (0, 0),
    Rlimit.RLIMIT_RTPRIO: (0, 0),
}


class Limits:
    """(soft, hard) by resource."""

    def __init__(self, values: dict[int, tuple[int, int]] | None = None) -> None:
        self._values = values or {r: _DEFAULTS.get(r, (INFINITY, INFINITY)) for r in Rlimit}

    def __getitem__(self, resource: int) -> tuple[int, int]:
        return self._values[resource]

    def __setitem__(self, resource: int, value: tuple[int, int]) -> None:
        self._values[resource] = value

    def soft(self, resource: Rlimit) -> int:
        return self._values[resource][0]

    def copy(self) -> Limits:
        return Limits(dict(self._values))
