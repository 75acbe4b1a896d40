"""What a signal says about itself, and the queue of those that wait to be delivered.

`SigInfo.pack` gives the 128 bytes of siginfo_t (asm-generic/siginfo.h, x86-64 layout).
"""

from __future__ import annotations

import struct

from elfin.kernel.abi.signal import FIRST_REAL_TIME, Code, bit
from elfin.records import dataclass

SIZE = 128
_HEAD = struct.Struct("<iii4x")  # si_signo si_errno si_code


@dataclass(frozen=True, slots=True)
class SigInfo:
    """One signal on its way.  `fields` are the bytes from offset 16 on, which depend on `code`."""

    signal: int
    code: int
    fields: bytes = b""
    errno: int = 0

    @classmethod
    def from_kernel(cls, signal: int) -> SigInfo:
        return cls(signal, Code.SI_KERNEL)

    @classmethod
    def from_user(cls, signal: int, pid: int, uid: int, code: int = Code.SI_USER) -> SigInfo:
        return cls(signal, code, struct.pack("<iI", pid, uid))

    @classmethod
    def fault(cls, signal: int, code: int, address: int) -> SigInfo:
        return cls(signal, code, struct.pack("<Q", address))

    @classmethod
    def child(
        cls, signal: int, code: int, pid: int, uid: int, status: int, utime: int, stime: int
    ) -> SigInfo:
        """A child changed state; times in clock ticks."""
        return cls(signal, code, struct.pack("<iIi4xqq", pid, uid, status, utime, stime))

    @classmethod
    def timer(cls, signal: int, timer: int, overrun: int, value: int) -> SigInfo:
        return cls(signal, Code.SI_TIMER, struct.pack("<iiQ", timer, overrun, value))

    @classmethod
    def unpack(cls, data: bytes) -> SigInfo:
        signal, errno, code = _HEAD.unpack_from(data)
        return cls(signal, code, data[_HEAD.size :].rstrip(b"\0"), errno)

    def pack(self) -> bytes:
        return (_HEAD.pack(self.signal, self.errno, self.code) + self.fields).ljust(SIZE, b"\0")


class PendingSignals:
    """Signals sent but not delivered: one of each standard kind, any number of real-time ones."""

    def __init__(self) -> None:
        self.mask = 0
        self._queue: list[SigInfo] = []

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, info: SigInfo) -> None:
        if info.signal < FIRST_REAL_TIME and self.mask & bit(info.signal):
            return
        self._queue.append(info)
        self.mask |= bit(info.signal)

    def take(self, signal: int) -> SigInfo:
        """The oldest one of this number."""
        i = next(i for i, info in enumerate(self._queue) if info.signal == signal)
        info = self._queue.pop(i)
        if not any(other.signal == signal for other in self._queue):
            self.mask &= ~bit(signal)
        return info

    def discard(self, mask: int) -> None:
        if self.mask & mask:
            self._queue = [info for info in self._queue if not bit(info.signal) & mask]
            self.mask &= ~mask

    def first(self, allowed: int) -> int:
        """The number to deliver first among the allowed ones: the lowest; 0 if there is none."""
        mask = self.mask & allowed
        return (mask & -mask).bit_length()
