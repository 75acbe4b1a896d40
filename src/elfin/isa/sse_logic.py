"""Bitwise logic on XMM registers (SDM vol. 2: ANDPS, ANDNPS, ORPS, XORPS, PAND ...)."""

from __future__ import annotations

from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vector import aligned, lanewise, op

SSE = "cpuid=sse"
SSE2 = "cpuid=sse2"

ANDPS = rows("andps", "SDM 2A ANDPS", SSE)
ANDPS("NP 0F 54 /r   V,ps W,ps")
ANDNPS = rows("andnps", "SDM 2A ANDNPS", SSE)
ANDNPS("NP 0F 55 /r   V,ps W,ps")
ORPS = rows("orps", "SDM 2B ORPS", SSE)
ORPS("NP 0F 56 /r   V,ps W,ps")
XORPS = rows("xorps", "SDM 2C XORPS", SSE)
XORPS("NP 0F 57 /r   V,ps W,ps")
ANDPD = rows("andpd", "SDM 2A ANDPD", SSE2)
ANDPD("66 0F 54 /r   V,pd W,pd")
ANDNPD = rows("andnpd", "SDM 2A ANDNPD", SSE2)
ANDNPD("66 0F 55 /r   V,pd W,pd")
ORPD = rows("orpd", "SDM 2B ORPD", SSE2)
ORPD("66 0F 56 /r   V,pd W,pd")
XORPD = rows("xorpd", "SDM 2C XORPD", SSE2)
XORPD("66 0F 57 /r   V,pd W,pd")
PAND = rows("pand", "SDM 2B PAND", SSE2)
PAND("66 0F DB /r   V,dq W,dq")
PANDN = rows("pandn", "SDM 2B PANDN", SSE2)
PANDN("66 0F DF /r   V,dq W,dq")
POR = rows("por", "SDM 2B POR", SSE2)
POR("66 0F EB /r   V,dq W,dq")
PXOR = rows("pxor", "SDM 2B PXOR", SSE2)
PXOR("66 0F EF /r   V,dq W,dq")

semantics("andps", "andpd", "pand")(lanewise("v128.and"))
semantics("orps", "orpd", "por")(lanewise("v128.or"))
semantics("xorps", "xorpd", "pxor")(lanewise("v128.xor"))


@semantics("andnps", "andnpd", "pandn")
def and_not(m: Sem, dst: Place, src: Place) -> None:
    """The *destination* is complemented."""
    b = aligned(m, src)
    m.write(dst, op("v128.andnot", b, m.read(dst)))
