"""Packing and unpacking of XMM registers (SDM vol. 2: PACKSSWB ... PUNPCKHQDQ, UNPCKLPS ...)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vector import aligned, lanewise, shuffle

SSE2 = "cpuid=sse2"

PACKSSWB = rows("packsswb", "SDM 2B PACKSSWB", SSE2)
PACKSSWB("66 0F 63 /r   V,dq W,dq")
PACKUSWB = rows("packuswb", "SDM 2B PACKUSWB", SSE2)
PACKUSWB("66 0F 67 /r   V,dq W,dq")
PACKSSDW = rows("packssdw", "SDM 2B PACKSSDW", SSE2)
PACKSSDW("66 0F 6B /r   V,dq W,dq")

semantics("packsswb")(lanewise("i8x16.narrow_i16x8_s"))
semantics("packuswb")(lanewise("i8x16.narrow_i16x8_u"))
semantics("packssdw")(lanewise("i16x8.narrow_i32x4_s"))

# The row, bytes of an element, and which half of the two operands is interleaved.
# fmt: off
UNPACK: Final = {
    "punpcklbw":  ("66 0F 60 /r   V,dq W,dq", 1, "low"),
    "punpcklwd":  ("66 0F 61 /r   V,dq W,dq", 2, "low"),
    "punpckldq":  ("66 0F 62 /r   V,dq W,dq", 4, "low"),
    "punpcklqdq": ("66 0F 6C /r   V,dq W,dq", 8, "low"),
    "punpckhbw":  ("66 0F 68 /r   V,dq W,dq", 1, "high"),
    "punpckhwd":  ("66 0F 69 /r   V,dq W,dq", 2, "high"),
    "punpckhdq":  ("66 0F 6A /r   V,dq W,dq", 4, "high"),
    "punpckhqdq": ("66 0F 6D /r   V,dq W,dq", 8, "high"),
    "unpcklps":   ("NP 0F 14 /r   V,ps W,ps", 4, "low"),
    "unpckhps":   ("NP 0F 15 /r   V,ps W,ps", 4, "high"),
    "unpcklpd":   ("66 0F 14 /r   V,pd W,pd", 8, "low"),
    "unpckhpd":   ("66 0F 15 /r   V,pd W,pd", 8, "high"),
}
# fmt: on


def interleaved(size: int, half: str) -> list[int]:
    """Byte indices that take elements of `size` bytes from both operands in turn."""
    indices = []
    start = 0 if half == "low" else 8
    for element in range(start, start + 8, size):
        indices += [*range(element, element + size), *range(16 + element, 16 + element + size)]
    return indices


def _unpack(size: int, half: str) -> Callable[[Sem, Place, Place], None]:
    indices = interleaved(size, half)

    def meaning(m: Sem, dst: Place, src: Place) -> None:
        b = aligned(m, src)
        m.write(dst, shuffle(m.read(dst), b, indices))

    return meaning


for _name, (_row, _size, _half) in UNPACK.items():
    _page = "2B" if _name[0] == "p" else "2C"
    rows(_name, f"SDM {_page} {_name.upper()}", "cpuid=sse" if _name.endswith("ps") else SSE2)(_row)
    semantics(_name)(_unpack(_size, _half))
