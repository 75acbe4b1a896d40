"""Cryptography on XMM registers: AES, Key Locker, carry-less multiplication, SHA, GFNI, and VIA PadLock: names
and lengths; no meaning yet.  The VEX and EVEX forms are in `avx_crypto.py` and the `avx512` families.
"""

from __future__ import annotations

from elfin.isa.row import each

each(
    "aesimc DB, aesenc DC, aesenclast DD, aesdec DE, aesdeclast DF",
    "66 0F 38 {0} /r   V,dq W,dq",
    "cpuid=aes",
)
each("aeskeygenassist DF", "66 0F 3A {0} /r   V,dq W,dq I,b", "cpuid=aes")
each("pclmulqdq 44", "66 0F 3A {0} /r   V,dq W,dq I,b", "cpuid=pclmulqdq")

each(
    "sha1nexte C8, sha1msg1 C9, sha1msg2 CA, sha256msg1 CC, sha256msg2 CD",
    "NP 0F 38 {0} /r   V,dq W,dq",
    "cpuid=sha",
)
each("sha256rnds2 CB", "NP 0F 38 {0} /r   V,dq W,dq <XMM0>", "cpuid=sha")
each("sha1rnds4 CC", "NP 0F 3A {0} /r   V,dq W,dq I,b", "cpuid=sha")

each("gf2p8mulb CF", "66 0F 38 {0} /r   V,dq W,dq", "cpuid=gfni")
each("gf2p8affineqb CE, gf2p8affineinvqb CF", "66 0F 3A {0} /r   V,dq W,dq I,b", "cpuid=gfni")

each("loadiwkey DC", "F3 0F 38 {0} /r   V,dq U,dq", "cpuid=kl")
each("encodekey128 FA, encodekey256 FB", "F3 0F 38 {0} /r   G,d R,d", "cpuid=kl")
each(
    "aesenc128kl DC, aesdec128kl DD, aesenc256kl DE, aesdec256kl DF",
    "F3 0F 38 {0} /r   V,dq M,n",
    "cpuid=kl",
)
each(
    "aesencwide128kl 0, aesdecwide128kl 1, aesencwide256kl 2, aesdecwide256kl 3",
    "F3 0F 38 D8 /{0}   M,n",
    "cpuid=kl",
)

PADLOCK = "cpuid=padlock rep"
each("montmul A6", "a32 F3 0F {0} /0   -   mod=3", PADLOCK, "VIA PadLock")
each("xstore A7 0", "0F {0} /{1}   -   mod=3", PADLOCK, "VIA PadLock")
each(
    """xcryptecb A7 1, xcryptcbc A7 2, xcryptctr A7 3, xcryptcfb A7 4, xcryptofb A7 5,
    xsha1 A6 1, xsha256 A6 2, xsha512_alt A6 3, xsha512 A6 4, ccs_hash A6 5, undoc A6 6, undoc A6 7,
    ccs_encrypt A7 6, xstore_alt A7 7""",
    "F3 0F {0} /{1}   -   mod=3",
    PADLOCK,
    "VIA PadLock",
)
