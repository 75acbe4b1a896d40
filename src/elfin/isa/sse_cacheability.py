"""Stores that hint not to fill the cache (SDM vol. 2: MASKMOVDQU, MOVNTDQ, MOVNTI, MOVNTPD, MOVNTPS).

There is no cache here: they are stores.
"""

from __future__ import annotations

from elfin.isa.row import rows, semantics
from elfin.isa.sem import Mem, Place, Sem
from elfin.isa.vector import check_alignment

MOVNTPS = rows("movntps", "SDM 2B MOVNTPS", "cpuid=sse")
MOVNTPS("NP 0F 2B /r   M,ps V,ps")
MOVNTPD = rows("movntpd", "SDM 2B MOVNTPD", "cpuid=sse2")
MOVNTPD("66 0F 2B /r   M,pd V,pd")
MOVNTDQ = rows("movntdq", "SDM 2B MOVNTDQ", "cpuid=sse2")
MOVNTDQ("66 0F E7 /r   M,dq V,dq")
MOVNTI = rows("movnti", "SDM 2B MOVNTI", "cpuid=sse2")
MOVNTI("NP 0F C3 /r   M,y G,y")
MASKMOVDQU = rows("maskmovdqu", "SDM 2B MASKMOVDQU", "cpuid=sse2")
MASKMOVDQU("66 0F F7 /r   [rDI],dq V,dq U,dq")


@semantics("movntps", "movntpd", "movntdq")
def store_aligned(m: Sem, dst: Place, src: Place) -> None:
    check_alignment(m, dst)
    m.write(dst, m.read(src))


@semantics("movnti")
def movnti(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, m.read(src))


@semantics("maskmovdqu")
def maskmovdqu(m: Sem, dst: Place, src: Place, mask: Place) -> None:
    """Only the bytes whose mask byte is negative are accessed."""
    assert isinstance(dst, Mem)
    m.call("store_masked", None, dst.address, m.read(src), m.read(mask))
