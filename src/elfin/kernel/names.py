"""Names for the numbers in system calls: what the UPPERCASE kinds of a row's arguments mean.

A kind is a table of flags (any combination) or of alternatives (one of them).  Read by strace and
nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

from elfin.kernel.abi.futex import FUTEX_CLOCK_REALTIME, FUTEX_COMMAND, FUTEX_PRIVATE_FLAG, FutexOp
from elfin.kernel.abi.mman import Madvise, Map, Mlockall, Mremap, Msync, Prot
from elfin.kernel.abi.process import ArchPrctl, Clone, IdType, Prctl, WaitFlag
from elfin.kernel.abi.resource import PriorityWho, Rlimit
from elfin.kernel.abi.signal import MaskHow, signal_name
from elfin.kernel.abi.time import ClockId, Itimer

Show = Callable[[int], str]


def flags(*enums: type[IntEnum], none: str = "0") -> Show:
    """Any combination: the names joined by |, what is left in hexadecimal."""
    members = [m for e in enums for m in e if m.value > 0]
    # Names of several bits first, so that they win over their parts.
    members.sort(key=lambda m: -m.value.bit_count())

    def show(value: int) -> str:
        found = []
        rest = value
        for member in members:
            if member.value & rest == member.value:
                found.append(member)
                rest &= ~member.value
        names = [m.name for m in sorted(found, key=lambda m: m.value)]
        return "|".join(names + ([hex(rest)] if rest else [])) or none

    return show


def one_of(enum: type[IntEnum]) -> Show:
    """One of them, or the number."""

    def show(value: int) -> str:
        return enum(value).name if value in enum._value2member_map_ else hex(value)

    return show


def constants(values: Mapping[str, object], *prefixes: str) -> dict[int, str]:
    """The names of a module's plain constants that start so: `constants(vars(fcntl), "F_")`."""
    return {
        v: k for k, v in values.items() if k.startswith(prefixes) and isinstance(v, int) and v >= 0
    }


def flags_in(names: Mapping[int, str], *, mask: int = 0) -> Show:
    """As `flags`, over {bit: name}; `mask` is a field whose value 0 has a name too (O_ACCMODE)."""

    def show(value: int) -> str:
        found = [names[value & mask]] if mask and value & mask in names else []
        rest = value & ~mask
        for flag in sorted(names, key=lambda f: (-f.bit_count(), f)):
            if flag and not flag & mask and flag & rest == flag:
                found.append(names[flag])
                rest &= ~flag
        return "|".join(found + ([hex(rest)] if rest else [])) or "0"

    return show


def one_in(names: Mapping[int, str]) -> Show:
    def show(value: int) -> str:
        return names.get(value) or hex(value)

    return show


def _clone(value: int) -> str:
    rest = flags(Clone, none="")(value & ~0xFF)
    return "|".join(filter(None, (rest, signal_name(value & 0xFF) if value & 0xFF else ""))) or "0"


def _futex(value: int) -> str:
    private = "|FUTEX_PRIVATE_FLAG" if value & FUTEX_PRIVATE_FLAG else ""
    wall = "|FUTEX_CLOCK_REALTIME" if value & FUTEX_CLOCK_REALTIME else ""
    return one_of(FutexOp)(value & FUTEX_COMMAND & 0xFFFF_FFFF) + private + wall


def _prot(value: int) -> str:
    return flags(Prot, none="PROT_NONE")(value)


NAMES: dict[str, Show] = {
    "PROT": _prot,
    "MAP": flags(Map),
    "MREMAP": flags(Mremap),
    "MS": flags(Msync),
    "MADV": one_of(Madvise),
    "MCL": flags(Mlockall),
    "CLONE": _clone,
    "WAIT": flags(WaitFlag),
    "P": one_of(IdType),
    "ARCH": one_of(ArchPrctl),
    "PR": one_of(Prctl),
    "SIG_HOW": one_of(MaskHow),
    "RLIMIT": one_of(Rlimit),
    "PRIO": one_of(PriorityWho),
    "CLOCK": one_of(ClockId),
    "ITIMER": one_of(Itimer),
    "FUTEX": _futex,
}
