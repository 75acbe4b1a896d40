"""SSE3 and SSSE3 on XMM registers: names and lengths; no meaning yet (SDM vol. 1, chapter 12)."""

from __future__ import annotations

from elfin.isa.row import each

each("addsubpd D0, haddpd 7C, hsubpd 7D", "66 0F {0} /r   V,pd W,pd", "cpuid=sse3")
each("addsubps D0, haddps 7C, hsubps 7D", "F2 0F {0} /r   V,ps W,ps", "cpuid=sse3")
each("movsldup 12, movshdup 16", "F3 0F {0} /r   V,ps W,ps", "cpuid=sse3")
each("movddup 12", "F2 0F {0} /r   V,dq W,q", "cpuid=sse3")
each("lddqu F0", "F2 0F {0} /r   V,dq M,dq", "cpuid=sse3")
each(
    """pshufb 00, phaddw 01, phaddd 02, phaddsw 03, pmaddubsw 04, phsubw 05, phsubd 06, phsubsw 07,
    psignb 08, psignw 09, psignd 0A, pmulhrsw 0B, pabsb 1C, pabsw 1D, pabsd 1E""",
    "66 0F 38 {0} /r   V,dq W,dq",
    "cpuid=ssse3",
)
each("palignr 0F", "66 0F 3A {0} /r   V,dq W,dq I,b", "cpuid=ssse3")
