"""Two records after the same instruction: what differs, in words.

Masked: flags that the manual leaves undefined, what cannot be seen from user mode, and what processors
differ in (`vendor.py`).
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.isa import vectors
from elfin.isa.undefined import undefined_flags
from elfin.rflags import BIT
from tests.oracle import record
from tests.oracle.encode import Encoding
from tests.oracle.vendor import as_here
from tests.oracle.x87 import describe_x87, x87_differences

HEADER_NAMES: Final = (*layout.GPR_NAMES, "rip", "rflags", "fs_base", "gs_base")
FLAG_NAMES: Final = {
    **{bit: name.upper() + "F" for name, bit in BIT.items()},
    0x400: "DF",
    0x40000: "AC",
}
RFLAGS_AT: Final = HEADER_NAMES.index("rflags")
# All but RFLAGS, which has a mask.
SEEN: Final = (
    slice(0, record.RFLAGS),
    slice(record.FS_BASE, record.CR2 + 8),
    slice(record.SELECTORS, record.SELECTORS + 32),
    slice(record.MXCSR, record.MXCSR + 4),
    slice(record.FX, record.FX + 24),
    slice(record.ST, record.ST + 128),
    slice(record.XMM, record.XMM + 256),
    slice(record.MEMORY, record.SIZE),
)


def mask(e: Encoding, before: bytes) -> int:
    """The RFLAGS bits that must agree."""
    seen = record.RFLAGS_SEEN
    for name in undefined_flags(e.form.mnemonic, e.size, e.shift_count(before)):
        seen &= ~BIT[name]
    return seen


def differences(e: Encoding, before: bytes, expected: bytes, got: bytes) -> list[str]:
    """One line for each difference; empty when the two agree."""
    seen = mask(e, before)
    expected = as_here(e, before, expected, got)
    flags = (record.quad(expected, record.RFLAGS) ^ record.quad(got, record.RFLAGS)) & seen
    if not flags and all(expected[part] == got[part] for part in SEEN):
        return []
    found: list[str] = []
    outcomes = [_outcome(r) for r in (expected, got)]
    if outcomes[0] != outcomes[1]:
        found.append(f"outcome: native {outcomes[0]}, here {outcomes[1]}")
    pairs = zip(HEADER_NAMES, record.header(expected), record.header(got), strict=True)
    for n, (name, a, b) in enumerate(pairs):
        if n == RFLAGS_AT:
            for bit, flag in FLAG_NAMES.items():
                if (a ^ b) & seen & bit:
                    found.append(f"{flag}: native {int(a & bit != 0)}, here {int(b & bit != 0)}")
        elif a != b:
            found.append(f"{name}: native {a:#x}, here {b:#x}")
    found += x87_differences(expected, got)
    for n, name in enumerate(("es", "ds", "fs", "gs")):
        a, b = (record.quad(r, record.SELECTORS + 8 * n) for r in (expected, got))
        if a != b:
            found.append(f"{name}: native {a:#x}, here {b:#x}")
    found += _vector_differences(expected, got)
    for i in range(record.MEMORY, record.SIZE):
        if expected[i] != got[i]:
            address = record.DATA + i - record.MEMORY
            a, b = expected[i : i + 16].hex(" "), got[i : i + 16].hex(" ")
            found.append(f"memory at {address:#x}: native {a}, here {b}")
            break
    return found


def _vector_differences(expected: bytes, got: bytes) -> list[str]:
    found = []
    a, b = (int.from_bytes(r[record.MXCSR : record.MXCSR + 4], "little") for r in (expected, got))
    if a != b:
        found.append(f"mxcsr: native {a:#x}, here {b:#x}")
    for n in range(16):
        at = slice(record.XMM + 16 * n, record.XMM + 16 * n + 16)
        if expected[at] != got[at]:
            a, b = (int.from_bytes(r[at], "little") for r in (expected, got))
            found.append(f"xmm{n}: native {a:#034x}, here {b:#034x}")
    return found


def _outcome(r: bytes) -> str:
    vector, error, cr2 = (record.quad(r, o) for o in (record.VECTOR, record.ERROR, record.CR2))
    if vector == record.DONE:
        return "done"
    name = vectors.NAMES.get(vector, str(vector))
    return f"{name} error {error:#x} cr2 {cr2:#x}" if vector == vectors.PF else f"{name} {error:#x}"


def describe(e: Encoding, before: bytes) -> str:
    """The state that an instruction ran on, for a report."""
    values = record.header(before)
    names = (f"{n}={v:#x}" for n, v in zip(HEADER_NAMES, values, strict=True))
    lines = [f"{e} at {e.at:#x}", "  " + " ".join(names)]
    mxcsr = int.from_bytes(before[record.MXCSR : record.MXCSR + 4], "little")
    xmm = [
        int.from_bytes(before[i : i + 16], "little")
        for i in range(record.XMM, record.XMM + 256, 16)
    ]
    used = sorted({0, *(n for n in e.registers if n < 16)})
    if e.code[0] != 0x0F and "x87" in e.form.attributes.get("cpuid", ""):
        lines.append(f"  {describe_x87(before)}")
    lines.append(f"  mxcsr={mxcsr:#x} " + " ".join(f"xmm{n}={xmm[n]:#034x}" for n in used))
    return "\n".join(lines)
