"""Exception vectors (SDM vol. 3A, table 6-1): what `Sem.fault_if` names."""

from __future__ import annotations

from typing import Final

DE: Final = 0  # divide error
DB: Final = 1  # debug: INT1, single step
BP: Final = 3  # breakpoint: INT3
OF: Final = 4  # overflow
UD: Final = 6  # undefined opcode
NP: Final = 11  # segment not present
SS: Final = 12  # stack segment
GP: Final = 13  # general protection
PF: Final = 14  # page fault
MF: Final = 16  # x87 exception
AC: Final = 17  # alignment check
XM: Final = 19  # SIMD exception

NAMES: Final = {
    DE: "#DE", DB: "#DB", BP: "#BP", OF: "#OF", UD: "#UD", NP: "#NP", SS: "#SS",
    GP: "#GP", PF: "#PF", MF: "#MF", AC: "#AC", XM: "#XM",
}  # fmt: skip
