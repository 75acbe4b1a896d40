"""SSE4.1, SSE4.2 and AMD's SSE4A: names and lengths; no meaning yet (SDM vol. 1, 12.9; APM vol. 4)."""

from __future__ import annotations

from elfin.isa.row import each

SSE41 = "cpuid=sse4.1"
SSE42 = "cpuid=sse4.2"
SSE4A = "cpuid=sse4a"

each(
    """packusdw 2B, pmuldq 28, pcmpeqq 29, pminsb 38, pminsd 39, pminuw 3A, pminud 3B, pmaxsb 3C, pmaxsd 3D,
    pmaxuw 3E, pmaxud 3F, pmulld 40, phminposuw 41, ptest 17""",
    "66 0F 38 {0} /r   V,dq W,dq",
    SSE41,
)
each(
    """pmovsxbw 20 q, pmovsxbd 21 d, pmovsxbq 22 w, pmovsxwd 23 q, pmovsxwq 24 d, pmovsxdq 25 q,
    pmovzxbw 30 q, pmovzxbd 31 d, pmovzxbq 32 w, pmovzxwd 33 q, pmovzxwq 34 d, pmovzxdq 35 q""",
    "66 0F 38 {0} /r   V,dq W,{1}",
    SSE41,
)
each("pblendvb 10, blendvps 14, blendvpd 15", "66 0F 38 {0} /r   V,dq W,dq <XMM0>", SSE41)
each("movntdqa 2A", "66 0F 38 {0} /r   V,dq M,dq", SSE41)
each(
    "roundps 08, roundpd 09, blendps 0C, blendpd 0D, pblendw 0E, dpps 40, dppd 41, mpsadbw 42",
    "66 0F 3A {0} /r   V,dq W,dq I,b",
    SSE41,
)
each("roundss 0A ss, roundsd 0B sd, insertps 21 ss", "66 0F 3A {0} /r   V,dq W,{1} I,b", SSE41)
each(
    "pextrb 14 b, pextrw 15 w, extractps 17 d",
    "66 0F 3A {0} /r   R,y V,dq I,b\n66 0F 3A {0} /r   M,{1} V,dq I,b",
    SSE41,
)
each("pextrd 16", "66 0F 3A {0} /r   E,y V,dq I,b   as=pextrd/pextrd/pextrq", SSE41)
each("pinsrb 20", "66 0F 3A {0} /r   V,dq R,y I,b\n66 0F 3A {0} /r   V,dq M,b I,b", SSE41)
each("pinsrd 22", "66 0F 3A {0} /r   V,dq E,y I,b   as=pinsrd/pinsrd/pinsrq", SSE41)

each("pcmpgtq 37", "66 0F 38 {0} /r   V,dq W,dq", SSE42)
each("crc32 F0 b, crc32 F1 v", "F2 0F 38 {0} /r   G,y E,{1}", SSE42)
each(
    "pcmpestrm 60 pcmpestrm, pcmpestri 61 pcmpestri",
    "66 0F 3A {0} /r   V,dq W,dq I,b   as={1}/{1}/{1}64",
    SSE42,
)
each("pcmpistrm 62, pcmpistri 63", "66 0F 3A {0} /r   V,dq W,dq I,b", SSE42)

each("extrq 78", "66 0F {0} /0   U,dq I,b I,b\n66 0F 79 /r   V,dq U,dq", SSE4A, "APM")
each("insertq 78", "F2 0F {0} /r   V,dq U,dq I,b I,b\nF2 0F 79 /r   V,dq U,dq", SSE4A, "APM")
each("movntss F3 ss, movntsd F2 sd", "{0} 0F 2B /r   M,{1} V,{1}", SSE4A, "APM")
