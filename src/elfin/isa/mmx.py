"""MMX registers: names and lengths of every encoding that uses them (SDM vol. 1, chapter 9; also the MMX
forms of SSE, SSE2 and SSSE3).  Nothing here has a meaning yet.
"""

from __future__ import annotations

from elfin.isa.row import each

MMX = "cpuid=mmx meaning=mmx"

each(
    """packsswb 63, pcmpgtb 64, pcmpgtw 65, pcmpgtd 66, packuswb 67, punpckhbw 68, punpckhwd 69,
    punpckhdq 6A, packssdw 6B, pcmpeqb 74, pcmpeqw 75, pcmpeqd 76, psrlw D1, psrld D2, psrlq D3, paddq D4,
    pmullw D5, psubusb D8, psubusw D9, pminub DA, pand DB, paddusb DC, paddusw DD, pmaxub DE, pandn DF,
    pavgb E0, psraw E1, psrad E2, pavgw E3, pmulhuw E4, pmulhw E5, psubsb E8, psubsw E9, pminsw EA, por EB,
    paddsb EC, paddsw ED, pmaxsw EE, pxor EF, psllw F1, pslld F2, psllq F3, pmuludq F4, pmaddwd F5,
    psadbw F6, psubb F8, psubw F9, psubd FA, psubq FB, paddb FC, paddw FD, paddd FE""",
    "NP 0F {0} /r   P,q Q,q",
    MMX,
)
each("punpcklbw 60, punpcklwd 61, punpckldq 62", "NP 0F {0} /r   P,q Q,d", MMX)
each(
    "psrlw 71 2, psraw 71 4, psllw 71 6, psrld 72 2, psrad 72 4, pslld 72 6, psrlq 73 2, psllq 73 6",
    "NP 0F {0} /{1}   N,q I,b",
    MMX,
)
each("emms 77", "NP 0F {0}", MMX)
each("pshufw 70", "NP 0F {0} /r   P,q Q,q I,b", MMX)
each(
    "movd 6E 7E",
    """
    NP 0F {0} /r   P,q E,y   as=movd/movd/movq
    NP 0F {1} /r   E,y P,q   as=movd/movd/movq
    """,
    MMX,
)
each("movq 6F 7F", "NP 0F {0} /r   P,q Q,q\nNP 0F {1} /r   Q,q P,q", MMX)
each("movntq E7", "NP 0F {0} /r   M,q P,q", MMX)
each("maskmovq F7", "NP 0F {0} /r   [rDI],q P,q N,q", MMX)
each("pinsrw C4", "NP 0F {0} /r   P,q R,y I,b\nNP 0F {0} /r   P,q M,w I,b", MMX)
each("pextrw C5", "NP 0F {0} /r   G,y N,q I,b", MMX)
each("pmovmskb D7", "NP 0F {0} /r   G,y N,q", MMX)

each("cvtpi2ps 2A", "NP 0F {0} /r   V,ps Q,q", MMX)
each("cvtpi2pd 2A", "66 0F {0} /r   V,pd Q,q", MMX)
each("cvttps2pi 2C, cvtps2pi 2D", "NP 0F {0} /r   P,q W,q", MMX)
each("cvttpd2pi 2C, cvtpd2pi 2D", "66 0F {0} /r   P,q W,pd", MMX)
each("movdq2q D6", "F2 0F {0} /r   P,q U,dq", MMX)
each("movq2dq D6", "F3 0F {0} /r   V,dq N,q", MMX)

each(
    """pshufb 00, phaddw 01, phaddd 02, phaddsw 03, pmaddubsw 04, phsubw 05, phsubd 06, phsubsw 07,
    psignb 08, psignw 09, psignd 0A, pmulhrsw 0B, pabsb 1C, pabsw 1D, pabsd 1E""",
    "NP 0F 38 {0} /r   P,q Q,q",
    "cpuid=ssse3 meaning=mmx",
)
each("palignr 0F", "NP 0F 3A {0} /r   P,q Q,q I,b", "cpuid=ssse3 meaning=mmx")
