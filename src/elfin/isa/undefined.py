"""Status flags that the manual leaves undefined after an instruction (SDM vol. 2; vol. 1, appendix A).

Output: flag letters as in `layout.FLAGS`, for whoever compares with another processor.
Instructions that are not named define or keep all flags.
"""

from __future__ import annotations

from typing import Final

ALWAYS: Final[dict[str, str]] = {
    "and": "a", "or": "a", "xor": "a", "test": "a",
    "mul": "szap", "imul": "szap", "div": "cpazso", "idiv": "cpazso",
    "bt": "osap", "bts": "osap", "btr": "osap", "btc": "osap",
    "bsf": "cosap", "bsr": "cosap", "tzcnt": "osap", "lzcnt": "osap",
}  # fmt: skip
SHIFTS: Final = frozenset({"shl", "sal", "shr", "sar", "shld", "shrd"})
ROTATIONS: Final = frozenset({"rol", "ror", "rcl", "rcr"})


def undefined_flags(mnemonic: str, size: int, count: int | None = None) -> str:
    """`size` is the operand size, `count` a shift's masked count (None: not known)."""
    if mnemonic in SHIFTS:
        if count == 0:
            return ""
        if mnemonic in ("shld", "shrd") and size == 16 and (count is None or count > 16):
            return "cpazso"
        return "a" if count == 1 else "ao"
    if mnemonic in ROTATIONS:
        return "" if count in (0, 1) else "o"
    return ALWAYS.get(mnemonic, "")
