"""Names of the register file's slots in printed IR: `rax`, `rax+1` (AH), `cf`, `xmm3`, `state+0x2b0`."""

from __future__ import annotations

from typing import Final

from elfin import layout

STATE_PREFIX: Final = "state+"


def _named() -> dict[int, tuple[str, int]]:
    """Offset -> name and size of the slots that have a name of their own."""
    named = {8 * n: (name, 8) for n, name in enumerate(layout.GPR_NAMES)}
    named |= {offset: (f"{letter}f", 8) for letter, offset in layout.FLAGS.items()}
    named |= {layout.XMM + 16 * n: (f"xmm{n}", 16) for n in range(16)}
    selectors = ("es", "cs", "ss", "ds", "fs", "gs")
    named |= {layout.SEGMENT + 2 * n: (name, 2) for n, name in enumerate(selectors)}
    named |= {
        layout.RIP: ("rip", 8),
        layout.FS_BASE: ("fs_base", 8),
        layout.GS_BASE: ("gs_base", 8),
        layout.FLAG_REST: ("rflags", 8),
        layout.MXCSR: ("mxcsr", 4),
    }
    return named


NAMED: Final = _named()
OFFSETS: Final = {name: offset for offset, (name, _) in NAMED.items()}


def slot_name(offset: int) -> str:
    """The name of the slot at an offset of the register file."""
    for start in range(offset, offset - 16, -1):
        name, size = NAMED.get(start, ("", 0))
        if name and offset < start + size:
            return name if offset == start else f"{name}+{offset - start}"
    return f"{STATE_PREFIX}{offset:#x}"


def slot_offset(name: str) -> int:
    """The offset that `slot_name` printed so."""
    if name.startswith(STATE_PREFIX):
        return int(name.removeprefix(STATE_PREFIX), 16)
    base, _, plus = name.partition("+")
    return OFFSETS[base] + int(plus or 0)
