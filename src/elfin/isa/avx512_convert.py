"""AVX-512 conversions between floating-point and integer vectors: names and lengths; no meaning yet."""

from __future__ import annotations

from elfin.isa.row import each

AVX512 = "cpuid=avx512"

# Each line: mnemonic, prefix, W, opcode, destination, source, broadcast element, rounding.
for line in """
    vcvtps2pd   NP W0 5A x  hx b32 sae
    vcvtpd2ps   66 W1 5A hx x  b64 er
    vcvtdq2ps   NP W0 5B x  x  b32 er
    vcvtqq2ps   NP W1 5B hx x  b64 er
    vcvtps2dq   66 W0 5B x  x  b32 er
    vcvttps2dq  F3 W0 5B x  x  b32 sae
    vcvttps2udq NP W0 78 x  x  b32 sae
    vcvttpd2udq NP W1 78 hx x  b64 sae
    vcvttps2uqq 66 W0 78 x  hx b32 sae
    vcvttpd2uqq 66 W1 78 x  x  b64 sae
    vcvtps2udq  NP W0 79 x  x  b32 er
    vcvtpd2udq  NP W1 79 hx x  b64 er
    vcvtps2uqq  66 W0 79 x  hx b32 er
    vcvtpd2uqq  66 W1 79 x  x  b64 er
    vcvttps2qq  66 W0 7A x  hx b32 sae
    vcvttpd2qq  66 W1 7A x  x  b64 sae
    vcvtudq2pd  F3 W0 7A x  hx b32 er
    vcvtuqq2pd  F3 W1 7A x  x  b64 er
    vcvtudq2ps  F2 W0 7A x  x  b32 er
    vcvtuqq2ps  F2 W1 7A hx x  b64 er
    vcvtps2qq   66 W0 7B x  hx b32 er
    vcvtpd2qq   66 W1 7B x  x  b64 er
    vcvttpd2dq  66 W1 E6 hx x  b64 sae
    vcvtdq2pd   F3 W0 E6 x  hx b32 er
    vcvtqq2pd   F3 W1 E6 x  x  b64 er
    vcvtpd2dq   F2 W1 E6 hx x  b64 er
""".strip().splitlines():  # fmt: skip
    each(line, "EVEX.{0}.0F.{1} {2} /r   V,{3} W,{4}   kz {5} {6}", AVX512)

each(
    "vcvtss2sd F3 W0 ss sae, vcvtsd2ss F2 W1 sd er",
    "EVEX.LIG.{0}.0F.{1} 5A /r   V,dq H,dq W,{2}   kz {3}",
    AVX512,
)
each(
    """vcvttss2si F3 2C ss sae, vcvttsd2si F2 2C sd sae, vcvtss2si F3 2D ss er, vcvtsd2si F2 2D sd er,
    vcvttss2usi F3 78 ss sae, vcvttsd2usi F2 78 sd sae, vcvtss2usi F3 79 ss er, vcvtsd2usi F2 79 sd er""",
    "EVEX.LIG.{0}.0F {1} /r   G,y W,{2}   {3}",
    AVX512,
)
each("vcvtsi2ss 2A, vcvtusi2ss 7B", "EVEX.LIG.F3.0F {0} /r   V,ss H,ss E,y   er", AVX512)
# From 32-bit integers nothing needs rounding: its encoding exists and means nothing (also UDQ2PD, DQ2PD above).
each("vcvtsi2sd 2A, vcvtusi2sd 7B", "EVEX.LIG.F2.0F {0} /r   V,sd H,sd E,y   er", AVX512)
each("vcvtph2ps 13", "EVEX.66.0F38.W0 {0} /r   V,x W,hx   kz sae", AVX512)
each("vcvtps2ph 1D", "EVEX.66.0F3A.W0 {0} /r   W,hx V,x I,b   kz sae", AVX512)
each("vcvtneps2bf16 72", "EVEX.F3.0F38.W0 {0} /r   V,hx W,x   kz b32", AVX512)
each("vcvtne2ps2bf16 72", "EVEX.F2.0F38.W0 {0} /r   V,x H,x W,x   kz b32", AVX512)
